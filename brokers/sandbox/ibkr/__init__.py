"""Interactive Brokers' Flex Web Service: `books` keeps the accounts, `statements` writes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from brokers.sandbox.faults import Answer
from brokers.sandbox.house import House, Question
from brokers.sandbox.ibkr import statements
from brokers.sandbox.ibkr.books import FlexAccount, open_default
from brokers.sandbox.world import World

_NEW_YORK = ZoneInfo("America/New_York")
_SERVICE = "/AccountManagement/FlexWebService"
_LONGEST = timedelta(days=365)
_MESSAGES = {
    "1003": "Statement is not available.",
    "1009": "The server is under heavy load. Please try again shortly.",
    "1011": "Service account is inactive.",
    "1012": "Token has expired.",
    "1013": "IP restriction.",
    "1014": "Query is invalid.",
    "1015": "Token is invalid.",
    "1017": "Reference code is invalid.",
    "1018": "Too many requests have been made from this token. Please try again shortly.",
    "1019": "Statement generation in progress. Please try again shortly.",
    "1020": "Invalid request or unable to validate request.",
}
#: What the service says while it may be asked again.
_WARNINGS = frozenset({"1009", "1018", "1019"})


@dataclass(slots=True)
class _Order:
    """A statement that is to be made."""

    account: FlexAccount
    begin: date
    end: date
    #: How often somebody looks before it is ready.
    looks: int = 1


class InteractiveBrokers(House):
    """The Flex Web Service, version 3; errors come under status 200."""

    name = "ibkr"
    prefix = "/ibkr"

    def __init__(self) -> None:
        self._orders: dict[str, _Order] = {}

    def settle(self, world: World, activities: int) -> None:
        """Open the one account that everybody knows the token of."""
        self._orders.clear()
        open_default(world, activities)

    def open(self, world: World, key: str, secret: str) -> None:
        """Open one more account."""
        world.open(FlexAccount(key, secret, seed=world.seed))

    def key_of(self, question: Question) -> str:
        """Return the number of the query, also of one whose statement is fetched."""
        asked = question.query.get("q", "")
        order = self._orders.get(asked)
        return order.account.key_id if order else asked

    def serve(self, world: World, question: Question) -> Answer:
        """Check the token, and answer."""
        query = question.query
        if query.get("v") != "3" or not question.headers.get("user-agent"):
            return self.refuse(200, "1020")
        if question.path == f"{_SERVICE}/SendRequest":
            return self._order(world, question)
        if question.path == f"{_SERVICE}/GetStatement":
            return self._hand_out(world, query.get("q", ""), query.get("t", ""))
        return self.refuse(404, "1020")

    def _order(self, world: World, question: Question) -> Answer:
        query = question.query
        tokens = {each.secret for each in world.accounts.values() if isinstance(each, FlexAccount)}
        if query.get("t") not in tokens:
            return self.refuse(200, "1015")
        account = world.admit(query.get("q", ""), query["t"])
        if not isinstance(account, FlexAccount):
            return self.refuse(200, "1014")
        yesterday = world.clock.now().astimezone(_NEW_YORK).date() - timedelta(days=1)
        try:
            end = min(_day(query.get("td")) or yesterday, yesterday)
            begin = _day(query.get("fd")) or end - _LONGEST
        except ValueError:
            return self.refuse(200, "1020")
        if begin > end or end - begin > _LONGEST:
            return self.refuse(200, "1020")
        reference = str(1_234_567_000 + len(self._orders) + 1)
        self._orders[reference] = _Order(account, begin, end)
        place = f"http://{question.headers['host']}{self.prefix}{_SERVICE}/GetStatement"
        return _say(
            "Success",
            f"<ReferenceCode>{reference}</ReferenceCode><Url>{place}</Url>",
            now=world.clock.now(),
        )

    def _hand_out(self, world: World, reference: str, token: str) -> Answer:
        order = self._orders.get(reference)
        if order is None:
            return self.refuse(200, "1017")
        if order.account.secret != token:
            return self.refuse(200, "1015")
        if order.looks:
            order.looks -= 1
            return self.refuse(200, "1019")
        now = world.clock.now().astimezone(_NEW_YORK)
        body = statements.write(order.account, begin=order.begin, end=order.end, now=now)
        return Answer(body, 200, {"content-type": "text/xml;charset=UTF-8"})

    def refuse(self, status: int, message: str) -> Answer:
        """Say no; with status 200 the message is the number of an error."""
        code = message if message in _MESSAGES else "1020"
        found = _say(
            "Warn" if code in _WARNINGS else "Fail",
            f"<ErrorCode>{code}</ErrorCode><ErrorMessage>{_MESSAGES[code]}</ErrorMessage>",
            now=datetime(2026, 8, 28, 10, 37, tzinfo=_NEW_YORK),
        )
        found.status = status
        return found

    def add_headers(self, found: Answer, *, number: int) -> None:
        """Add nothing: limits aren't told."""
        del found, number


def _say(status: str, rest: str, *, now: datetime) -> Answer:
    local = now.astimezone(_NEW_YORK)
    stamp = f"{local:%d %B, %Y %I:%M %p %Z}"
    body = (
        f"<FlexStatementResponse timestamp='{stamp}'><Status>{status}</Status>{rest}"
        "</FlexStatementResponse>"
    )
    return Answer(body.encode(), 200, {"content-type": "text/xml;charset=UTF-8"})


def _day(text: str | None) -> date | None:
    return datetime.strptime(text, "%Y%m%d").replace(tzinfo=_NEW_YORK).date() if text else None
