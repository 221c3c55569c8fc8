"""Ask about the rows of a ledger."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from bson import ObjectId
from django.db.models import Count, Q, QuerySet

from common.bulk import aggregate, at_midnight, batched, read_many
from common.errors import NotFound
from marketdata import selectors as market
from portfolios.domain.kinds import RECEIVING, Kind
from portfolios.domain.transactions import Draft, Event
from portfolios.models import Transaction, TransactionRevision

_DRAFT_COLUMNS = tuple(field.name for field in fields(Draft))
_EVENT_COLUMNS = ("id", "created_at", *_DRAFT_COLUMNS)
_INSTRUMENT_COLUMNS = ("instrument_id", "to_instrument_id")
_ONE = Decimal(1)
_KINDS = {kind.value: kind for kind in Kind}
_AT_ONCE = 2_000


class TransactionNotFound(NotFound):
    """There is no such transaction in this portfolio."""

    code = "transaction-not-found"


@dataclass(frozen=True, slots=True)
class TransactionFilter:
    """What to list of a ledger; None and empty mean everything."""

    kind: Kind | None = None
    instrument_id: ObjectId | None = None
    start: date | None = None
    end: date | None = None
    text: str = ""


def get_transaction(portfolio_id: ObjectId, *, transaction_id: ObjectId) -> Transaction:
    """Load one row of a ledger, void or not.

    Raises:
        TransactionNotFound: the portfolio has none with this id.
    """
    row = Transaction.objects.filter(pk=transaction_id, portfolio_id=portfolio_id).first()
    if row is None:
        raise TransactionNotFound
    return row


def list_transactions(
    portfolio_id: ObjectId, *, wanted: TransactionFilter | None = None
) -> QuerySet[Transaction]:
    """List the rows of a ledger that are not void, newest first.

    `wanted.text` is looked for in notes and accounts, in any case; `start` and `end` are both
    included.
    """
    wanted = wanted or TransactionFilter()
    rows = Transaction.objects.filter(portfolio_id=portfolio_id, is_void=False)
    if wanted.kind is not None:
        rows = rows.filter(kind=wanted.kind.value)
    if wanted.instrument_id is not None:
        rows = rows.filter(instrument_id=wanted.instrument_id)
    if wanted.start is not None:
        rows = rows.filter(trade_date__gte=wanted.start)
    if wanted.end is not None:
        rows = rows.filter(trade_date__lte=wanted.end)
    if wanted.text:
        rows = rows.filter(Q(note__icontains=wanted.text) | Q(account__icontains=wanted.text))
    return rows.order_by("-trade_date", "-id")


def list_revisions(transaction_id: ObjectId) -> QuerySet[TransactionRevision]:
    """List how a row stood before each of its changes, newest first, with who changed it."""
    kept = TransactionRevision.objects.filter(transaction_id=transaction_id)
    # Not as a join, before which the server would have to sort all of them.
    return kept.prefetch_related("changed_by").order_by("-revision")


def list_events(
    portfolio_id: ObjectId,
    *,
    since: date | None = None,
    until: date | None = None,
    instrument_ids: Collection[ObjectId] | None = None,
    limit: int | None = None,
) -> list[Event]:
    """Load a ledger as the engine wants it, which puts it in order.

    Args:
        since: only the rows from this day on.
        until: only the rows before this day.
        instrument_ids: only the rows about these.
        limit: only so many of the newest rows.
    """
    found: dict[str, Any] = {}
    bounds = {"$gte": since, "$lt": until}
    if known := {name: at_midnight(day) for name, day in bounds.items() if day is not None}:
        found["trade_date"] = known
    if instrument_ids is not None:
        found["instrument_id"] = {"$in": list(instrument_ids)}
    return _events(_rows(portfolio_id, found, limit=limit))


def list_events_about(
    portfolio_id: ObjectId, *, instrument_ids: Collection[ObjectId]
) -> list[Event]:
    """Load the rows of a ledger that speak of some instruments, given or received."""
    ids = {"$in": list(instrument_ids)}
    wanted = {"$or": [{"instrument_id": ids}, {"to_instrument_id": ids}]}
    return _events(_rows(portfolio_id, wanted))


def list_events_named(portfolio_id: ObjectId, ids: Collection[ObjectId]) -> list[Event]:
    """Load single rows of a ledger, without those that aren't there any more."""
    return _events(_rows(portfolio_id, {"_id": {"$in": list(ids)}}))


