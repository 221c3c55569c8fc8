"""Flex statements against the sandbox: one answer that tells all, corrections, what goes wrong."""

import zlib
from datetime import timedelta
from decimal import Decimal

import pytest

from brokers.adapters.brokers import get_broker
from brokers.domain.connections import ConnectionState, SyncState
from brokers.domain.events import Stream
from brokers.models import BrokerRow, Connection, ImportRun, RawPayload
from brokers.sandbox.ibkr.books import DEFAULT_QUERY, DEFAULT_TOKEN
from brokers.services import committing, connecting, intake, reading
from common import clock
from common.remote.http import Budget
from portfolios.models import Transaction
from tests.brokers.sandboxed import assert_equals_truth, forget_pauses, reloaded
from tests.brokers.sandboxed import sync as sync_now

pytestmark = pytest.mark.django_db
CREDENTIALS = {"query_id": DEFAULT_QUERY, "token": DEFAULT_TOKEN}
SEND, GET = "SendRequest", "GetStatement"


def ago(days):
    return (clock.now() - timedelta(days=days)).isoformat()


def connect_flex(portfolio, **credentials):
    return connecting.connect(
        portfolio.pk,
        owner_id=portfolio.owner_id,
        broker_name="ibkr",
        environment_name="sandbox",
        credentials=CREDENTIALS | credentials,
        now=clock.now(),
    )


@pytest.fixture
def flex(sandbox, monkeypatch):
    """The sandbox, whose statements nobody has to wait for."""
    monkeypatch.setattr("brokers.adapters.ibkr.client._WAITS", (0.0,) * 5)
    return sandbox


@pytest.fixture
def account(flex, portfolio) -> Connection:
    return connect_flex(portfolio)


@pytest.fixture
def book(flex):
    """Let something happen in the account some days ago."""

    def booking(op, *, days=5, **fields):
        return flex.book(op, account=DEFAULT_QUERY, at=ago(days), **fields)

    return booking


def sync(connection):
    # A token may ask ten times a minute, and a test asks more often.
    forget_pauses()
    return sync_now(connection)


def same(connection, flex):
    assert_equals_truth(connection, flex, key=DEFAULT_QUERY)


def outcomes(done):
    return {line["what"]: line["outcome"] for line in done.comparison}


def test_a_year_in_two_currencies_becomes_the_ledger(account, flex):
    flex.reset(activities=60)

    done = sync(account)

    assert done.state == SyncState.OK.value, done.error
    assert done.rows_unbooked == 0
    same(account, flex)
    assert set(outcomes(done).values()) == {"match"}
    assert {"EUR", "USD"} <= set(outcomes(done))


def test_a_sync_that_is_repeated_brings_nothing_new(account, flex):
    flex.reset(activities=60)
    sync(account)

    again = sync(account)

    assert (again.rows_new, again.rows_changed) == (0, 0)
    same(account, flex)


def test_currencies_are_exchanged_and_not_mixed(account, flex, book):
    book("pay", kind="Deposits/Withdrawals", amount="5000", days=9)
    book("exchange", pair="EUR.USD", qty="-1000", price="1.085", days=8)
    book("fill", symbol="AAPL", side="buy", qty="4", price="180.10", days=7)
    book("fill", symbol="SAP", side="buy", qty="2", price="122.4", days=6)
    book("pay", kind="Dividends", amount="1.04", symbol="AAPL", days=5)
    book("pay", kind="Withholding Tax", amount="-0.16", symbol="AAPL", days=5)

    done = sync(account)

    same(account, flex)
    exchange = Transaction.objects.get(kind="exchange")
    assert (exchange.amount, exchange.currency) == (Decimal(1000), "EUR")
    assert (exchange.to_amount, exchange.to_currency, exchange.fee) == (
        Decimal(1085),
        "USD",
        Decimal(2),
    )
    assert outcomes(done) == {"AAPL": "match", "SAP": "match", "EUR": "match", "USD": "match"}


