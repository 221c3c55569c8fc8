"""Syncs against the sandbox over real HTTP: what is right, whatever happens on the way."""

import zlib
from datetime import timedelta
from decimal import Decimal

import pytest

from brokers.adapters import contract
from brokers.domain.connections import ConnectionState, SyncState
from brokers.models import BrokerRow, Connection, RawPayload, Sync
from brokers.services import booking, connecting, syncing, syncs
from common import clock
from portfolios.models import Transaction
from portfolios.services import ledger
from tests import factories
from tests.brokers.sandboxed import (
    CREDENTIALS,
    assert_equals_truth,
    connect,
    forget_pauses,
    running,
    sandbox,
    sync,
)
from tests.failpoints import fail_point

__all__ = ["fail_point", "running", "sandbox"]

pytestmark = pytest.mark.django_db
ACTIVITIES = "/v2/account/activities"


@pytest.fixture
def portfolio(ada):
    return factories.make_portfolio(ada)


@pytest.fixture
def connection(portfolio, sandbox):
    return connect(portfolio)


def stored(connection):
    return Connection.objects.get(pk=connection.pk)


def test_a_history_of_three_pages_becomes_the_ledger(connection, sandbox):
    sandbox.reset(activities=250)

    done = sync(connection)

    assert done.state == SyncState.OK.value, done.error
    assert done.rows_new == len(sandbox.truth["events"]) >= 250
    assert_equals_truth(connection, sandbox)
    assert {line["outcome"] for line in done.comparison} == {"match"}
    pages = [each for each in sandbox.asked if each["path"] == ACTIVITIES]
    assert len(pages) == 5  # the last one is empty, and asked for twice


def test_a_sync_that_is_repeated_brings_nothing_new(connection, sandbox):
    sandbox.reset(activities=120)
    sync(connection)
    revision = connection.portfolio.ledger_revision

    again = sync(connection)

    assert (again.state, again.rows_new, again.rows_changed) == (SyncState.OK.value, 0, 0)
    assert_equals_truth(connection, sandbox)
    connection.portfolio.refresh_from_db()
    assert connection.portfolio.ledger_revision >= revision


def test_what_happened_since_is_added(connection, sandbox):
    sandbox.book("pay", kind="CSD", amount="1000")
    sync(connection)
    sandbox.book("fill", symbol="AAPL", side="buy", qty="2.5", price="180.10")

    more = sync(connection)

    assert more.rows_new == 1
    row = Transaction.objects.get(kind="buy")
    assert (row.quantity, row.price, row.account) == (
        Decimal("2.5"),
        Decimal("180.10"),
        connection.account,
    )
    assert_equals_truth(connection, sandbox)


def test_a_row_that_is_booked_late_is_found(connection, sandbox):
    sandbox.book("pay", kind="CSD", amount="1000")
    sync(connection)
    late = clock.now() - timedelta(days=3)
    sandbox.book(
        "fill", symbol="KO", side="buy", qty="1", price="58", at=late.isoformat(),
        created_at=clock.now().isoformat(),
    )  # fmt: skip

    sync(connection)

    assert_equals_truth(connection, sandbox)


def test_a_short_sale_that_is_covered(connection, sandbox):
    sandbox.book("pay", kind="CSD", amount="1000")
    sandbox.book("fill", symbol="KO", side="sell_short", qty="4", price="60")
    sync(connection)
    assert_equals_truth(connection, sandbox)
    sandbox.book("fill", symbol="KO", side="buy", qty="4", price="50")

    done = sync(connection)

    assert_equals_truth(connection, sandbox)
    assert {line["outcome"] for line in done.comparison} == {"match"}


@pytest.mark.parametrize("together", [True, False])
def test_a_corrected_fill_takes_the_place_of_the_first(connection, sandbox, together):
    sandbox.book("pay", kind="CSD", amount="1000")
    wrong = sandbox.book("fill", symbol="AAPL", side="buy", qty="4", price="36.5")
    if not together:
        sync(connection)
    sandbox.book("correct", key=wrong["id"], qty="4", price="36.4")

    sync(connection)

    assert_equals_truth(connection, sandbox)
    assert Transaction.objects.get(kind="buy", is_void=False).price == Decimal("36.4")
    states = dict(BrokerRow.objects.filter(kind="buy").values_list("external_id", "state"))
    assert states[wrong["id"]] == "superseded"


