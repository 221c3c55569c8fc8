"""What the feed asks each minute: who wants which price, of very many portfolios.

Twenty thousand portfolios of 25 positions each unless PORTFOLIOS says otherwise; to make a hundred
thousand takes minutes: `PORTFOLIOS=100000 make bench ONLY=interests`.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from bson import ObjectId
from django.db import connection

from benchmarks.measure import Figure, stopwatch
from common.bulk import batched, document_of
from marketdata.domain.routing import Interest
from portfolios.models import Position
from portfolios.selectors.interests import Holders, list_interests

PORTFOLIOS = int(os.environ.get("PORTFOLIOS", "20000"))
POSITIONS = 25
_INSTRUMENTS = 4_000
#: One of so many was sold.
_SOLD = 10
_BATCH = 20_000
_NOW = datetime(2026, 3, 2, tzinfo=UTC)


def run() -> list[Figure]:
    """Ask until everything has been counted once, and look at the longest answer."""
    collection: Any = connection.get_collection(Position._meta.db_table)  # type: ignore[attr-defined]
    for batch in batched(_positions(random.Random(7)), _BATCH):
        collection.insert_many(batch, ordered=False)
    held = collection.count_documents({"quantity": {"$ne": 0}})
    holders, times, counted = Holders(), [], 0
    while counted < held:
        with stopwatch() as seconds:
            interests = list_interests(holders)
        times.append(seconds())
        counted = sum(interests[Interest.HOLDING].values())
    assert counted == held
    return [
        Figure("interests.positions", PORTFOLIOS * POSITIONS, "rows"),
        Figure("interests.longest", max(times), "s", 1),
        Figure("interests.calls", len(times), "calls"),
        Figure("interests.whole", sum(times), "s"),
    ]


def _positions(dice: random.Random) -> Iterator[dict[str, Any]]:
    instruments = [ObjectId() for _ in range(_INSTRUMENTS)]
    row = Position(
        portfolio_id=ObjectId(),
        instrument_id=instruments[0],
        revision=1,
        quantity=5,
        currency="USD",
        status="complete",
        created_at=_NOW,
        updated_at=_NOW,
    )
    held = document_of(row, connection)
    row.quantity = 0
    sold = document_of(row, connection)
    for _ in range(PORTFOLIOS):
        portfolio_id = ObjectId()
        for number, key in enumerate(dice.sample(instruments, POSITIONS)):
            known = sold if number % _SOLD == _SOLD - 1 else held
            yield known | {"portfolio_id": portfolio_id, "instrument_id": key}
