"""Keep the differences between a broker's figures and the ledger's, and what people decide."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from bson import ObjectId

from brokers.domain.discrepancies import LIVE, DiscrepancyState
from brokers.domain.events import HeldUnits, as_name, as_texts
from brokers.domain.reconcile import Outcome
from brokers.models import Connection, Discrepancy
from brokers.services import opening_costs
from brokers.services.naming import Instruments
from brokers.services.opening_costs import NotAcceptable
from brokers.services.reconciling import Comparison, count_book
from common.errors import Conflict
from common.money import exact, plain, rounded_to_places
from common.transactions import run_in_transaction
from marketdata import selectors as market
from portfolios.domain.kinds import Kind
from portfolios.domain.transactions import Draft
from portfolios.services import ledger

_ZERO = Decimal(0)


class _Traded(NamedTuple):
    key: str
    currency: str


class DiscrepancyChanged(Conflict):
    """The figures are others by now, or the difference is gone: look at it again."""

    code = "discrepancy-changed"


def record(connection: Connection, comparison: Comparison, *, now: datetime) -> None:
    """Keep what differs after a sync, in the caller's transaction; what doesn't any more is over.

    What its owner put aside stays so while the numbers are the same.
    """
    live = {
        row.live_for: row
        for row in Discrepancy.objects.filter(
            connection_id=connection.pk, live_for__isnull=False
        ).order_by("pk")
    }
    for line in comparison.lines:
        if line["outcome"] != Outcome.DRIFT.value and not line["suggestion"]:
            continue
        key = f"{connection.pk}:{line['measure']}:{line['what']}"
        row = live.pop(key, None)
        if row is None:
            row = Discrepancy(
                connection_id=connection.pk,
                owner_id=connection.owner_id,
                measure=line["measure"],
                what=line["what"],
                live_for=key,
                first_seen_at=now,
                created_at=now,
            )
        if line["measure"] != "cash":
            row.instrument_id = comparison.instrument_ids.get(line["what"], "")
            held = comparison.held.get(line["what"])
            row.named = _named(held) if held else row.named
        _see(row, line, now=now)
    lines = {(line["measure"], line["what"]): line for line in comparison.lines}
    for row in live.values():
        if _is_untold(row, lines):
            continue
        row.state, row.live_for = DiscrepancyState.RESOLVED.value, None
        row.decided_at = row.updated_at = now
        row.save()


def _is_untold(row: Discrepancy, lines: Mapping[tuple[str, str], dict[str, Any]]) -> bool:
    """Say whether nothing is known anew: a broker may leave a figure out, and a difference stay."""
    line = lines.get((row.measure, row.what))
    if row.measure == "cost":
        # Where units differ, cost isn't compared.
        return line is None and ("quantity", row.what) in lines
    return line is not None and line["theirs"] is None


def _see(row: Discrepancy, line: dict[str, Any], *, now: datetime) -> None:
    theirs, ours = (
        None if line[name] is None else rounded_to_places(Decimal(line[name]))
        for name in ("theirs", "ours")
    )
    if (row.theirs, row.ours) != (theirs, ours):
        row.state = DiscrepancyState.OPEN.value
        row.decided_by_id = row.decided_at = None
        row.theirs, row.ours = theirs, ours
        row.reason, row.suggestion = line["reason"][:500], line["suggestion"] or {}
    row.last_seen_at = row.updated_at = now
    row.save()


def _named(held: HeldUnits) -> dict[str, str]:
    return as_texts(held.instrument) | {"currency": held.currency}


def put_aside(row: Discrepancy, *, decided_by: ObjectId, now: datetime) -> Discrepancy:
    """Show a difference no more while its numbers stay.

    Raises:
        DiscrepancyChanged: it is over.
    """
    return _decide(row, DiscrepancyState.DISMISSED, decided_by=decided_by, now=now)


def take_up(row: Discrepancy, *, decided_by: ObjectId, now: datetime) -> Discrepancy:
    """Show a difference again that was put aside.

    Raises:
        DiscrepancyChanged: it is over.
    """
    return _decide(row, DiscrepancyState.OPEN, decided_by=decided_by, now=now)


def _decide(
    row: Discrepancy, state: DiscrepancyState, *, decided_by: ObjectId, now: datetime
) -> Discrepancy:
    def decide() -> Discrepancy:
        held = _live(row)
        held.state, held.decided_by_id = state.value, decided_by
        held.decided_at = held.updated_at = now
        held.save()
        return held

    return run_in_transaction(decide)


def accept(
    row: Discrepancy,
    *,
    theirs: Decimal,
    ours: Decimal | None,
    decided_by: ObjectId,
    now: datetime,
) -> Discrepancy:
    """Let the broker's figure hold, as a change of the person who says so.

    What is missing is booked as one row. A cost that isn't known becomes the price of the rows that
    brought the units.

    Args:
        theirs: the figures that the person saw; `ours` likewise.

    Raises:
        DiscrepancyChanged: the figures are others by now, or the difference is over.
        NotAcceptable: one row can't do that.
    """
    instrument = _instrument_of(row, now=now)

    def take_over() -> Discrepancy:
        held = _live(row)
        if (held.theirs, held.ours) != (theirs, ours) or _ours_now(held, instrument) != ours:
            raise DiscrepancyChanged
        held.transaction_id = _mend(held, instrument, decided_by=decided_by, now=now)
        held.state, held.live_for = DiscrepancyState.ACCEPTED.value, None
        held.decided_by_id = decided_by
        held.decided_at = held.updated_at = now
        held.save()
        return held

    return run_in_transaction(take_over)


def _mend(
    held: Discrepancy, instrument: _Traded | None, *, decided_by: ObjectId, now: datetime
) -> str:
    """Make the ledger say what the broker says; return the row that does it."""
    if held.measure == "cost":
        return opening_costs.give(
            held.connection,
            instrument_id=instrument.key if instrument else "",
            cost=held.theirs,
            changed_by=decided_by,
            now=now,
        )
    draft = _draft(held, instrument, now=now)
    made = ledger.record_transaction(held.connection.portfolio_id, draft=draft, now=now)
    return str(made.pk)


def _live(row: Discrepancy) -> Discrepancy:
    found = Discrepancy.objects.filter(pk=row.pk, state__in=[state.value for state in LIVE]).first()
    if found is None:
        raise DiscrepancyChanged
    return found


def _ours_now(row: Discrepancy, instrument: _Traded | None) -> Decimal | None:
    """Count the ledger anew: it may have changed since the sync."""
    book = count_book(row.connection)
    if row.measure == "cash":
        return rounded_to_places(book.cash.get(row.what, _ZERO))
    position = book.positions.get(instrument.key if instrument else "")
    if row.measure == "quantity":
        return rounded_to_places(position.quantity if position else _ZERO)
    found = position.cost if position else _ZERO
    return None if found is None else rounded_to_places(found)


def _instrument_of(row: Discrepancy, *, now: datetime) -> _Traded | None:
    """Find what a difference is about, or make it, if only the broker knows it."""
    # It may have turned out to be another one since.
    key = market.current_ids([row.instrument_id] if row.instrument_id else []).get(
        row.instrument_id, row.instrument_id
    )
    if not key and row.named:
        name = as_name(row.named)
        instruments = Instruments(row.owner_id, source=row.connection.broker)
        key = instruments.find(name, currency=name.currency, now=now) or ""
    found = market.instruments_by_id([key]).get(key) if key else None
    return _Traded(key, found.currency) if found else None


def _draft(row: Discrepancy, instrument: _Traded | None, *, now: datetime) -> Draft:
    ours: Decimal = row.ours or _ZERO
    with exact():
        difference = row.theirs - ours
    known: dict[str, Any] = {
        "trade_date": now.date(),
        "executed_at": now,
        "account": row.connection.account,
        "note": f"Broker's figure accepted: {plain(row.theirs)}, the ledger had {plain(ours)}.",
    }
    if row.measure == "cash":
        kind = Kind.DEPOSIT if difference > 0 else Kind.WITHDRAWAL
        return Draft(kind=kind, amount=abs(difference), currency=row.what, **known)
    if instrument is None or row.theirs < 0 or ours < 0:
        raise NotAcceptable
    return Draft(
        kind=Kind.TRANSFER_IN if difference > 0 else Kind.TRANSFER_OUT,
        instrument_id=instrument.key,
        quantity=abs(difference),
        currency=instrument.currency,
        **known,
    )