@pytest.mark.parametrize("names", [True, False])
@pytest.mark.parametrize("together", [True, False])
def test_a_trade_that_is_rebooked_after_the_end_of_the_month(account, flex, book, together, names):
    wrong = book("fill", symbol="AAPL", side="buy", qty="4", price="36.5", days=40)
    if not together:
        sync(account)
    book("rebook", key=wrong["id"], qty="4", price="36.4", days=3, names=names)

    done = sync(account)
    if not together:
        # What was paid for the first one is told in older days, which the difference leads to.
        assert outcomes(done)["USD"] == "drift"
        sync(account)

    same(account, flex)
    (kept,) = Transaction.objects.filter(kind="buy", is_void=False)
    assert kept.price == Decimal("36.4")
    # The house keeps the commission of what it canceled.
    assert Transaction.objects.filter(kind="fee", is_void=False).count() == 1
    states = dict(BrokerRow.objects.filter(kind="buy").values_list("external_id", "state"))
    assert states[wrong["id"]] == "voided"


@pytest.mark.parametrize("together", [True, False])
def test_a_trade_that_is_canceled_never_was(account, flex, book, together):
    book("pay", kind="Deposits/Withdrawals", amount="500")
    wrong = book("fill", symbol="AAPL", side="short", qty="4", price="36.5", days=4)
    if not together:
        sync(account)
    book("cancel", key=wrong["id"], commission="1", days=2)

    done = sync(account)

    same(account, flex)
    assert set(outcomes(done).values()) == {"match"}


def test_what_is_booked_late_is_found(account, flex, book):
    book("fill", symbol="KO", side="buy", qty="1", price="58")
    sync(account)
    flex.book(
        "fill", account=DEFAULT_QUERY, symbol="KO", side="buy", qty="1", price="57",
        at=ago(20), created_at=ago(2),
    )  # fmt: skip

    sync(account)

    same(account, flex)


def test_a_split_and_a_transfer_are_booked(account, flex, book):
    book("fill", symbol="KO", side="buy", qty="3", price="60", days=6)
    book("split", symbol="KO", ratio="4", days=5)
    book("transfer", symbol="MSFT", qty="2", days=4)

    done = sync(account)

    same(account, flex)
    found = {(line["what"], line["measure"]): line for line in done.comparison}
    assert {found[each, "quantity"]["outcome"] for each in ("KO", "MSFT")} == {"match"}
    assert found["KO", "cost"]["outcome"] == "match"
    # The statement tells what the position cost, and of the transfer nothing.
    brought = found["MSFT", "cost"]
    assert (brought["theirs"], brought["ours"], brought["outcome"]) == ("803", None, "explained")
    assert brought["suggestion"]["code"] == "unknown_cost"


def test_most_days_ask_for_a_month_and_some_for_all(account, flex):
    sync(account)
    flex.order("POST", "reset", activities=0)

    sync(account)
    Connection.objects.filter(pk=account.pk).update(
        cursors={"statement": {"covered_until": ago(1)[:10], "deep_on": ago(31)[:10]}}
    )
    sync(reloaded(account))

    asked = [each["query"] for each in flex.asked if each["path"].endswith(SEND)]
    assert [("fd=" in each) for each in asked] == [True, False]
    assert reloaded(account).cursors["statement"]["deep_on"] > ago(2)[:10]


def test_the_next_sync_is_due_after_the_night(account, flex):
    sync(account)

    due = reloaded(account).next_sync_at
    assert timedelta(minutes=5) < due - clock.now() < timedelta(hours=27)
    assert 8 <= due.hour <= 11


def test_nothing_that_is_kept_or_told_holds_the_token(account, flex, caplog):
    caplog.set_level("DEBUG")
    flex.break_down("status", GET, status=200, message="1003")
    hurt = sync(account)
    flex.mend()
    sync(account)

    assert hurt.state == SyncState.WAITING.value
    payload = RawPayload.objects.order_by("id").last()
    kept = [payload.request, zlib.decompress(payload.body).decode(), str(reloaded(account).cursors)]
    assert DEFAULT_QUERY in payload.request
    assert not any(DEFAULT_TOKEN in each for each in (*kept, caplog.text, str(flex.asked)))


def test_what_a_query_leaves_out_is_told_with_the_sync(account, flex, monkeypatch):
    monkeypatch.setattr(
        "brokers.sandbox.ibkr.statements._section",
        lambda name, rows: [f"<{name} />"] if name != "CashReport" else [],
    )

    done = sync(account)

    assert done.state == SyncState.OK.value
    assert "no Cash Report" in done.streams[0]["message"]
    # Without it there is nothing to compare with.
    assert done.comparison == []


