"""Store what was disposed of, which in a long ledger is too much for one transaction.

The rows that differ are written a batch at a time before all else is stored. Meanwhile the
portfolio is due for a recalculation, which pages say, and stays due if this one breaks off: the
next one goes on from what differs then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from itertools import islice
from typing import Any

from bson import ObjectId
from django.db import connection

from common.bulk import document_of, upsert_many
from common.money import plain
from common.transactions import run_in_transaction
from portfolios.domain.engine import ClosedLot
from portfolios.domain.engine import Disposal as ComputedDisposal
from portfolios.models import Disposal, Portfolio

_AT_ONCE = 500
_KEY = ("portfolio", "transaction_id", "place")
#: What may differ without anything being different.
_IGNORED = ("_id", "revision")
_COPIED = (
    "date",
    "account",
    "is_short",
    "currency",
    "quantity",
    "proceeds",
    "cost",
    "gain",
    "proceeds_base",
    "cost_base",
    "gain_base",
    "price_gain_base",
    "currency_gain_base",
    "charges_base",
)
_LOT_AMOUNTS = (
    "quantity",
    "cost",
    "cost_base",
    "proceeds",
    "proceeds_base",
    "gain",
    "gain_base",
)


def rows_of(portfolio: Portfolio, disposals: Sequence[ComputedDisposal]) -> list[Disposal]:
    """Return disposals as they are stored, numbered where a transaction makes several."""
    places: Counter[str] = Counter()
    rows = []
    for each in disposals:
        rows.append(
            Disposal(
                portfolio=portfolio,
                transaction_id=each.event_id,
                place=places[each.event_id],
                instrument_id=ObjectId(each.instrument_id),
                revision=portfolio.ledger_revision,
                lots=[_closed_lot(lot) for lot in each.lots],
                **{name: getattr(each, name) for name in _COPIED},
            )
        )
        places[each.event_id] += 1
    return rows


def store_disposals(
    portfolio: Portfolio, rows: Sequence[Disposal], *, since: date | None, now: datetime
) -> bool:
    """Bring what is stored from a day on, or in all, up to some rows.

    Returns:
        Whether that was done: not if the ledger has another revision by now.
    """
    stored = _stored(portfolio, since)
    changed, kept = [], set()
    for row in rows:
        key = (row.transaction_id, row.place)
        kept.add(key)
        wanted = document_of(row, connection)
        if key not in stored or _plain(stored[key]) != _plain(wanted):
            changed.append(row)
    gone = [document["_id"] for key, document in stored.items() if key not in kept]
    left_over, left_to_write = iter(gone), iter(changed)
    while True:
        drop, put = list(islice(left_over, _AT_ONCE)), list(islice(left_to_write, _AT_ONCE))
        if not (drop or put):
            return True
        if not run_in_transaction(partial(_write, portfolio, drop, put, now=now)):
            return False


def _stored(portfolio: Portfolio, since: date | None) -> dict[tuple[str, int], dict[str, Any]]:
    wanted: dict[str, Any] = {"portfolio_id": portfolio.pk}
    if since is not None:
        wanted["date"] = {"$gte": datetime(since.year, since.month, since.day)}  # noqa: DTZ001 - a day
    collection = connection.get_collection(Disposal._meta.db_table)  # type: ignore[attr-defined]
    return {(each["transaction_id"], each["place"]): each for each in collection.find(wanted)}


def _plain(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in _IGNORED}


def _write(
    portfolio: Portfolio, drop: Sequence[ObjectId], put: Sequence[Disposal], *, now: datetime
) -> bool:
    """Write a batch, unless the ledger has moved on: whoever changes it meets us here."""
    is_same = Portfolio.objects.filter(
        pk=portfolio.pk, ledger_revision=portfolio.ledger_revision
    ).update(checkpointed_at=now)
    if not is_same:
        return False
    Disposal.objects.filter(pk__in=drop).delete()
    upsert_many(put, key=_KEY)
    return True


def _closed_lot(lot: ClosedLot) -> dict[str, Any]:
    amounts = {name: getattr(lot, name) for name in _LOT_AMOUNTS}
    return {
        "opened_on": lot.opened_on.isoformat(),
        "transaction": lot.event_id,
        "held_days": lot.held_days,
        **{name: None if each is None else plain(each) for name, each in amounts.items()},
    }
