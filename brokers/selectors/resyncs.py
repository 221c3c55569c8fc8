"""Ask about generations: accounts that were fetched anew beside what is booked."""

from __future__ import annotations

from bson import ObjectId
from django.db.models import QuerySet

from brokers.domain.events import EventState
from brokers.models import BrokerRow, Resync
from common.errors import NotFound


class ResyncNotFound(NotFound):
    """There is no such generation."""

    code = "resync-not-found"


def get_resync(resync_id: ObjectId, *, connection_id: ObjectId) -> Resync:
    """Load a generation of a connection.

    Raises:
        ResyncNotFound: there is none.
    """
    found = Resync.objects.filter(pk=resync_id, connection_id=connection_id).first()
    if found is None:
        raise ResyncNotFound
    return found


def list_resyncs(connection_id: ObjectId) -> QuerySet[Resync]:
    """List a connection's generations, newest first."""
    return Resync.objects.filter(connection_id=connection_id).order_by("-id")


def list_orphans(connection_id: ObjectId) -> QuerySet[BrokerRow]:
    """List what the broker doesn't tell any more and is kept here, oldest first."""
    return BrokerRow.objects.filter(
        connection_id=connection_id, state=EventState.ORPHANED.value
    ).order_by("id")