@pytest.mark.parametrize("together", [True, False])
def test_a_busted_fill_never_was(connection, sandbox, together):
    sandbox.book("pay", kind="CSD", amount="1000")
    wrong = sandbox.book("fill", symbol="AAPL", side="buy", qty="4", price="36.5")
    if not together:
        sync(connection)
    sandbox.book("bust", key=wrong["id"])

    sync(connection)

    assert_equals_truth(connection, sandbox)


def test_a_canceled_dividend_leaves_the_ledger(connection, sandbox):
    sandbox.book("pay", kind="CSD", amount="1000")
    paid = sandbox.book("pay", kind="DIV", amount="5.10", symbol="AAPL")
    sync(connection)
    sandbox.book("cancel", key=paid["id"])

    sync(connection)

    assert_equals_truth(connection, sandbox)
    assert Transaction.objects.get(kind="dividend").is_void


def test_a_reversed_dividend_takes_the_money_back(connection, sandbox):
    sandbox.book("pay", kind="CSD", amount="1000")
    sandbox.book("pay", kind="DIV", amount="5.10", symbol="AAPL")
    sandbox.book("pay", kind="DIV", amount="-5.10", symbol="AAPL")

    sync(connection)

    assert_equals_truth(connection, sandbox)


def test_what_was_changed_here_is_kept_and_the_correction_told(connection, sandbox, ada):
    sandbox.book("pay", kind="CSD", amount="1000")
    fill = sandbox.book("fill", symbol="AAPL", side="buy", qty="4", price="36.5")
    sync(connection)
    row = Transaction.objects.get(kind="buy")
    ledger.void_transaction(
        row.portfolio_id, transaction_id=row.pk, revision=1, changed_by=ada.pk, now=clock.now()
    )
    sandbox.book("alter", key=fill["id"], fields={"price": "36.4"})

    sync(connection)

    row.refresh_from_db()
    assert row.is_void
    assert row.price == Decimal("36.5")
    assert "your version was kept" in BrokerRow.objects.get(kind="buy").problem


def test_an_untouched_row_follows_the_broker(connection, sandbox):
    sandbox.book("pay", kind="CSD", amount="1000")
    fill = sandbox.book("fill", symbol="AAPL", side="buy", qty="4", price="36.5")
    sync(connection)
    sandbox.book("alter", key=fill["id"], fields={"price": "36.4"})

    changed = sync(connection)

    assert changed.rows_changed == 1
    row = Transaction.objects.get(kind="buy")
    assert (row.price, row.revision) == (Decimal("36.4"), 2)


def test_a_row_that_was_imported_before_is_recognized(connection, sandbox, portfolio):
    at = clock.now() - timedelta(days=2)
    fill = sandbox.book("fill", symbol="AAPL", side="buy", qty="4", price="36.5", at=at.isoformat())
    instrument = factories.make_instrument("AAPL")
    day = fill["id"][:8]
    typed = ledger.record_transaction(
        portfolio.pk,
        draft=factories.buy(instrument, "4", "36.5", f"{day[:4]}-{day[4:6]}-{day[6:]}"),
        now=clock.now(),
    )

    done = sync(connection)

    assert Transaction.objects.count() == 1
    row = BrokerRow.objects.get(kind="buy")
    assert (row.transaction_id, row.is_claimed) == (str(typed.pk), True)
    assert next(line for line in done.comparison if line["what"] == "AAPL")["outcome"] == "match"


def test_two_equal_fills_are_two(connection, sandbox):
    at = clock.now().isoformat()
    for _ in range(2):
        sandbox.book("fill", symbol="AAPL", side="buy", qty="1", price="10", at=at)

    sync(connection)
    sync(connection)

    assert_equals_truth(connection, sandbox)


def test_a_split_stands_aside_and_explains_the_difference(connection, sandbox):
    sandbox.book("fill", symbol="AAPL", side="buy", qty="4", price="40")
    sandbox.book("split", symbol="AAPL", ratio="4")

    done = sync(connection)

    assert (done.state, done.rows_unbooked) == (SyncState.OK.value, 1)
    line = next(line for line in done.comparison if line["what"] == "AAPL")
    assert (line["theirs"], line["ours"], line["outcome"]) == ("16", "4", "explained")


