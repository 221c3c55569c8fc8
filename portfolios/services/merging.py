"""Let what speaks of an instrument speak of the one that it turned out to be, and back again.

Each call changes some of it in one transaction, together with what is needed to take it back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId
from django.db.models import Model, Q

from common.bulk import read_many, update_many, upsert_many
from common.transactions import run_in_transaction
from portfolios.domain.renaming import replaced_entries, replaced_targets
from portfolios.domain.transactions import fingerprint
from portfolios.models import (
    Alert,
    Firing,
    MovedReference,
    Plan,
    Portfolio,
    Transaction,
    Watchlist,
)
from portfolios.selectors.ledger import draft_of
from portfolios.services.ledger import touch

#: So many at once: a transaction should last for a moment.
_BATCH = 500
_FIELDS = ("instrument_id", "to_instrument_id")


@dataclass(frozen=True, slots=True)
class Merge:
    """What turned out to be what; `key` names it for ever."""

    key: str
    source_id: ObjectId
    target_id: ObjectId
    now: datetime


@dataclass(frozen=True, slots=True)
class Followed:
    """How much has followed, and whose ledgers are to be computed anew."""

    count: int = 0
    portfolio_ids: frozenset[ObjectId] = frozenset()


def move_some(merge: Merge) -> Followed:
    """Move some of what speaks of the source to the target; nothing moved is that all has."""
    return _first_that_moves(
        (
            lambda: _move_ledger(merge),
            lambda: _move_watching(Alert, merge),
            lambda: _move_watching(Firing, merge),
            lambda: _move_content(Watchlist, "entries", merge),
            lambda: _move_content(Plan, "content", merge),
        )
    )


def return_some(merge: Merge) -> Followed:
    """Take some of what a merge has moved back; nothing returned is that all is back."""
    return _first_that_moves(
        (
            lambda: _return_ledger(merge),
            lambda: _return_watching(Alert, merge),
            lambda: _return_watching(Firing, merge),
            lambda: _return_content(Watchlist, "entries", merge),
            lambda: _return_content(Plan, "content", merge),
        )
    )


def _first_that_moves(works: Iterable[Callable[[], Followed]]) -> Followed:
    for work in works:
        done = run_in_transaction(work)
        if done.count:
            return done
    return Followed()


def _move_ledger(merge: Merge) -> Followed:
    """Move rows of one portfolio, void ones too: they may be restored."""
    named = Transaction.objects.filter(instrument_id=merge.source_id).first()
    first = named or Transaction.objects.filter(to_instrument_id=merge.source_id).first()
    if first is None:
        return Followed()
    rows = list(
        Transaction.objects.filter(
            Q(instrument_id=merge.source_id) | Q(to_instrument_id=merge.source_id),
            portfolio_id=first.portfolio_id,
        ).order_by("pk")[:_BATCH]
    )
    changed = {row.pk: _swap(row, merge.source_id, merge.target_id, _FIELDS) for row in rows}
    _store_rows(rows, now=merge.now)
    _remember(Transaction, {key: {"fields": names} for key, names in changed.items()}, merge)
    return Followed(len(rows), frozenset({first.portfolio_id}))


def _return_ledger(merge: Merge) -> Followed:
    kept = _remembered(Transaction, merge)
    rows = list(Transaction.objects.filter(pk__in=list(kept)).order_by("pk"))
    for row in rows:
        # What was said of it since stays as it is.
        _swap(row, merge.target_id, merge.source_id, kept[row.pk].content["fields"])
    _store_rows(rows, now=merge.now)
    _forget(kept.values())
    return Followed(len(kept), frozenset(row.portfolio_id for row in rows))


def _swap(row: Any, old: ObjectId, new: ObjectId, fields: Sequence[str]) -> list[str]:
    """Write the new instrument into those fields that have the old one; return which."""
    changed = [name for name in fields if getattr(row, name) == old]
    for name in changed:
        setattr(row, name, new)
    return changed


def _store_rows(rows: Sequence[Transaction], *, now: datetime) -> None:
    first_days: dict[ObjectId, Any] = {}
    for row in rows:
        day = first_days.get(row.portfolio_id, row.trade_date)
        first_days[row.portfolio_id] = min(day, row.trade_date)
        row.fingerprint = fingerprint(draft_of(row))
        # Their revisions stay: nobody has changed what was recorded, and a broker's correction
        # must still find its row untouched by people.
        row.updated_at = now
    for portfolio_id, day in first_days.items():
        touch(portfolio_id, from_date=day, now=now)
    update_many(rows)


def _move_watching(model: type[Alert | Firing], merge: Merge) -> Followed:
    rows = list(model.objects.filter(instrument_id=merge.source_id).order_by("pk")[:_BATCH])
    _store_watching(rows, merge.target_id, now=merge.now)
    _remember(model, {row.pk: {} for row in rows}, merge)
    return Followed(len(rows))


def _store_watching(rows: Sequence[Any], instrument_id: ObjectId, *, now: datetime) -> None:
    for row in rows:
        row.instrument_id = instrument_id
        if isinstance(row, Alert):
            # By this the feed notices that it changed.
            row.updated_at = now
    update_many(rows)


def _return_watching(model: type[Alert | Firing], merge: Merge) -> Followed:
    kept = _remembered(model, merge)
    rows = model.objects.filter(pk__in=list(kept), instrument_id=merge.target_id)
    _store_watching(list(rows.order_by("pk")), merge.source_id, now=merge.now)
    _forget(kept.values())
    return Followed(len(kept))


def _move_content(model: type[Watchlist | Plan], field: str, merge: Merge) -> Followed:
    """Move what names instruments inside of a document."""
    found = read_many(
        model, _NAMING[field](str(merge.source_id)), columns=("id",), sort={"_id": 1}, limit=_BATCH
    )
    rows = list(model.objects.filter(pk__in=[each["id"] for each in found]).order_by("pk"))
    remembered = {}
    for row in rows:
        before = getattr(row, field)
        after = _REPLACED[field](before, str(merge.source_id), str(merge.target_id))
        remembered[row.pk] = {"before": before, "after": after}
        setattr(row, field, after)
        row.updated_at = merge.now
    update_many(rows)
    _remember(model, remembered, merge)
    return Followed(len(rows))


def _return_content(model: type[Watchlist | Plan], field: str, merge: Merge) -> Followed:
    kept = _remembered(model, merge)
    rows = list(model.objects.filter(pk__in=list(kept)).order_by("pk"))
    for row in rows:
        content, now = kept[row.pk].content, getattr(row, field)
        is_untouched = now == content["after"]
        back = _REPLACED[field](now, str(merge.target_id), str(merge.source_id))
        setattr(row, field, content["before"] if is_untouched else back)
        row.updated_at = merge.now
    update_many(rows)
    _forget(kept.values())
    return Followed(len(kept))


_NAMING: dict[str, Callable[[str], dict[str, Any]]] = {
    "entries": lambda key: {"entries.instrument": key},
    "content": lambda key: {"content.targets.members": key},
}
_REPLACED: dict[str, Callable[[Any, str, str], Any]] = {
    "entries": replaced_entries,
    "content": replaced_targets,
}


def _remember(model: type[Model], contents: dict[ObjectId, dict[str, Any]], merge: Merge) -> None:
    upsert_many(
        (
            MovedReference(
                merge_key=merge.key,
                kind=model._meta.model_name or "",
                object_key=str(key),
                content=content,
                moved_at=merge.now,
            )
            for key, content in contents.items()
        ),
        key=("merge_key", "kind", "object_key"),
    )


def _remembered(model: type[Model], merge: Merge) -> dict[ObjectId, MovedReference]:
    found = MovedReference.objects.filter(merge_key=merge.key, kind=model._meta.model_name)
    return {ObjectId(each.object_key): each for each in found.order_by("object_key")[:_BATCH]}


def _forget(kept: Iterable[MovedReference]) -> None:
    MovedReference.objects.filter(pk__in=[each.pk for each in kept]).delete()


def portfolios_of(done: Followed) -> list[Portfolio]:
    """Load the portfolios that are to be computed anew."""
    return list(Portfolio.objects.filter(pk__in=list(done.portfolio_ids)))