def _events(found: Iterator[dict[str, Any]]) -> list[Event]:
    events: list[Event] = []
    named: dict[ObjectId | None, _Named] = {None: _NOBODY}
    # A batch at a time: the rows of a long ledger would take as much room as its events.
    for rows in batched(found, _AT_ONCE):
        keys = {row[name] for name in _INSTRUMENT_COLUMNS for row in rows}
        if new := keys - named.keys():
            named |= _look_up(new)
        events += [_event(row, named) for row in rows]
    return events


class _Named(NamedTuple):
    """What an event must know of an instrument that it names."""

    key: str | None
    currency: str | None
    multiplier: Decimal


_NOBODY = _Named(None, None, _ONE)


def _look_up(keys: Collection[ObjectId | None]) -> dict[ObjectId | None, _Named]:
    found = market.instruments_by_id([key for key in keys if key])
    return {
        key: _Named(str(key), found[str(key)].currency, found[str(key)].multiplier)
        if str(key) in found
        else _Named(str(key), None, _ONE)
        for key in keys
    }


def _event(row: dict[str, Any], named: Mapping[ObjectId | None, _Named]) -> Event:
    """Make an event of a row, which is used up."""
    instrument, received = named[row["instrument_id"]], named[row["to_instrument_id"]]
    row["id"] = str(row["id"])
    row["instrument_id"], row["to_instrument_id"] = instrument.key, received.key
    row["kind"] = _KINDS[row["kind"]]
    row["lots"] = named_lots(row["lots"]) if row["lots"] else ()
    return Event(
        instrument_currency=instrument.currency,
        multiplier=instrument.multiplier,
        to_instrument_currency=received.currency,
        to_multiplier=received.multiplier,
        **row,
    )


def first_trade_date(portfolio_id: ObjectId) -> date | None:
    """Return the day of a ledger's oldest row, or None where it is empty."""
    rows = Transaction.objects.filter(portfolio_id=portfolio_id, is_void=False)
    return rows.order_by("trade_date", "id").values_list("trade_date", flat=True).first()


def list_splits(portfolio_id: ObjectId) -> list[Event]:
    """Load the splits of a whole ledger, which turn older closes into units of later days."""
    return _events(_rows(portfolio_id, {"kind": Kind.SPLIT.value}))


def origins_of(portfolio_id: ObjectId, instrument_id: ObjectId) -> set[ObjectId]:
    """Return an instrument and all that became it, whose lots are its own by now."""
    turns = list(
        Transaction.objects.filter(
            portfolio_id=portfolio_id, is_void=False, kind__in=[each.value for each in RECEIVING]
        )
        .order_by()
        .values_list("instrument_id", "to_instrument_id")
    )
    found, added = {instrument_id}, {instrument_id}
    while added:
        added = {source for source, target in turns if target in added} - found
        found |= added
    return found


class Purchases(NamedTuple):
    """What was paid for an instrument on each day with a purchase, oldest first."""

    instrument_id: str
    currency: str
    paid: list[tuple[date, float]]


