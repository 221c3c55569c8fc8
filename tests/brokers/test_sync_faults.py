"""Syncs that meet faults, refusals and the death of their workers: what is told, kept and asked.

That afterwards all is right is looked at in `test_faults`, fault by fault.
"""

from datetime import timedelta

import pytest

from brokers.domain.connections import ConnectionState, SyncState
from brokers.models import Sync
from brokers.services import booking, connecting, syncing, syncs
from common import clock
from portfolios.models import Transaction
from portfolios.services import ledger
from tests.brokers.patients import Killed
from tests.brokers.sandboxed import (
    CREDENTIALS,
    assert_equals_truth,
    reloaded,
    sync,
)
from tests.failpoints import fail_point

__all__ = ["fail_point"]

pytestmark = pytest.mark.django_db
ACTIVITIES = "/v2/account/activities"


@pytest.fixture
def sandbox(sandbox, monkeypatch):
    """A sandbox whose history needs pages, although it is short."""
    monkeypatch.setattr("brokers.adapters.alpaca.client._PAGE_SIZE", 10)
    return sandbox


@pytest.mark.parametrize(("mode", "times"), [("lose_rows", 1), ("empty", 2)])
def test_rows_that_were_left_out_show_as_a_difference_and_are_read_again(
    connection, sandbox, mode, times
):
    sandbox.reset(activities=13)
    sandbox.break_down(mode, ACTIVITIES, times=times, skip=1)

    short = sync(connection)

    assert "drift" in {line["outcome"] for line in short.comparison}
    due = reloaded(connection).next_sync_at
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
    begun_anew = reloaded(connection).cursors
    sync(connection)

    assert begun_anew == {}
    assert reloaded(connection).cursors["activities"]["covered_until"]


def test_being_told_to_wait_is_waited_for_and_no_failure(connection, sandbox):
    sandbox.reset(activities=30)
    sandbox.break_down("rate_limit", ACTIVITIES, header="after", seconds=40)

    told = sync(connection)

    assert (told.state, told.retries) == (SyncState.WAITING.value, 0)
    assert timedelta(seconds=30) < told.retry_at - clock.now() <= timedelta(seconds=80)
    assert reloaded(connection).state == ConnectionState.ACTIVE.value


def test_a_refused_key_asks_for_another_and_is_not_tried_again(connection, sandbox):
    sandbox.reset(activities=30)
    sandbox.break_down("status", times=None, status=401)

    refused = sync(connection)

    assert refused.state == SyncState.FAILED.value
    assert len(sandbox.asked) == 1
    assert reloaded(connection).state == ConnectionState.NEEDS_KEY.value
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
    assert [line["state"] for line in done.streams] == ["ok", "failed", "ok", "ok", "ok"]
    assert reloaded(connection).state == ConnectionState.LIMITED.value
    assert_equals_truth(connection, sandbox)
    sandbox.mend()
    assert sync(connection).state == SyncState.OK.value
    assert reloaded(connection).state == ConnectionState.ACTIVE.value


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
    sandbox.reset(activities=13)
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


def test_a_sync_that_brings_down_every_worker_is_given_up(connection, sandbox, monkeypatch):
    asked, _ = syncs.request_sync(connection, trigger="manual", now=clock.now())
    later = clock.now()
    with monkeypatch.context() as patched:
        patched.setattr(syncing, "open_session", lambda *_args, **_more: 1 / 0)
        for _ in range(syncs.MOST_LOST + 1):
            with pytest.raises(ZeroDivisionError):
                syncing.run(asked.pk, clock=lambda: later)  # noqa: B023
            later += syncs.LEASE

    assert syncing.run(asked.pk, clock=lambda: later) is None
    asked.refresh_from_db()
    assert asked.state == SyncState.FAILED.value
    assert "again and again" in asked.error
    assert sync(connection).state == SyncState.OK.value


def test_a_row_that_was_garbled_long_ago_is_read_again(connection, sandbox):
    sandbox.reset(activities=13)
    sandbox.break_down("drift", ACTIVITIES, row=0, fields={"activity_type": "FILL", "qty": "many"})

    hurt = sync(connection)

    assert hurt.rows_unbooked == 1
    assert reloaded(connection).next_sync_at - clock.now() <= timedelta(minutes=2)
    assert sync(connection).rows_new == 1
    assert_equals_truth(connection, sandbox)
