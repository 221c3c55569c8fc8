"""What market data announces, and what follows from it for portfolios."""

from __future__ import annotations

from datetime import date, datetime
from functools import partial
from typing import Any

from bson import ObjectId
from django_mongodb_backend.transaction import on_commit

from marketdata import events as market
from portfolios import tasks
from portfolios.services import recalculation


def on_own_worth_changed(
    *, instrument_id: ObjectId, owner_id: ObjectId, from_date: date, now: datetime, **_more: Any
) -> None:
    """Have portfolios valued anew; it is noted with the change, and queued once that is stored."""
    touched = recalculation.mark_repriced(
        instrument_id, owner_id=owner_id, from_date=from_date, now=now
    )
    for portfolio in touched:
        on_commit(partial(tasks.request_recalculation, portfolio))


def connect() -> None:
    """Begin to listen."""
    market.own_closes_changed.connect(on_own_worth_changed)
    market.own_multiplier_changed.connect(on_own_worth_changed)
