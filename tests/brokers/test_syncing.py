"""Syncs against the sandbox over real HTTP: what is right, whatever happens on the way."""

import zlib
from datetime import timedelta
from decimal import Decimal

import pytest

from brokers.adapters import contract
from brokers.domain.connections import ConnectionState, SyncState
from brokers.models import BrokerRow, Connection, RawPayload, Sync
from brokers.services import connecting, payloads, posting, syncing, syncs
from common import clock
from portfolios.models import Transaction
from portfolios.services import ledger
from tests import factories
from tests.brokers.sandboxed import (
    CREDENTIALS,
    assert_equals_truth,
    connect,
    reloaded,
    sync,
)
from tests.failpoints import fail_point

__all__ = ["fail_point"]

pytestmark = pytest.mark.django_db
ACTIVITIES = "/v2/account/activities"


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


@pytest.mark.parametrize("together", [True, False])
def test_the_ratio_of_a_split_follows_from_how_many_shares_came(connection, sandbox, together):
    days = [(clock.now() - timedelta(days=each)).isoformat() for each in (9, 6, 3)]
    sandbox.book("pay", kind="CSD", amount="1000", at=days[0])
    sandbox.book("fill", symbol="AAPL", side="buy", qty="1.25", price="40", at=days[0])
    sandbox.book("split", symbol="AAPL", ratio="4", at=days[1])
    if not together:
        sync(connection)
    sandbox.book("split", symbol="AAPL", ratio="3", at=days[2])

    done = sync(connection)

    assert_equals_truth(connection, sandbox)
    assert {line["outcome"] for line in done.comparison} == {"match"}
    ratios = Transaction.objects.order_by("trade_date").filter(kind="split")
    assert [row.ratio for row in ratios] == [Decimal(4), Decimal(3)]
    assert sync(connection).rows_changed == 0


@pytest.fixture
def renamed(sandbox):
    """An account in which shares were split 1 for 20 and called otherwise, some days ago."""
    days = [(clock.now() - timedelta(days=each)).isoformat() for each in (5, 4, 3)]
    sandbox.book("pay", kind="CSD", amount="1000", at=days[0])
    sandbox.book("fill", symbol="KO", side="buy", qty="33", price="7", at=days[0])
    sandbox.book("split", symbol="KO", ratio="0.05", at=days[1], in_two=True)
    sandbox.book("rename", symbol="KO", to="COLA", at=days[2])
    return sandbox


def test_a_split_and_a_change_of_name_that_are_told_by_halves_are_one_each(connection, renamed):
    done = sync(connection)

    assert_equals_truth(connection, renamed, booked=4)
    assert renamed.truth["positions"] == {"COLA": "1.65"}
    assert {line["outcome"] for line in done.comparison} == {"match"}
    again = sync(connection)
    assert (again.rows_new, again.rows_changed, again.rows_unbooked) == (0, 0, 0)
    rows = dict(Transaction.objects.values_list("kind", "ratio"))
    assert (rows["split"], rows["merger"]) == (Decimal("0.05"), Decimal(1))


def test_halves_that_come_apart_wait_for_each_other(connection, renamed, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr("brokers.adapters.alpaca.client._PAGE_SIZE", 1)
        apart = sync(connection)
    together = sync(connection)
    with monkeypatch.context() as patched:
        patched.setattr("brokers.adapters.alpaca.client._PAGE_SIZE", 1)
        again = sync(connection)

    assert (apart.rows_new, apart.rows_unbooked) == (2, 4)
    assert together.rows_new == 2
    assert (again.rows_new, again.rows_changed, again.rows_unbooked) == (0, 0, 0)
    assert_equals_truth(connection, renamed, booked=4)
    assert not BrokerRow.objects.filter(kind="unmapped").exists()


def test_a_split_of_shares_that_are_not_known_stands_aside(connection, sandbox):
    sandbox.book("fill", symbol="AAPL", side="buy", qty="4", price="40")
    sandbox.book("split", symbol="AAPL", ratio="4")

    done = sync(connection)

    # Bought on the day of the split: before it there were none.
    assert (done.state, done.rows_unbooked) == (SyncState.OK.value, 1)
    line = next(line for line in done.comparison if line["what"] == "AAPL")
    assert (line["theirs"], line["ours"], line["outcome"]) == ("16", "4", "explained")
    assert "ratio" in BrokerRow.objects.get(kind="split").problem


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


def test_an_event_that_nobody_foresaw_costs_no_other(connection, sandbox, monkeypatch):
    sandbox.book("pay", kind="CSD", amount="1000")
    for price in ("10", "11", "12"):
        sandbox.book("fill", symbol="AAPL", side="buy", qty="1", price=price)
    draft_of = posting.draft_of

    def poisoned(event, **more):
        if event.price == Decimal(11):
            raise ValueError("what is this?")
        return draft_of(event, **more)

    with monkeypatch.context() as patched:
        patched.setattr(posting, "draft_of", poisoned)
        hurt = sync(connection)

    assert (hurt.state, hurt.rows_new, hurt.rows_unbooked) == (SyncState.OK.value, 3, 1)
    # What was mended since is booked when it is read again.
    assert sync(connection).rows_new == 1
    assert_equals_truth(connection, sandbox)


@pytest.mark.parametrize("what", ["portfolio", "owner"])
def test_a_secret_goes_with_its_portfolio_and_with_its_owner(connection, sandbox, ada, what):
    sandbox.book("pay", kind="CSD", amount="10")
    sync(connection)

    (connection.portfolio if what == "portfolio" else ada).delete()

    for model in (Connection, Sync, RawPayload, BrokerRow, Transaction):
        assert not model.objects.exists()


def test_what_is_not_known_here_is_listed_not_lost(connection, sandbox):
    sandbox.book("pay", kind="CSD", amount="10")
    sandbox.book("pay", kind="WHATEVER", amount="3")

    done = sync(connection)

    assert (done.rows_new, done.rows_unbooked) == (1, 1)
    row = BrokerRow.objects.get(kind="unmapped")
    assert "WHATEVER" in row.problem
    cash = next(line for line in done.comparison if line["what"] == "USD")
    assert cash["outcome"] == "explained"


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
    assert payloads.forget(now=clock.now() + timedelta(days=500)) >= 4
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

    gone = reloaded(connection)
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