@pytest.mark.parametrize(
    ("code", "state"), [("1012", ConnectionState.NEEDS_KEY), ("1013", ConnectionState.LIMITED)]
)
def test_what_only_the_owner_can_mend_is_asked_of_them(account, flex, code, state):
    flex.break_down("status", SEND, times=None, status=200, message=code)

    hurt = sync(account)

    assert (hurt.state, reloaded(account).state) == (SyncState.FAILED.value, state.value)
    flex.mend()
    connecting.replace_key(account, credentials=CREDENTIALS, now=clock.now())
    assert sync(reloaded(account)).state == SyncState.OK.value


@pytest.mark.parametrize(
    ("mode", "times", "args"),
    [
        ("status", 1, {"status": 503, "html": True}),
        ("truncate", 30, {}),
        ("cut_json", 1, {}),
        ("html", 1, {}),
        ("lose_rows", 1, {}),
        ("empty", 30, {}),
    ],
)
def test_after_a_fault_one_ordinary_sync_converges(account, flex, mode, times, args):
    flex.reset(activities=40)
    flex.break_down(mode, GET, times=times, skip=1, **args)
    hurt = sync(account)
    flex.mend()

    healed = sync(reloaded(account))

    assert healed.state == SyncState.OK.value, (hurt.error, healed.error)
    same(account, flex)
    assert set(outcomes(healed).values()) == {"match"}


@pytest.mark.parametrize("fields", [{"quantity": "many"}, {"tradePrice": None}, {"tradeDate": "?"}])
def test_a_poisoned_row_is_set_aside_and_the_others_are_booked(account, flex, book, fields):
    for price in ("10", "11", "12"):
        book("fill", symbol="AAPL", side="buy", qty="1", price=price)
    flex.break_down("drift", GET, row=1, skip=1, fields=fields)

    hurt = sync(account)

    assert (hurt.state, hurt.rows_new, hurt.rows_unbooked) == (SyncState.OK.value, 2, 1)
    assert sync(account).rows_new == 1
    same(account, flex)


@pytest.mark.parametrize("wrong", [{"token": "999999999999999999999999"}, {"query_id": "123456"}])
def test_a_wrong_token_is_refused_at_the_door(portfolio, flex, wrong):
    with pytest.raises(connecting.ConnectionRefused):
        connect_flex(portfolio, **wrong)

    assert not Connection.objects.exists()


def imported(portfolio, body):
    """Import a file and commit it; return the preview as it was, then what was committed."""
    run = intake.open_import(
        portfolio.pk,
        owner_id=portfolio.owner_id,
        file_name="statement.xml",
        chunks=[body],
        creates_instruments=True,
        now=clock.now(),
    )
    reading.read(run.pk, row_limit=1_000, clock=clock.now)
    preview = ImportRun.objects.get(pk=run.pk)
    assert preview.error == ""
    committing.request_commit(preview, now=clock.now())
    committing.commit(run.pk, clock=clock.now)
    return preview


@pytest.fixture
def statement(flex, book):
    """A statement as a file, of an account in which a dividend was taken back."""
    flex.reset(activities=30)
    book("pay", kind="Dividends", amount="1.04", symbol="AAPL", days=4)
    book("pay", kind="Dividends", amount="-1.04", symbol="AAPL", days=3)
    wrong = book("fill", symbol="AAPL", side="buy", qty="4", price="36.5", days=3)
    book("rebook", key=wrong["id"], qty="4", price="36.4", days=2)
    broker = get_broker("ibkr")
    session = broker.open(
        CREDENTIALS, environment=broker.capabilities.environment("sandbox"), budget=Budget()
    )
    (page,) = session.pages(Stream.STATEMENT, {}, now=clock.now())
    return page.body


def test_a_file_of_what_a_connection_brought_brings_nothing(account, flex, statement, portfolio):
    sync(account)

    preview = imported(portfolio, statement)

    events = len(flex.truth_of(DEFAULT_QUERY)["events"])
    assert (preview.rows_new, preview.rows_duplicate, preview.rows_error) == (0, events, 0)
    same(account, flex)


def test_a_connection_recognizes_what_a_file_brought(flex, statement, portfolio):
    preview = imported(portfolio, statement)
    assert (preview.rows_duplicate, preview.rows_error) == (0, 0)
    forget_pauses()
    account = connect_flex(portfolio)

    done = sync(account)

    same(account, flex)
    assert Transaction.objects.count() == preview.rows_new
    booked = BrokerRow.objects.filter(state="booked")
    assert set(booked.values_list("is_claimed", flat=True)) == {True}
    assert set(outcomes(done).values()) == {"match"}
