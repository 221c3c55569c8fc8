"""Ask what of portfolios, and of what people watch, speaks of an instrument."""

from __future__ import annotations

from typing import Any

from bson import ObjectId
from django.db.models import Model

from common.bulk import aggregate
from portfolios.models import Alert, Firing, Plan, Portfolio, Transaction, Watchlist


def count_references(instrument_id: ObjectId, *, owner_id: ObjectId | None) -> dict[str, int]:
    """Count what speaks of an instrument, by what people call it; void rows count as well.

    Args:
        owner_id: whose own it is, so that only what is theirs is looked through; None is everybody.
    """
    rows = Transaction.objects.filter(instrument_id=instrument_id).count()
    received = Transaction.objects.filter(to_instrument_id=instrument_id)
    rows += received.exclude(instrument_id=instrument_id).count()
    key = str(instrument_id)
    theirs: dict[str, Any] = {}
    their_plans: dict[str, Any] = {}
    if owner_id is not None:
        portfolios = Portfolio.objects.filter(owner_id=owner_id).values_list("pk", flat=True)
        theirs, their_plans = {"owner_id": owner_id}, {"portfolio_id": {"$in": list(portfolios)}}
    return {
        "transaction": rows,
        "alert": Alert.objects.filter(instrument_id=instrument_id).count(),
        "message in an inbox": Firing.objects.filter(instrument_id=instrument_id).count(),
        "watchlist": _count(Watchlist, theirs | {"entries.instrument": key}),
        "target": _count(Plan, their_plans | {"content.targets.members": key}),
    }


def _count(model: type[Model], condition: dict[str, Any]) -> int:
    found = aggregate(model, [{"$match": condition}, {"$count": "number"}])
    return next((int(each["number"]) for each in found), 0)