def purchases_for_statistics(portfolio_id: ObjectId, *, since: date) -> list[Purchases]:
    """Add up what was paid for each instrument, charges apart, by currency and day."""
    amount = {"$multiply": ["$quantity", "$price"]}
    found = aggregate(
        Transaction,
        [
            {
                "$match": {
                    "portfolio_id": portfolio_id,
                    "is_void": False,
                    "kind": Kind.BUY.value,
                    "trade_date": {"$gte": at_midnight(since)},
                }
            },
            {
                "$group": {
                    "_id": {
                        "instrument_id": "$instrument_id",
                        "currency": "$currency",
                        "date": "$trade_date",
                    },
                    "paid": {"$sum": amount},
                }
            },
            {"$sort": {"_id": 1}},
            {
                "$group": {
                    "_id": {"instrument_id": "$_id.instrument_id", "currency": "$_id.currency"},
                    "days": {"$push": "$_id.date"},
                    "paid": {"$push": {"$toDouble": "$paid"}},
                }
            },
            {"$sort": {"_id": 1}},
        ],
    )
    return [
        Purchases(
            str(each["_id"]["instrument_id"]),
            each["_id"]["currency"],
            [(day.date(), paid) for day, paid in zip(each["days"], each["paid"], strict=True)],
        )
        for each in found
    ]


def _rows(
    portfolio_id: ObjectId, wanted: Mapping[str, Any], *, limit: int | None = None
) -> Iterator[dict[str, Any]]:
    """Read the columns of events, newest first."""
    return read_many(
        Transaction,
        {"portfolio_id": portfolio_id, "is_void": False, **wanted},
        columns=_EVENT_COLUMNS,
        sort={"trade_date": -1, "_id": -1},
        limit=limit,
    )


def draft_of(row: Transaction) -> Draft:
    """Return what a stored row says happened."""
    known = {name: getattr(row, name) for name in _DRAFT_COLUMNS}
    for name in _INSTRUMENT_COLUMNS:
        known[name] = str(known[name]) if known[name] else None
    known["kind"] = Kind(row.kind)
    known["lots"] = named_lots(row.lots)
    return Draft(**known)


def named_lots(stored: Iterable[Sequence[str]]) -> tuple[tuple[str, Decimal], ...]:
    """Read which lots a sale takes from how they are stored."""
    return tuple((event_id, Decimal(quantity)) for event_id, quantity in stored)


def find_imported(
    portfolio_id: ObjectId, *, run_id: str, numbers: Collection[int]
) -> dict[int, str]:
    """Find which transactions some rows of an import became, void ones apart."""
    rows = Transaction.objects.filter(
        portfolio_id=portfolio_id,
        import_run_id=run_id,
        import_row__in=list(numbers),
        is_void=False,
    ).order_by("import_row")
    return {number or 0: str(key) for number, key in rows.values_list("import_row", "pk")}


def find_copy(portfolio_id: ObjectId, *, mark: str, copy: int, excluding_run: str) -> str | None:
    """Find the how-manieth of all transactions that have a fingerprint, the oldest first."""
    equal = (
        Transaction.objects.filter(portfolio_id=portfolio_id, fingerprint=mark, is_void=False)
        .exclude(import_run_id=excluding_run)
        .order_by("pk")
        .values_list("pk", flat=True)[copy - 1 : copy]
    )
    found = list(equal)
    return str(found[0]) if found else None


def list_copies(
    portfolio_id: ObjectId, *, fingerprints: Collection[str]
) -> list[tuple[str, str, int]]:
    """List fingerprint, id and revision of the rows that have some fingerprints, oldest first."""
    rows = Transaction.objects.filter(
        portfolio_id=portfolio_id, fingerprint__in=list(set(fingerprints)), is_void=False
    ).order_by("pk")
    return [
        (mark, str(key), revision)
        for mark, key, revision in rows.values_list("fingerprint", "pk", "revision")
    ]


def count_fingerprints(
    portfolio_id: ObjectId, *, fingerprints: Collection[str], excluding_run: str
) -> dict[str, int]:
    """Count the rows of a ledger that have each fingerprint, save those of one import."""
    counted = (
        Transaction.objects.filter(
            portfolio_id=portfolio_id, fingerprint__in=list(set(fingerprints)), is_void=False
        )
        .exclude(import_run_id=excluding_run)
        .values_list("fingerprint")
        .annotate(copies=Count("id"))
        .order_by("fingerprint")
    )
    return dict(counted)
