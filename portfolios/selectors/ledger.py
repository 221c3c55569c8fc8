"""Ask about the rows of a ledger."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import date

from bson import ObjectId
from django.db.models import Count, Q, QuerySet

from common.errors import NotFound
from marketdata import selectors as market
from portfolios.domain.transactions import Draft, Event, Kind
from portfolios.models import Transaction, TransactionRevision

_DRAFT_COLUMNS = tuple(field.name for field in fields(Draft))


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
    """List how a row stood before each of its changes, newest first."""
    return TransactionRevision.objects.filter(transaction_id=transaction_id).order_by("-revision")


def list_events(portfolio_id: ObjectId) -> list[Event]:
    """Load a whole ledger as the engine wants it; the engine puts it in order."""
    rows = list(
        Transaction.objects.filter(portfolio_id=portfolio_id, is_void=False)
        .order_by("-trade_date", "-id")
        .values_list("id", "created_at", *_DRAFT_COLUMNS)
    )
    place = 2 + _DRAFT_COLUMNS.index("instrument_id")
    instruments = market.instruments_by_id({str(row[place]) for row in rows if row[place]})
    events = []
    for row_id, created_at, *values in rows:
        known = dict(zip(_DRAFT_COLUMNS, values, strict=True))
        instrument_id = known["instrument_id"]
        known["instrument_id"] = str(instrument_id) if instrument_id else None
        known["kind"] = Kind(known["kind"])
        instrument = instruments.get(str(instrument_id))
        events.append(
            Event(
                id=str(row_id),
                created_at=created_at,
                instrument_currency=instrument.currency if instrument else None,
                **known,
            )
        )
    return events


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
