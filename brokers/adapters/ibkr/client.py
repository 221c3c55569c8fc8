"""Asks the Flex Web Service, in two steps: have a statement made, then fetch it.

Source: https://www.interactivebrokers.com/campus/ibkr-api-page/flex-web-service/
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from time import sleep
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

from brokers.adapters.contract import AccountName, Cursor, Environment, Page
from brokers.adapters.ibkr import parser
from brokers.adapters.ibkr.markup import ServiceAnswer, read_service_answer
from brokers.adapters.ibkr.vocabulary import LABEL
from brokers.domain.events import Stream
from common import clock
from common.remote.breaker import Breaker
from common.remote.errors import (
    AuthExpired,
    BadRequest,
    Forbidden,
    RateLimited,
    RemoteFailure,
    Schema,
    Transient,
)
from common.remote.http import Budget, HttpClient, Service

_SERVICE = "/AccountManagement/FlexWebService"
_VERSION = "3"
_NEW_YORK = ZoneInfo("America/New_York")
_TYPES = ("text/xml", "application/xml", "text/plain", "application/octet-stream")
_MAX_BYTES = 64 * 1_048_576
#: How long a statement may take to be made, in waits between looking whether it is.
_CONNECT_SECONDS, _SILENCE_SECONDS = 3.0, 30.0
_WAITS = (2.0, 3.0, 5.0, 8.0, 8.0)
#: How many of these waits somebody who looks on has to bear at most.
_PATIENCE = 3
_PAUSE = timedelta(seconds=30)
#: Cancellations and what is booked late come days after, rarely months.
_OVERLAP, _DEEP_EVERY, _LONGEST = timedelta(days=30), timedelta(days=30), timedelta(days=365)
#: Enough to learn the account from, and quickly made.
_GLANCE = timedelta(days=3)
#: Statements come from other hosts of the same house.
_HOUSE = ".interactivebrokers.com"

_NOT_READY = frozenset({"1004", "1005", "1006", "1007", "1008", "1009", "1019", "1021"})
_TOO_OFTEN, _LOST_REFERENCE = "1018", "1017"
#: What else the service refuses with, always under status 200.
_REFUSALS: Mapping[str, type[RemoteFailure]] = {
    "1003": Transient,
    # An old kind of query, an inactive service, a foreign address, no such query or account.
    "1010": Forbidden,
    "1011": Forbidden,
    "1012": AuthExpired,
    "1013": Forbidden,
    "1014": Forbidden,
    "1015": AuthExpired,
    "1016": Forbidden,
    _LOST_REFERENCE: Transient,
    "1020": BadRequest,
}


class FlexSession:
    """Asks with somebody's token for what their query gives."""

    def __init__(
        self,
        credentials: Mapping[str, str],
        *,
        environment: Environment,
        budget: Budget,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self.calls = 0
        self._token, self._query = credentials["token"], credentials["query_id"]
        self._base_url = environment.base_url
        self._budget = budget
        self._now = now
        digest = hashlib.sha256(self._token.encode()).hexdigest()[:16]
        self._name = f"ibkr-{environment.name}-{digest}"
        self._breaker = Breaker(f"ibkr-flex-{environment.name}")

    def check(self) -> AccountName:
        """Have a short statement made, and read whose it is."""
        today = self._now().astimezone(_NEW_YORK).date()
        # Somebody waits, though no statement is there at once.
        body = self._fetch(_period(today - _GLANCE, today), patience=Budget(_PATIENCE))
        return parser.read_account_name(body)

    def pages(self, stream: Stream, cursor: Cursor, *, now: datetime) -> Iterator[Page]:
        """Fetch one statement: of the last weeks, or of all that the query gives once a month.

        The cursor has `covered_until`, the day up to which all is known, and `deep_on`, the day on
        which all was fetched last.
        """
        today = now.astimezone(_NEW_YORK).date()
        covered, deep_on = _day(cursor, "covered_until"), _day(cursor, "deep_on")
        is_deep = covered is None or deep_on is None or today - deep_on >= _DEEP_EVERY
        if is_deep or covered is None:
            period: Mapping[str, str] = {}
        else:
            period = _period(max(covered - _OVERLAP, today - _LONGEST), today)
        done = {
            # Yesterday is the last day that may be in it.
            "covered_until": (today - timedelta(days=1)).isoformat(),
            "deep_on": (today if is_deep or deep_on is None else deep_on).isoformat(),
        }
        asked = urlencode({"q": self._query, "v": _VERSION, **period})
        body = self._fetch(period, patience=self._budget)
        yield Page(body, f"{_SERVICE}/SendRequest?{asked}", done)

    def _fetch(self, period: Mapping[str, str], *, patience: Budget) -> bytes:
        """Have a statement made and fetch it; one that the service loses is asked for once more."""
        try:
            return self._collect(self._order(period, patience), patience)
        except _LostReference:
            return self._collect(self._order(period, patience), patience)

    def _order(self, period: Mapping[str, str], patience: Budget) -> ServiceAnswer:
        """Have a statement made, waiting while the service is busy."""
        path = f"{_SERVICE}/SendRequest"
        for wait in (*_WAITS, None):
            body = self._get(self._base_url, path, {"q": self._query, **period})
            answer = read_service_answer(body)
            if answer is None:
                raise Schema(f"{LABEL} sent a statement where it should name one.")
            if answer.status == "Success" and answer.reference and answer.url:
                return answer
            if not self._may_wait(answer, wait, patience):
                break
        raise Transient(f"{LABEL} is too busy to make the statement.")

    def _collect(self, made: ServiceAnswer, patience: Budget) -> bytes:
        base_url, path = self._place_of(made.url)
        for wait in (*_WAITS, None):
            body = self._get(base_url, path, {"q": made.reference})
            answer = read_service_answer(body)
            if answer is None:
                return body
            if not self._may_wait(answer, wait, patience):
                break
        raise Transient(f"{LABEL} takes long to make the statement.")

    def _may_wait(self, answer: ServiceAnswer, wait: float | None, patience: Budget) -> bool:
        """Wait for what isn't ready; False when that was done often enough.

        Raises:
            RemoteFailure: waiting is of no use.
        """
        if answer.error not in _NOT_READY:
            raise self._refusal(answer)
        if wait is None or not patience.spend():
            return False
        sleep(wait)
        return True

    def _refusal(self, answer: ServiceAnswer) -> RemoteFailure:
        # Its own words may repeat what was asked.
        said = f"{LABEL} answered with code {answer.error[:8] or 'none'}."
        if answer.error == _TOO_OFTEN:
            return RateLimited(said, until=self._now() + _PAUSE)
        if answer.error == _LOST_REFERENCE:
            return _LostReference(said)
        if not answer.error:
            return Schema(f"{LABEL} sent an answer without a reference, and without an error.")
        return _REFUSALS.get(answer.error, Transient)(said)

    def _place_of(self, url: str) -> tuple[str, str]:
        """Take apart where the statement is to be fetched; the token goes there too.

        Raises:
            Schema: that is nobody's place to whom it may be given.
        """
        parts = urlsplit(url)
        base_url = f"{parts.scheme}://{parts.netloc}"
        own = urlsplit(self._base_url)
        is_own = (parts.scheme, parts.netloc) == (own.scheme, own.netloc)
        is_of_house = parts.scheme == "https" and (parts.hostname or "").endswith(_HOUSE)
        has_more = parts.query or parts.fragment or "@" in parts.netloc
        if has_more or not (is_own or (is_of_house and parts.port in (None, 443))):
            raise Schema(f"{LABEL} sends to a place that isn't its own.")
        return base_url, parts.path

    def _get(self, base_url: str, path: str, asked: Mapping[str, str]) -> bytes:
        self.calls += 1
        client = HttpClient(
            Service(
                name=self._name,
                base_url=base_url,
                # What the service allows for a token.
                limits=("10/minute",),
                max_bytes=_MAX_BYTES,
                connect_seconds=_CONNECT_SECONDS,
                silence_seconds=_SILENCE_SECONDS,
            ),
            budget=self._budget,
            breaker=self._breaker,
        )
        # The service takes the token in the address alone; nothing of that is kept or told.
        params = {"t": self._token, "v": _VERSION, **asked}
        return client.get(path, params=params, content_types=_TYPES)


class _LostReference(Transient):
    """The service doesn't know the statement any more that it was to make."""


def _period(begin: date, today: date) -> dict[str, str]:
    """Write a period that ends yesterday: a day's statement is made in the night after it."""
    return {"fd": f"{begin:%Y%m%d}", "td": f"{today - timedelta(days=1):%Y%m%d}"}


def _day(cursor: Cursor, name: str) -> date | None:
    return date.fromisoformat(cursor[name]) if cursor.get(name) else None
