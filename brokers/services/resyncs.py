"""The records of generations: begun, fetched by a sync, discarded."""

from __future__ import annotations

from datetime import datetime

from brokers.domain.connections import SyncState, Trigger
from brokers.domain.resyncs import ResyncState
from brokers.models import Connection, Resync, Sync
from brokers.services import syncs
from brokers.services.connecting import NotNow
from common.errors import Conflict
from common.transactions import run_in_transaction

_PENDING = (ResyncState.BUILDING.value, ResyncState.READY.value)


class WrongResyncState(Conflict):
    """The generation is in a state in which that can't be done."""

    code = "resync-in-wrong-state"


def begin(connection: Connection, *, now: datetime) -> tuple[Resync, bool]:
    """Ask for all to be fetched anew beside what is booked; return it, and whether it is new.

    Raises:
        NotNow: a sync runs, or the connection's state doesn't let it sync.
    """
    sync, is_new = syncs.request_sync(connection, trigger=Trigger.RESYNC.value, now=now)
    if not is_new and sync.trigger != Trigger.RESYNC.value:
        raise NotNow("A sync runs: begin when it is done.")

    def store() -> tuple[Resync, bool]:
        found = Resync.objects.filter(sync_id=sync.pk).first()
        if found is not None:
            return found, False
        # What was fetched before is older.
        Resync.objects.filter(connection_id=connection.pk, state__in=_PENDING).update(
            state=ResyncState.DISCARDED.value, updated_at=now
        )
        made = Resync(
            connection_id=connection.pk,
            owner_id=connection.owner_id,
            sync=sync,
            state=ResyncState.BUILDING.value,
            created_at=now,
            updated_at=now,
        )
        made.save(force_insert=True)
        return made, True

    return run_in_transaction(store)


def settle(sync: Sync, *, state: SyncState, now: datetime) -> None:
    """Note how fetching went, in the caller's transaction; while it waits it goes on."""
    if state is SyncState.WAITING:
        return
    ended = ResyncState.READY if state is SyncState.OK else ResyncState.FAILED
    Resync.objects.filter(sync_id=sync.pk, state=ResyncState.BUILDING.value).update(
        state=ended.value, updated_at=now
    )


def discard(resync: Resync, *, now: datetime) -> Resync:
    """Leave all as it is booked.

    Raises:
        WrongResyncState: it isn't ready.
    """
    return move(resync, ResyncState.READY, ResyncState.DISCARDED, now=now)


def move(resync: Resync, start: ResyncState, end: ResyncState, *, now: datetime) -> Resync:
    """Bring a generation from one state into another, once.

    Raises:
        WrongResyncState: it isn't in the first.
    """

    def change() -> Resync:
        moved = Resync.objects.filter(pk=resync.pk, state=start.value).update(
            state=end.value, updated_at=now
        )
        if not moved:
            raise WrongResyncState
        return Resync.objects.get(pk=resync.pk)

    return run_in_transaction(change)
