"""Store what was disposed of, which in a long ledger is too much for one transaction.

The rows that differ are written a batch at a time before all else is stored. Meanwhile the
portfolio is due for a recalculation, which pages say, and stays due if this one breaks off: the
next one goes on from what differs then.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from datetime import date, datetime
from functools import partial
from itertools import chain
from operator import attrgetter
from typing import Any, NamedTuple

from bson import ObjectId

from common.bulk import at_midnight, batched, insert_many, read_many, update_many
from common.money import plain
from common.transactions import run_in_transaction
from portfolios.domain.engine import ClosedLot
from portfolios.domain.engine import Disposal as ComputedDisposal
from portfolios.models import Disposal, Portfolio

_AT_ONCE = 500
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


_everything = attrgetter(*(field.name for field in fields(ComputedDisposal)))

_Key = tuple[str, int]


class _Change(NamedTuple):
    """A disposal that isn't stored as it is now; without an id it isn't stored at all."""

    key: _Key
    disposal: ComputedDisposal
    digest: str
    pk: ObjectId | None


def store_disposals(
    portfolio: Portfolio,
    disposals: Sequence[ComputedDisposal],
    *,
    since: date | None,
    now: datetime,
) -> bool:
    """Bring what is stored from a day on, or in all, up to what was computed.

    Returns:
        Whether that was done: not if the ledger has another revision by now.
    """
    stored = _stored(portfolio, since)
    added: list[_Change] = []
    changed: list[_Change] = []
    for key, each in _numbered(disposals):
        digest = _digest(each)
        earlier_digest, pk = stored.pop(key, (None, None))
        if pk is None or earlier_digest != digest:
            (added if pk is None else changed).append(_Change(key, each, digest, pk))
    gone = [pk for _, pk in stored.values()]
    # Rows are made a batch at a time: those of a long ledger fill a hundred megabytes.
    writes: Iterator[Callable[[], object]] = chain(
        (partial(insert_many, _rows(portfolio, batch)) for batch in batched(added, _AT_ONCE)),
        (partial(update_many, _rows(portfolio, batch)) for batch in batched(changed, _AT_ONCE)),
        (Disposal.objects.filter(pk__in=batch).delete for batch in batched(gone, _AT_ONCE)),
    )
    return all(run_in_transaction(partial(_write, portfolio, write, now=now)) for write in writes)


def _stored(portfolio: Portfolio, since: date | None) -> dict[_Key, tuple[str, ObjectId]]:
    """Load digest and id of what is stored."""
    wanted: dict[str, Any] = {"portfolio_id": portfolio.pk}
    if since is not None:
        wanted["date"] = {"$gte": at_midnight(since)}
    rows = read_many(
        Disposal,
        wanted,
        columns=("id", "transaction_id", "place", "digest"),
        sort={"date": -1, "transaction_id": -1, "place": -1},
    )
    return {(each["transaction_id"], each["place"]): (each["digest"], each["id"]) for each in rows}


def _numbered(
    disposals: Sequence[ComputedDisposal],
) -> Iterator[tuple[_Key, ComputedDisposal]]:
    """Number the disposals of transactions that make several."""
    places: Counter[str] = Counter()
    for each in disposals:
        yield (each.event_id, places[each.event_id]), each
        places[each.event_id] += 1


def _digest(disposal: ComputedDisposal) -> str:
    """Return what differs as soon as anything of a disposal does."""
    return hashlib.blake2b(repr(_everything(disposal)).encode(), digest_size=16).hexdigest()


def _rows(portfolio: Portfolio, changes: Sequence[_Change]) -> list[Disposal]:
    return [
        Disposal(
            pk=pk,
            portfolio=portfolio,
            transaction_id=transaction_id,
            place=place,
            instrument_id=ObjectId(disposal.instrument_id),
            revision=portfolio.ledger_revision,
            digest=digest,
            lots=[_closed_lot(lot) for lot in disposal.lots],
            **{name: getattr(disposal, name) for name in _COPIED},
        )
        for (transaction_id, place), disposal, digest, pk in changes
    ]


def _write(portfolio: Portfolio, write: Callable[[], object], *, now: datetime) -> bool:
    """Write a batch, unless the ledger has moved on: whoever changes it meets us here."""
    is_same = Portfolio.objects.filter(
        pk=portfolio.pk, ledger_revision=portfolio.ledger_revision
    ).update(checkpointed_at=now)
    if is_same:
        write()
    return bool(is_same)


def _closed_lot(lot: ClosedLot) -> dict[str, Any]:
    amounts = {name: getattr(lot, name) for name in _LOT_AMOUNTS}
    return {
        "opened_on": lot.opened_on.isoformat(),
        "transaction": lot.event_id,
        "held_days": lot.held_days,
        **{name: None if each is None else plain(each) for name, each in amounts.items()},
    }