@pytest.mark.parametrize(
    "fields",
    [{"qty": "many"}, {"price": None}, {"transaction_time": "yesterday"}, {"qty": "-1"},
     {"activity_type": None}, {"id": 7}, {"qty": "1e60"}],
)  # fmt: skip
def test_a_poisoned_row_is_set_aside_and_the_others_are_booked(connection, sandbox, fields):
    sandbox.book("pay", kind="CSD", amount="1000")
    for price in ("10", "11", "12"):
        sandbox.book("fill", symbol="AAPL", side="buy", qty="1", price=price)
    # Dated with the day, the deposit comes first; the second fill is hurt.
    sandbox.break_down("drift", ACTIVITIES, row=2, fields=fields)

    hurt = sync(connection)

    assert (hurt.state, hurt.rows_new, hurt.rows_unbooked) == (SyncState.OK.value, 3, 1)
    healed = sync(connection)
    assert healed.rows_new == 1
    assert_equals_truth(connection, sandbox)


def test_what_is_not_known_here_is_listed_not_lost(connection, sandbox):
    sandbox.book("pay", kind="CSD", amount="10")
    sandbox.book("pay", kind="WHATEVER", amount="3")

    done = sync(connection)

    assert (done.rows_new, done.rows_unbooked) == (1, 1)
    row = BrokerRow.objects.get(kind="unmapped")
    assert "WHATEVER" in row.problem
    cash = next(line for line in done.comparison if line["what"] == "USD")
    assert cash["outcome"] == "explained"


FAULTS = [
    ("status", {"status": 500}),
    ("status", {"status": 503, "html": True}),
    ("rate_limit", {"header": "reset"}),
    ("rate_limit", {"header": "after"}),
    ("rate_limit", {"header": "after", "seconds": 0}),
    ("truncate", {}),
    ("cut_json", {}),
    ("html", {}),
    ("duplicate_page", {}),
    ("empty", {}),
]


@pytest.mark.parametrize("times", [1, 30])
@pytest.mark.parametrize("skip", [0, 1])
@pytest.mark.parametrize(("mode", "args"), FAULTS)
def test_after_a_fault_one_ordinary_sync_converges(connection, sandbox, mode, args, skip, times):
    sandbox.reset(activities=130)
    sandbox.break_down(mode, ACTIVITIES, times=times, skip=skip, **args)
    hurt = sync(connection)
    sandbox.mend()
    forget_pauses()

    healed = sync(connection)

    assert healed.state == SyncState.OK.value, (hurt.error, healed.error)
    assert_equals_truth(connection, sandbox)
    assert {line["outcome"] for line in healed.comparison} == {"match"}


@pytest.mark.parametrize(("mode", "times"), [("lose_rows", 1), ("empty", 2)])
def test_rows_that_were_left_out_show_as_a_difference_and_are_read_again(
    connection, sandbox, mode, times
):
    sandbox.reset(activities=130)
    sandbox.break_down(mode, ACTIVITIES, times=times, skip=1)

    short = sync(connection)

    assert "drift" in {line["outcome"] for line in short.comparison}
    due = stored(connection).next_sync_at
    assert due - clock.now() <= timedelta(minutes=2)
    # What is missing is far older than what is read again each time.
    healed = sync(connection)
    assert_equals_truth(connection, sandbox)
    assert {line["outcome"] for line in healed.comparison} == {"match"}


def test_a_difference_that_stays_has_all_read_again_once_a_day(connection, sandbox, ada):
    sandbox.book("pay", kind="CSD", amount="10")
    sync(connection)
    row = Transaction.objects.get()
    ledger.void_transaction(
        row.portfolio_id, transaction_id=row.pk, revision=1, changed_by=ada.pk, now=clock.now()
    )

    sync(connection)
    begun_anew = stored(connection).cursors
    sync(connection)

    assert begun_anew == {}
    assert stored(connection).cursors["activities"]["covered_until"]


