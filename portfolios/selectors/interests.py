"""Ask which instruments people want the prices of."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db.models import Model

from common.bulk import aggregate
from marketdata.domain.routing import Interest, Interests
from portfolios.models import Alert, Position, Watchlist


def list_interests() -> Interests:
    """Count who wants each instrument: alerts, portfolios that hold it, and watchlists.

    Each is one pass over all of a kind, done by the database.
    """
    alerts = {"is_paused": False, "instrument_id": {"$ne": None}}
    return {
        Interest.ALERT: _count(Alert, alerts, by="$instrument_id"),
        Interest.HOLDING: _count(Position, {"quantity": {"$ne": 0}}, by="$instrument_id"),
        Interest.WATCHLIST: _count_watched(),
    }


def _count(model: type[Model], condition: dict[str, Any], *, by: str) -> dict[str, int]:
    found = aggregate(
        model, [{"$match": condition}, {"$group": {"_id": by, "people": {"$sum": 1}}}]
    )
    return {str(each["_id"]): each["people"] for each in found}


def _count_watched() -> dict[str, int]:
    people: Counter[str] = Counter()
    for entries in Watchlist.objects.values_list("entries", flat=True):
        people.update({each["instrument"] for each in entries})
    return dict(people)
