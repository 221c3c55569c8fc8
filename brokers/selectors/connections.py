"""Ask about connections to brokers, their syncs and what these brought."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from django.db.models import Q, QuerySet

from brokers.domain.connections import OPEN, REPLAYABLE, SYNCABLE, ConnectionState, SyncState
from brokers.domain.dead_letters import LetterState
from brokers.domain.events import EventState
from brokers.models import BrokerRow, Connection, DeadLetter, RawPayload, Sync
from common.errors import NotFound

#: A sync that nobody took on for this long was lost on the way to the workers.
_NOT_TAKEN_ON = timedelta(seconds=30)


class ConnectionNotFound(NotFound):
    """There is no such connection."""

    code = "connection-not-found"


class SyncNotFound(NotFound):
    """There is no such sync."""

    code = "sync-not-found"


def get_connection(
    connection_id: ObjectId, *, portfolio_id: ObjectId, owner_id: ObjectId
) -> Connection:
    """Load a connection of an owner's portfolio.

    Raises:
        ConnectionNotFound: there is none, or it is somebody else's.
    """
    found = Connection.objects.filter(
        pk=connection_id, portfolio_id=portfolio_id, owner_id=owner_id
    ).first()
    if found is None:
        raise ConnectionNotFound
    return found


def get_own_connection(connection_id: ObjectId, *, owner_id: ObjectId) -> Connection:
    """Load a connection of an owner's, in whatever portfolio.

    Raises:
        ConnectionNotFound: there is none, or it is somebody else's.
    """
    found = Connection.objects.filter(pk=connection_id, owner_id=owner_id).first()
    if found is None:
        raise ConnectionNotFound
    return found


def list_connections(portfolio_id: ObjectId) -> QuerySet[Connection]:
    """List a portfolio's connections, newest first, ended ones too."""
    return Connection.objects.filter(portfolio_id=portfolio_id).order_by("-created_at", "-id")


def get_sync(sync_id: ObjectId, *, connection_id: ObjectId) -> Sync:
    """Load a sync of a connection.

    Raises:
        SyncNotFound: there is none.
    """
    found = Sync.objects.filter(pk=sync_id, connection_id=connection_id).first()
    if found is None:
        raise SyncNotFound
    return found


def list_syncs(connection_id: ObjectId) -> QuerySet[Sync]:
    """List a connection's syncs, newest first."""
    return Sync.objects.filter(connection_id=connection_id).order_by("-created_at", "-id")


def find_last_good_sync(connection_id: ObjectId) -> Sync | None:
    """Return the newest sync that compared the broker's figures with ours."""
    return list_syncs(connection_id).filter(compared_at__isnull=False).first()


def list_unbooked(connection_id: ObjectId) -> QuerySet[BrokerRow]:
    """List what a broker told and couldn't be booked, oldest first."""
    return BrokerRow.objects.filter(
        connection_id=connection_id, state=EventState.UNBOOKED.value
    ).order_by("id")


def list_payloads(connection_id: ObjectId, *, stream: str) -> QuerySet[RawPayload]:
    """List what a broker answered, in the order in which it came."""
    return RawPayload.objects.filter(connection_id=connection_id, stream=stream).order_by("id")


def count_letters() -> tuple[int, datetime | None]:
    """Count what waits for a fault to be mended, and say since when the oldest does."""
    waiting = DeadLetter.objects.filter(state=LetterState.WAITING.value)
    oldest = waiting.order_by("id").first()
    return waiting.count(), oldest.created_at if oldest else None


def list_due(*, now: datetime) -> QuerySet[Connection]:
    """List the connections whose next sync is due."""
    return Connection.objects.filter(
        state__in=[state.value for state in SYNCABLE], next_sync_at__lte=now
    ).order_by("next_sync_at")


def list_watched() -> QuerySet[Connection]:
    """List the connections that are kept up, also those that wait for their owner."""
    return Connection.objects.filter(state__in=[state.value for state in REPLAYABLE]).order_by("pk")


def list_startable(*, now: datetime) -> QuerySet[Sync]:
    """List the syncs that wait no longer, and those whose worker was lost."""
    return Sync.objects.filter(
        Q(state=SyncState.WAITING.value, retry_at__lte=now)
        | Q(state=SyncState.QUEUED.value, updated_at__lte=now - _NOT_TAKEN_ON)
        | Q(state=SyncState.RUNNING.value, lease_until__lte=now)
    ).order_by("updated_at")


def list_replayable(*, connection_id: ObjectId | None, broker: str | None) -> list[Connection]:
    """List the connections whose answers can be read again: one, or all of a broker."""
    found = Connection.objects.filter(state__in=[state.value for state in REPLAYABLE])
    if connection_id is not None:
        found = found.filter(pk=connection_id)
    if broker is not None:
        found = found.filter(broker=broker)
    return list(found.order_by("pk"))


def list_removing() -> QuerySet[Connection]:
    """List the connections whose rows are yet to be taken out of the ledger."""
    return Connection.objects.filter(state=ConnectionState.REMOVING.value).order_by("updated_at")


def sync_progress(sync: Sync) -> Mapping[str, Any]:
    """Describe where a sync stands, as it goes over the socket."""
    ended = [each for each in sync.streams if each["state"] != "running"]
    return {
        "id": str(sync.pk),
        "kind": "sync",
        "portfolio": str(sync.connection.portfolio_id),
        "state": sync.state,
        "done": len(ended),
        "total": max(len(sync.streams), 1),
        "counts": {
            "new": sync.rows_new,
            "changed": sync.rows_changed,
            "unbooked": sync.rows_unbooked,
            "calls": sync.calls,
        },
        "error": sync.error or None,
    }


def is_open(sync: Sync) -> bool:
    """Say whether a sync is yet to end."""
    return SyncState(sync.state) in OPEN