def test_a_mute_broker_is_given_up_and_tried_again(connection, sandbox, monkeypatch):
    monkeypatch.setattr("brokers.adapters.alpaca.client._SILENCE_SECONDS", 0.2)
    sandbox.reset(activities=30)
    sandbox.break_down("stall", ACTIVITIES, times=None, seconds=1)

    hurt = sync(connection)

    assert hurt.state == SyncState.WAITING.value
    assert hurt.retry_at > clock.now()
    assert "can't be reached" in hurt.error
    sandbox.mend()
    forget_pauses()
    assert sync(connection).state == SyncState.OK.value
    assert_equals_truth(connection, sandbox)


def test_being_told_to_wait_is_waited_for_and_no_failure(connection, sandbox):
    sandbox.reset(activities=30)
    sandbox.break_down("rate_limit", ACTIVITIES, header="after", seconds=40)

    told = sync(connection)

    assert (told.state, told.retries) == (SyncState.WAITING.value, 0)
    assert timedelta(seconds=30) < told.retry_at - clock.now() <= timedelta(seconds=40)
    assert stored(connection).state == ConnectionState.ACTIVE.value


def test_a_refused_key_asks_for_another_and_is_not_tried_again(connection, sandbox):
    sandbox.reset(activities=30)
    sandbox.break_down("status", times=None, status=401)

    refused = sync(connection)

    assert refused.state == SyncState.FAILED.value
    assert len(sandbox.asked) == 1
    assert stored(connection).state == ConnectionState.NEEDS_KEY.value
    assert "new one" in refused.error
    with pytest.raises(connecting.NotNow):
        syncs.request_sync(connection, trigger="manual", now=clock.now())
    sandbox.mend()
    connecting.replace_key(connection, credentials=CREDENTIALS, now=clock.now())
    assert sync(connection).state == SyncState.OK.value
    assert_equals_truth(connection, sandbox)


def test_a_missing_right_costs_only_its_stream(connection, sandbox):
    sandbox.reset(activities=30)
    sandbox.break_down("status", "/v2/positions", times=None, status=403)

    done = sync(connection)

    assert done.state == SyncState.PARTIAL.value
    assert [line["state"] for line in done.streams] == ["ok", "failed", "ok"]
    assert stored(connection).state == ConnectionState.LIMITED.value
    assert_equals_truth(connection, sandbox)
    sandbox.mend()
    assert sync(connection).state == SyncState.OK.value
    assert stored(connection).state == ConnectionState.ACTIVE.value


class Killed(BaseException):
    """The worker is gone, at this very line."""


def killing(monkeypatch, where, name, *, at_call, before):
    """Let the worker die at some call of a function, before or after it did its work."""
    whole = getattr(where, name)
    calls = []

    def dying(*args, **kwargs):
        calls.append(None)
        if len(calls) == at_call and before:
            raise Killed
        result = whole(*args, **kwargs)
        if len(calls) == at_call:
            raise Killed
        return result

    monkeypatch.setattr(where, name, dying)


STEPS = [
    (syncs, "take_on"),
    (syncing, "_keep"),
    (booking, "book"),
    (syncs, "report"),
    (syncing, "_end"),
]


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("at_call", [1, 2])
@pytest.mark.parametrize(("where", "name"), STEPS)
def test_a_worker_that_dies_between_steps_loses_and_doubles_nothing(
    connection, sandbox, monkeypatch, where, name, at_call, before
):
    sandbox.reset(activities=130)
    asked, _ = syncs.request_sync(connection, trigger="manual", now=clock.now())
    with monkeypatch.context() as patched:
        killing(patched, where, name, at_call=at_call, before=before)
        try:
            syncing.run(asked.pk, clock=clock.now)
        except Killed:
            pass
        else:
            assert (name, at_call) in {("take_on", 2), ("_end", 2)}

    later = clock.now() + syncs.LEASE + timedelta(seconds=1)
    syncing.run(asked.pk, clock=lambda: later)

    done = Sync.objects.get(pk=asked.pk)
    assert done.state == SyncState.OK.value
    assert_equals_truth(connection, sandbox)


def test_a_failed_commit_of_the_database_books_the_page_once(connection, sandbox, fail_point):
    sandbox.reset(activities=30)
    asked, _ = syncs.request_sync(connection, trigger="manual", now=clock.now())
    fail_point(
        "commitTransaction",
        times=3,
        errorCode=112,
        errorLabels=["TransientTransactionError"],
    )

    syncing.run(asked.pk, clock=clock.now)

    assert_equals_truth(connection, sandbox)


