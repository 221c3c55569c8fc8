"""Ask what accounts were worth, day by day."""

from __future__ import annotations

from bson import ObjectId
from django.db.models import QuerySet

from brokers.models import EquityDay


def list_equity(connection_id: ObjectId) -> QuerySet[EquityDay]:
    """List what a broker says that an account was worth, newest day first."""
    return EquityDay.objects.filter(connection_id=connection_id).order_by("-day", "-id")
