"""Ask about trading days that a broker can't tell any more."""

from __future__ import annotations

from bson import ObjectId
from django.db.models import QuerySet

from brokers.domain.missed_days import MissedDayState
from brokers.models import MissedDay
from common.errors import NotFound


class MissedDayNotFound(NotFound):
    """There is no such missed day."""

    code = "missed-day-not-found"


def get_missed_day(missed_day_id: ObjectId, *, connection_id: ObjectId) -> MissedDay:
    """Load a missed day of a connection.

    Raises:
        MissedDayNotFound: there is none.
    """
    found = MissedDay.objects.filter(pk=missed_day_id, connection_id=connection_id).first()
    if found is None:
        raise MissedDayNotFound
    return found


def list_missed_days(connection_id: ObjectId) -> QuerySet[MissedDay]:
    """List a connection's missed days, newest first, those that are settled too."""
    return MissedDay.objects.filter(connection_id=connection_id).order_by("-day", "-id")


def list_open_missed_days(connection_id: ObjectId) -> QuerySet[MissedDay]:
    """List the days of which trades may be missing, newest first."""
    return MissedDay.objects.filter(
        connection_id=connection_id, state=MissedDayState.OPEN.value
    ).order_by("-day")
