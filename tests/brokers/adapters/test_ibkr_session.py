"""The two steps of the Flex Web Service, its errors under status 200, and where it sends us."""

import pytest

from brokers.adapters.contract import Environment
from brokers.adapters.ibkr.client import FlexSession
from brokers.domain.events import Stream
from brokers.sandbox.ibkr.books import DEFAULT_QUERY, DEFAULT_TOKEN
from common import clock
from common.remote.errors import (
    AuthExpired,
    BadRequest,
    Forbidden,
    RateLimited,
    Schema,
    Transient,
)
from common.remote.http import Budget
from tests.brokers.sandboxed import forget_pauses

SEND, GET = "SendRequest", "GetStatement"
PLACES = {
    "elsewhere": "https://evil.example/GetStatement",
    "of the same name": "https://evil-interactivebrokers.com/GetStatement",
    "in clear": "http://gdcdyn.interactivebrokers.com/GetStatement",
    "with a user": "https://a@gdcdyn.interactivebrokers.com/GetStatement",
    "with a port": "https://gdcdyn.interactivebrokers.com:8443/GetStatement",
    "with a query": "https://gdcdyn.interactivebrokers.com/GetStatement?a=b",
    "nowhere": "GetStatement",
}


@pytest.fixture
def waits(monkeypatch):
    """What was waited for a statement to be made, in seconds, without waiting."""
    waited: list[float] = []
    monkeypatch.setattr("brokers.adapters.ibkr.client.sleep", waited.append)
    return waited


@pytest.fixture
def session(sandbox, waits):
    return session_of(sandbox)


def session_of(sandbox, budget=30):
    return FlexSession(
        {"query_id": DEFAULT_QUERY, "token": DEFAULT_TOKEN},
        environment=Environment("sandbox", "Sandbox", f"{sandbox.url}/ibkr"),
        budget=Budget(budget),
    )


def test_a_statement_is_ordered_and_then_fetched(session, sandbox, waits):
    account = session.check()

    assert account.number == sandbox.truth_of(DEFAULT_QUERY)["number"]
    assert account.currency == "EUR"
    paths = [each["path"].rpartition("/")[2] for each in sandbox.asked]
    assert paths == [SEND, GET, GET]
    assert waits == [2.0]
    assert session.calls == 3


@pytest.mark.parametrize(
    ("code", "where", "kind"),
    [
        ("1003", GET, Transient),
        ("1009", SEND, Transient),
        ("1011", SEND, Forbidden),
        ("1012", SEND, AuthExpired),
        ("1013", SEND, Forbidden),
        ("1014", SEND, Forbidden),
        ("1015", GET, AuthExpired),
        ("1017", GET, Transient),
        ("1018", SEND, RateLimited),
        ("1019", GET, Transient),
        ("1020", SEND, BadRequest),
    ],
)
def test_errors_under_status_200_mean_what_their_numbers_say(session, sandbox, code, where, kind):
    sandbox.break_down("status", where, times=None, status=200, message=code)

    with pytest.raises(kind) as refusal:
        session.check()

    assert DEFAULT_TOKEN not in str(refusal.value)


@pytest.mark.parametrize(
    ("code", "times", "waited"),
    [("1019", 3, [2.0, 3.0, 5.0]), ("1009", 1, [2.0]), ("1017", 1, [2.0])],
)
def test_a_statement_that_takes_a_while_is_waited_for(session, sandbox, waits, code, times, waited):
    sandbox.break_down("status", GET, times=times, status=200, message=code)

    assert session.check().number
    assert waits == waited


@pytest.mark.parametrize(("budget", "waited"), [(30, 5), (1, 1), (0, 0)])
def test_a_sync_waits_no_longer_than_its_budget_lasts(sandbox, waits, budget, waited):
    sandbox.break_down("status", GET, times=None, status=200, message="1019")

    with pytest.raises(Transient):
        list(session_of(sandbox, budget).pages(Stream.STATEMENT, {}, now=clock.now()))

    assert len(waits) == waited


def test_whoever_connects_waits_ten_seconds_at_most(sandbox, waits):
    sandbox.break_down("status", GET, times=None, status=200, message="1019")

    with pytest.raises(Transient):
        session_of(sandbox, budget=1).check()

    assert waits == [2.0, 3.0, 5.0]


def test_a_token_asks_ten_times_a_minute(session, waits):
    for _ in range(3):
        session.check()

    with pytest.raises(RateLimited):
        session.check()
    forget_pauses()
    assert session.check().number


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_the_token_follows_to_nobody_else(session, sandbox, monkeypatch, place):
    answer = (
        "<FlexStatementResponse><Status>Success</Status><ReferenceCode>1</ReferenceCode>"
        f"<Url>{place}</Url></FlexStatementResponse>"
    )
    asked = []

    def get(_self, base_url, _path, _params):
        asked.append(base_url)
        return answer.encode()

    monkeypatch.setattr(FlexSession, "_get", get)

    with pytest.raises(Schema, match="isn't its own"):
        session.check()
    assert len(asked) == 1
