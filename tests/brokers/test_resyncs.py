"""An account fetched anew beside what is booked: compared, switched to in one step, and back."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from brokers.domain.connections import SyncState
from brokers.models import BrokerRow, Resync, ResyncChange, Sync
from brokers.services import generations, resyncs, syncing
from common import clock
from portfolios.models import Transaction
from portfolios.services import ledger
from tests import factories
from tests.brokers.sandboxed import assert_equals_truth, sync

pytestmark = pytest.mark.django_db


def fetch(connection) -> Resync:
    resync, is_new = resyncs.begin(connection, now=clock.now())
    assert is_new
    syncing.run(resync.sync_id, clock=clock.now)
    return Resync.objects.get(pk=resync.pk)


def ledger_of(connection):
    rows = Transaction.objects.filter(portfolio_id=connection.portfolio_id, is_void=False)
    names = ("pk", "kind", "quantity", "price", "amount", "note")
    return sorted(rows.values_list(*names), key=str)


@pytest.fixture
def rewritten(connection, sandbox, ada):
    """An account whose history the broker tells otherwise now than when it was booked.

    One purchase is gone, one has another price, one is new; another that is gone was edited here,
    and a row was typed by hand.
    """
    sandbox.book("pay", kind="CSD", amount="5000")
    booked = {
        symbol: sandbox.book("fill", symbol=symbol, side="buy", qty="2", price="50")
        for symbol in ("AAPL", "KO", "MSFT", "NVDA")
    }
    sync(connection)
    now = clock.now()
    mine = Transaction.objects.get(instrument__symbol="MSFT")
    ledger.edit_transaction(
        mine.portfolio_id,
        transaction_id=mine.pk,
        draft=factories.buy(mine.instrument, "2", "49", note="my own"),
        revision=1,
        changed_by=ada.pk,
        now=now,
    )
    ledger.record_transaction(
        mine.portfolio_id, draft=factories.draft("deposit", amount="7"), now=now
    )
    # The books themselves are rewritten, without a word about it.
    for symbol in ("KO", "MSFT"):
        sandbox.book("remove", key=booked[symbol]["id"])
    sandbox.book("alter", key=booked["AAPL"]["id"], fields={"price": "51"})
    sandbox.book("fill", symbol="META", side="buy", qty="1", price="9")
    return connection


def test_nothing_changes_before_the_switch_and_all_at_once_with_it(rewritten):
    before = ledger_of(rewritten)

    ready = generations.look(fetch(rewritten), now=clock.now())

    assert (ready.state, ready.error) == ("ready", "")
    shown = ready.difference
    counts = [shown[name] for name in ("added", "changed", "removed", "kept", "same")]
    assert counts == [1, 1, 1, 1, 2]
    assert ledger_of(rewritten) == before
    effects = {each["what"]: (each["before"], each["after"]) for each in shown["effects"]}
    assert effects == {"KO": ("2", "0"), "META": ("0", "1"), "USD": ("4602", "4691")}
    switched = generations.switch(ready, now=clock.now())
    assert switched.difference["effects"] == shown["effects"]
    rows = {row.instrument.symbol: row for row in Transaction.objects.filter(kind="buy")}
    assert rows["KO"].is_void
    assert rows["AAPL"].price == Decimal(51)
    assert (rows["MSFT"].price, rows["MSFT"].note, rows["MSFT"].is_void) == (
        Decimal(49),
        "my own",
        False,
    )
    assert Transaction.objects.filter(amount=Decimal(7), is_void=False).exists()
    (orphan,) = BrokerRow.objects.filter(state="orphaned")
    assert orphan.transaction_id == str(rows["MSFT"].pk)
    done = sync(rewritten)
    assert (done.state, done.rows_new, done.rows_changed) == (SyncState.OK.value, 0, 0)


def test_a_switch_is_taken_back_for_some_days(rewritten):
    before = ledger_of(rewritten)
    rows = list(BrokerRow.objects.order_by("pk").values_list("external_id", "state", "content"))
    switched = generations.switch(fetch(rewritten), now=clock.now())
    assert ledger_of(rewritten) != before

    generations.undo(switched, now=clock.now())

    assert ledger_of(rewritten) == before
    assert rows == list(
        BrokerRow.objects.order_by("pk").values_list("external_id", "state", "content")
    )
    with pytest.raises(resyncs.WrongResyncState):
        generations.undo(switched, now=clock.now())
    again = generations.switch(fetch(rewritten), now=clock.now())
    with pytest.raises(resyncs.WrongResyncState):
        generations.undo(again, now=clock.now() + timedelta(days=15))
    assert generations.forget_changes(now=clock.now() + timedelta(days=15)) > 0
    assert not ResyncChange.objects.filter(resync=again).exists()


def test_what_is_deleted_here_stays_deleted_through_switch_and_undo(rewritten, ada):
    mine = Transaction.objects.get(instrument__symbol="KO")
    ledger.void_transaction(
        mine.portfolio_id, transaction_id=mine.pk, revision=1, changed_by=ada.pk, now=clock.now()
    )

    switched = generations.switch(fetch(rewritten), now=clock.now())
    assert switched.difference["removed"] == 1
    generations.undo(switched, now=clock.now())

    mine.refresh_from_db()
    assert (mine.is_void, mine.revision) == (True, 2)


def test_what_a_sync_brings_meanwhile_is_newer(connection, sandbox):
    sandbox.book("pay", kind="CSD", amount="1000")
    sync(connection)
    ready = fetch(connection)
    sandbox.book("fill", symbol="KO", side="buy", qty="2", price="50")
    sync(connection)

    switched = generations.switch(ready, now=clock.now())

    assert switched.difference["removed"] == 0
    assert_equals_truth(connection, sandbox)


def test_what_a_fetch_left_out_comes_back_with_the_next_sync(connection, sandbox, ada):
    sandbox.book("pay", kind="CSD", amount="5000")
    for symbol in ("AAPL", "KO", "MSFT"):
        sandbox.book("fill", symbol=symbol, side="buy", qty="2", price="50")
    sync(connection)
    mine = Transaction.objects.get(instrument__symbol="AAPL")
    ledger.edit_transaction(
        mine.portfolio_id,
        transaction_id=mine.pk,
        draft=factories.buy(mine.instrument, "2", "49"),
        revision=1,
        changed_by=ada.pk,
        now=clock.now(),
    )
    sandbox.break_down("lose_rows", "activities", times=1)
    switched = generations.switch(fetch(connection), now=clock.now())
    assert (switched.difference["removed"], switched.difference["kept"]) == (1, 1)

    sync(connection)

    row = BrokerRow.objects.get(transaction_id=str(mine.pk))
    assert (row.state, "your version was kept" in row.problem) == ("booked", True)
    kinds = Transaction.objects.filter(is_void=False).order_by("kind")
    assert list(kinds.values_list("kind", flat=True)) == ["buy", "buy", "buy", "deposit"]


def test_a_fetch_that_fails_changes_nothing(connection, sandbox):
    sandbox.book("pay", kind="CSD", amount="1000")
    sync(connection)
    sandbox.break_down("status", "activities", times=None, status=403)

    failed = fetch(connection)

    assert failed.state == "failed"
    with pytest.raises(resyncs.WrongResyncState):
        generations.switch(failed, now=clock.now())
    assert_equals_truth(connection, sandbox)


def test_an_empty_history_removes_nothing(connection, sandbox):
    sandbox.book("pay", kind="CSD", amount="1000")
    sync(connection)
    sandbox.break_down("empty", "activities", times=None)

    ready = generations.look(fetch(connection), now=clock.now())

    assert (ready.difference["removed"], ready.difference["same"]) == (0, 0)


def test_the_page_leads_through_all_of_it(browser_of, ada, rewritten):
    browser = browser_of(ada)
    ids = (rewritten.portfolio_id, rewritten.pk)
    address = reverse("resync", args=ids)
    assert "Nothing was fetched anew yet" in browser.get(address).content.decode()

    page = browser.post(address, follow=True).content.decode()

    assert "1 added, 1 changed, 1 removed" in page
    resync = Resync.objects.get()
    decide = reverse("resync-decide", args=(*ids, resync.pk))
    page = browser.post(decide, {"decision": "switch"}, follow=True).content.decode()
    assert "Undo the switch" in page
    account = browser.get(reverse("connection", args=ids)).content.decode()
    assert "Kept here" in account
    page = browser.post(decide, {"decision": "undo"}, follow=True).content.decode()
    assert "what it said before" in page
    browser.post(address)
    newest = Resync.objects.order_by("-pk")[0]
    decide = reverse("resync-decide", args=(*ids, newest.pk))
    browser.post(decide, {"decision": "discard"})
    newest.refresh_from_db()
    assert newest.state == "discarded"
    assert Sync.objects.filter(open_for__isnull=False).count() == 0