def test_a_second_worker_leaves_a_running_sync_alone(connection, sandbox):
    sandbox.reset(activities=30)
    asked, _ = syncs.request_sync(connection, trigger="manual", now=clock.now())
    assert syncs.take_on(asked.pk, now=clock.now()) is not None

    assert syncing.run(asked.pk, clock=clock.now) is None
    assert not Transaction.objects.exists()


def test_a_worker_that_was_replaced_writes_nothing_more(connection, sandbox):
    sandbox.reset(activities=30)
    asked, _ = syncs.request_sync(connection, trigger="manual", now=clock.now())
    ticks = []

    def clock_of_a_stopped_worker():
        ticks.append(None)
        if len(ticks) == 4:
            # It slept; another one did all of it meanwhile.
            late = clock.now() + syncs.LEASE + timedelta(seconds=1)
            syncing.run(asked.pk, clock=lambda: late)
        return clock.now()

    with pytest.raises(booking.Replaced):
        syncing.run(asked.pk, clock=clock_of_a_stopped_worker)

    assert_equals_truth(connection, sandbox)


def test_who_asks_while_a_sync_is_open_joins_it(connection):
    first, is_new = syncs.request_sync(connection, trigger="manual", now=clock.now())
    second, is_second_new = syncs.request_sync(connection, trigger="schedule", now=clock.now())

    assert (is_new, is_second_new) == (True, False)
    assert first.pk == second.pk


def test_a_pause_ends_a_sync_where_it_stands(connection, sandbox):
    sandbox.reset(activities=30)
    asked, _ = syncs.request_sync(connection, trigger="manual", now=clock.now())
    connecting.pause(connection, now=clock.now())

    assert syncing.run(asked.pk, clock=clock.now) is None
    assert Sync.objects.get(pk=asked.pk).state == SyncState.CANCELED.value
    connecting.resume(connection, now=clock.now())
    assert sync(connection).state == SyncState.OK.value


def test_answers_are_kept_as_they_came_and_only_for_a_while(connection, sandbox):
    sandbox.book("pay", kind="CSD", amount="10")
    sync(connection)

    kept = RawPayload.objects.filter(stream="activities").order_by("id").first()
    assert b'"CSD"' in zlib.decompress(kept.body)
    assert syncing.forget_payloads(now=clock.now() + timedelta(days=500)) >= 4
    assert not RawPayload.objects.exists()
    assert BrokerRow.objects.get(kind="deposit").payload_id is None


@pytest.mark.parametrize(("keeps", "left"), [(True, 2), (False, 1)])
def test_disconnecting_destroys_the_secret_and_leaves_the_ledger_as_chosen(
    connection, sandbox, portfolio, keeps, left
):
    ledger.record_transaction(
        portfolio.pk, draft=factories.draft("deposit", amount="1"), now=clock.now()
    )
    sandbox.book("pay", kind="CSD", amount="10")
    sync(connection)

    ended = connecting.disconnect(connection, keep_ledger=keeps, now=clock.now())
    connecting.remove_rows(ended.pk, now=clock.now())

    gone = stored(connection)
    assert (gone.secret, gone.hint, gone.state) == ("", "", ConnectionState.DISCONNECTED.value)
    assert Transaction.objects.filter(is_void=False).count() == left
    assert not RawPayload.objects.exists()
    # The same account may be connected anew.
    assert connect(portfolio).pk != connection.pk


def test_an_account_fills_a_portfolio_once(connection, portfolio):
    with pytest.raises(connecting.AlreadyConnected):
        connect(portfolio)


def test_a_wrong_key_is_refused_at_the_door(portfolio, sandbox):
    with pytest.raises(connecting.ConnectionRefused):
        connect(portfolio, secret_key="wrong")

    assert not Connection.objects.exists()


def test_a_key_of_another_account_does_not_replace(connection, sandbox, monkeypatch):
    monkeypatch.setattr(
        "brokers.adapters.alpaca.client.AlpacaSession.check",
        lambda _self: contract.AccountName("ANOTHER", "USD"),
    )
    with pytest.raises(connecting.OtherAccount):
        connecting.replace_key(connection, credentials=CREDENTIALS, now=clock.now())
