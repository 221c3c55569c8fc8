"""Ask about differences between a broker's figures and the ledger's."""

from __future__ import annotations

from bson import ObjectId
from django.db.models import QuerySet

from brokers.domain.discrepancies import LIVE, DiscrepancyState
from brokers.models import Discrepancy
from common.errors import NotFound

_LIVE = [state.value for state in LIVE]
_ENDED = [state.value for state in DiscrepancyState if state not in LIVE]


class DiscrepancyNotFound(NotFound):
    """There is no such difference."""

    code = "discrepancy-not-found"


def get_discrepancy(discrepancy_id: ObjectId, *, connection_id: ObjectId) -> Discrepancy:
    """Load a difference of a connection.

    Raises:
        DiscrepancyNotFound: there is none.
    """
    found = Discrepancy.objects.filter(pk=discrepancy_id, connection_id=connection_id).first()
    if found is None:
        raise DiscrepancyNotFound
    return found


def list_discrepancies(connection_id: ObjectId) -> QuerySet[Discrepancy]:
    """List a connection's differences, newest first, those that are over too."""
    return Discrepancy.objects.filter(connection_id=connection_id).order_by("-id")


def list_live(connection_id: ObjectId) -> QuerySet[Discrepancy]:
    """List what differs now, newest first, also what was put aside."""
    return Discrepancy.objects.filter(connection_id=connection_id, state__in=_LIVE).order_by("-id")


def list_ended(connection_id: ObjectId) -> QuerySet[Discrepancy]:
    """List what differed once, newest first."""
    return Discrepancy.objects.filter(connection_id=connection_id, state__in=_ENDED).order_by("-id")


def count_open(connection_id: ObjectId) -> int:
    """Count what differs and wasn't put aside."""
    return Discrepancy.objects.filter(
        connection_id=connection_id, state=DiscrepancyState.OPEN.value
    ).count()
