"""Options at Alpaca against the sandbox: traded, sold short, expired, exercised, assigned."""

from datetime import timedelta
from decimal import Decimal

import pytest

from brokers.models import Connection
from brokers.sandbox.alpaca.books import DEFAULT_KEY
from brokers.selectors import list_unbooked
from common import clock
from marketdata.selectors import find_own_instrument
from portfolios.domain.engine import Ledger, compute
from portfolios.models import Transaction
from portfolios.selectors import list_events
from tests.brokers.sandboxed import assert_equals_truth, reloaded, sync

pytestmark = pytest.mark.django_db
CALL, PUT, LATER = "KO261218C00060000", "KO261218P00055000", "KO270115C00065000"


def day(number):
    """Return a moment while New York trades, whatever the time is now."""
    opened_on = clock.now().replace(hour=15, minute=0) - timedelta(days=21)
    return (opened_on + timedelta(days=number)).isoformat()


@pytest.fixture
def book(sandbox):
    """Let something happen in the account so many days after it was opened."""

    def booking(op, *, on, **fields):
        return sandbox.book(op, at=day(on), **fields)

    return booking


@pytest.fixture
def trade(book):
    def trading(on, side, symbol, qty, price):
        return book("fill", on=on, symbol=symbol, side=side, qty=qty, price=price)

    return trading


def same(connection, sandbox, *, joined=0):
    """Assert that the ledger equals the books; options and what they led to are one row there."""
    events = sandbox.truth_of(DEFAULT_KEY)["events"]
    assert_equals_truth(connection, sandbox, booked=len(events) - joined)
    assert not list_unbooked(connection.pk).exists()


def sync_all(connection):
    """Sync all anew: what happens in a test happened long ago."""
    Connection.objects.filter(pk=connection.pk).update(cursors={})
    return sync(reloaded(connection))


def outcomes(done):
    """Return what came of comparing units and cash."""
    lines = [line for line in done.comparison if line["measure"] != "cost"]
    return {line["what"]: line["outcome"] for line in lines}


def costs(done):
    """Return what came of comparing what positions cost."""
    lines = [line for line in done.comparison if line["measure"] == "cost"]
    return {line["what"]: (line["outcome"], line["reason"]) for line in lines}


def computed(connection):
    """Compute the ledger by the usual choices, by which a sale of what isn't held is a problem."""
    return compute(Ledger(list_events(connection.portfolio_id), base_currency="USD"))


def test_options_are_traded_by_the_hundred(connection, sandbox, book, trade):
    book("pay", on=0, kind="CSD", amount="5000")
    trade(1, "buy", CALL, "3", "2.5")
    trade(2, "sell", CALL, "1", "3.10")
    trade(3, "sell", PUT, "2", "1.2")

    done = sync(connection)

    same(connection, sandbox)
    assert outcomes(done) == dict.fromkeys([CALL, PUT, "USD"], "match")
    made = find_own_instrument(user_id=connection.owner_id, symbol=CALL, currency="USD")
    assert (made.name, made.multiplier) == ("KO 18 Dec 2026 60 call", Decimal(100))
    # 5,000 − 750 + 310 + 240.
    assert computed(connection).cash == {"USD": Decimal(4_800)}


@pytest.mark.parametrize("together", [True, False])
def test_options_end_as_they_do_at_the_broker(connection, sandbox, book, trade, together):
    book("pay", on=0, kind="CSD", amount="50000")
    trade(1, "buy", "KO", "100", "58")
    trade(2, "buy", CALL, "3", "2.5")
    trade(2, "sell", PUT, "2", "1.2")
    trade(2, "sell_short", LATER, "1", "0.8")
    if not together:
        sync_all(connection)
    book("exercise", on=4, symbol=CALL, qty="1", price="63.17")
    book("exercise", on=5, symbol=PUT, qty="2")
    book("exercise", on=6, symbol=LATER, qty="1")
    book("expire", on=7, symbol=CALL)

    done = sync_all(connection)

    same(connection, sandbox, joined=3)
    assert outcomes(done) == dict.fromkeys(["KO", "USD"], "match")
    # The premiums, 250 paid and 240 received, are in the ledger's cost.
    (outcome, reason) = costs(done)["KO"]
    assert (outcome, "without what the options cost" in reason) == ("explained", True)
    kinds = Transaction.objects.filter(is_void=False).order_by("trade_date", "pk")
    assert list(kinds.values_list("kind", flat=True))[-4:] == [
        "exercise_buy", "exercise_buy", "exercise_sell", "expiry",
    ]  # fmt: skip
    assert computed(connection).problems == ()
    assert sync(connection).rows_new == 0


def test_an_option_may_be_bought_and_exercised_on_one_day(connection, sandbox, book, trade):
    trade(3, "buy", CALL, "1", "2.5")
    book("exercise", on=3, symbol=CALL, qty="1")

    sync(connection)

    same(connection, sandbox, joined=1)
    assert computed(connection).problems == ()


def test_an_exercise_that_is_taken_back_never_was(connection, sandbox, book, trade):
    trade(1, "buy", CALL, "1", "2.5")
    ended = book("exercise", on=4, symbol=CALL, qty="1")
    sync(connection)
    for key in (ended["id"], sandbox.truth["events"][-1]):
        sandbox.book("cancel", key=key)

    done = sync_all(connection)

    same(connection, sandbox)
    assert outcomes(done)[CALL] == "match"


@pytest.mark.parametrize("size", [1, 2, 3])
def test_what_is_on_two_pages_is_one_thing_in_the_end(
    connection, sandbox, book, trade, monkeypatch, size
):
    trade(1, "buy", CALL, "1", "2.5")
    book("exercise", on=4, symbol=CALL, qty="1")
    monkeypatch.setattr("brokers.adapters.alpaca.client._PAGE_SIZE", size)
    sync(connection)
    monkeypatch.setattr("brokers.adapters.alpaca.client._PAGE_SIZE", 100)

    sync_all(connection)

    same(connection, sandbox, joined=1)
