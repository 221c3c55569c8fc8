"""The records of syncs: asked for, taken on by one worker, reported on, ended."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from django.db import IntegrityError

from brokers.domain.connections import REPLAYABLE, SYNCABLE, ConnectionState, SyncState, Trigger
from brokers.events import sync_progressed
from brokers.models import Connection, Sync
from brokers.selectors import sync_progress
from brokers.services.booking import Replaced, hold
from brokers.services.connecting import NotNow
from common.transactions import run_in_transaction

#: Longer than one page can take with all its retries; a worker that is silent for so long is dead.
LEASE = timedelta(seconds=120)
#: A sync over which more workers were lost isn't taken on again.
MOST_LOST = 4
_BROKE_OFF = (
    "The sync broke off again and again. That is a fault of Livefolio; whoever runs the site finds "
    "it in the log."
)
_REASONS = {
    ConnectionState.PAUSED: "The connection is paused: resume it first.",
    ConnectionState.NEEDS_KEY: "The broker doesn't accept the key any more: replace it first.",
    ConnectionState.NEEDS_LOGIN: "Nobody is logged in at the broker: log in first.",
}


def request_sync(connection: Connection, *, trigger: str, now: datetime) -> tuple[Sync, bool]:
    """Ask for a sync; return it, and whether it is new: one that is open is joined.

    Raises:
        NotNow: the connection's state doesn't let it sync.
    """

    def request() -> tuple[Sync, bool]:
        held = Connection.objects.get(pk=connection.pk)
        state = ConnectionState(held.state)
        if state not in _states_for(trigger):
            raise NotNow(_REASONS.get(state, "The account is disconnected."))
        found = Sync.objects.filter(open_for=str(held.pk)).first()
        if found is not None:
            return found, False
        sync = Sync(
            connection=held,
            owner_id=held.owner_id,
            trigger=trigger,
            state=SyncState.QUEUED.value,
            open_for=str(held.pk),
            created_at=now,
            updated_at=now,
        )
        sync.save(force_insert=True)
        return sync, True

    try:
        return run_in_transaction(request)
    except IntegrityError:
        # Somebody else asked at the same moment: theirs is joined.
        return run_in_transaction(request)


def _states_for(trigger: str) -> frozenset[ConnectionState]:
    return REPLAYABLE if trigger == Trigger.REPLAY.value else SYNCABLE


def queue_again(sync: Sync, *, now: datetime) -> bool:
    """Note that a sync is queued once more; say whether it is, and still stands as it was loaded.

    Without that note it would be queued again by each sweep for as long as the queue is long. One
    whose worker was lost stays as it is, so that it is counted when somebody takes it on.
    """
    found = Sync.objects.filter(pk=sync.pk, state=sync.state, fence=sync.fence)
    if sync.state == SyncState.RUNNING.value:
        return found.exists()
    change = {"state": SyncState.QUEUED.value, "retry_at": None, "updated_at": now}
    return bool(
        run_in_transaction(lambda: found.filter(updated_at=sync.updated_at).update(**change))
    )


def take_on(sync_id: ObjectId, *, now: datetime) -> Sync | None:
    """Become the one worker of a sync; None when it has ended, or somebody else works on it.

    Whoever worked on it before, and is only slow, can't write any more.
    """

    def take() -> Sync | None:
        sync = Sync.objects.filter(pk=sync_id).first()
        if sync is None or not _is_free(sync, now=now):
            return None
        connection = Connection.objects.get(pk=sync.connection_id)
        if ConnectionState(connection.state) not in _states_for(sync.trigger):
            return None
        connection.fence += 1
        connection.updated_at = now
        connection.save(update_fields=["fence", "updated_at"])
        sync.connection = connection
        if sync.state == SyncState.RUNNING.value:
            sync.lost += 1
            if sync.lost > MOST_LOST:
                _give_up(sync, now=now)
                return None
        sync.state, sync.fence = SyncState.RUNNING.value, connection.fence
        sync.started_at = sync.started_at or now
        sync.lease_until, sync.retry_at = now + LEASE, None
        sync.updated_at = now
        sync.save()
        return sync

    return run_in_transaction(take)


def _give_up(sync: Sync, *, now: datetime) -> None:
    """End a sync that has brought down a worker each time; the next one begins where it stood."""
    sync.state, sync.open_for, sync.error = SyncState.FAILED.value, None, _BROKE_OFF
    sync.finished_at = sync.updated_at = now
    sync.save()


def _is_free(sync: Sync, *, now: datetime) -> bool:
    match SyncState(sync.state):
        case SyncState.QUEUED:
            return True
        case SyncState.WAITING:
            return sync.retry_at is None or sync.retry_at <= now
        case SyncState.RUNNING:
            return sync.lease_until is None or sync.lease_until <= now
        case _:
            return False


def report(sync: Sync, *, now: datetime, **changes: Any) -> None:
    """Store how far a sync is, renew its lease, and tell whoever watches.

    Raises:
        Replaced: another worker has taken it on, or it was ended.
    """

    def store() -> None:
        hold(sync.connection, now=now).save(update_fields=["updated_at"])
        stored = Sync.objects.filter(
            pk=sync.pk, fence=sync.fence, state=SyncState.RUNNING.value
        ).update(**changes, lease_until=now + LEASE, updated_at=now)
        if not stored:
            raise Replaced

    run_in_transaction(store)
    for name, value in changes.items():
        setattr(sync, name, value)
    announce(sync)


def announce(sync: Sync) -> None:
    """Tell whoever watches where a sync stands."""
    sync_progressed.send_robust(sender=Sync, run=sync_progress(sync), owner_id=str(sync.owner_id))
