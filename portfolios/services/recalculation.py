"""Compute a portfolio's read models from its ledger, and store them if they are still wanted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from bson import ObjectId

from common.bulk import upsert_many
from common.transactions import Contended, run_in_transaction
from marketdata import selectors as market
from portfolios import selectors
from portfolios.domain.daily import DailyRun, DayValue
from portfolios.domain.engine import Book, ClosedLot, Ledger, Lot, Policy, compute
from portfolios.domain.engine import Disposal as ComputedDisposal
from portfolios.domain.engine import Position as ComputedPosition
from portfolios.domain.tax_years import TaxYear, tax_years
from portfolios.events import holdings_changed
from portfolios.models import DailyValue, Disposal, Portfolio, Position, Snapshot
from portfolios.services.ledger import mark_changed

#: Closes and rates are looked for this long before the first day that needs one.
_LOOK_BACK = timedelta(days=14)
#: Days that lacked a price are tried again for this long.
_RETRY_PARTIAL = timedelta(days=30)
_FIRST_RETRY = timedelta(seconds=30)
_LAST_RETRY = timedelta(hours=1)


class Outcome(StrEnum):
    """How a recalculation ended."""

    STORED = "stored"
    CURRENT = "current"
    SUPERSEDED = "superseded"
    CONTENDED = "contended"


@dataclass(frozen=True, slots=True)
class _Computed:
    book: Book
    #: The day of each event that has a problem.
    problem_dates: Mapping[str, date]
    values: list[DayValue]
    first_date: date | None
    start: date | None


def recalculate(
    portfolio_id: ObjectId, *, today: date, now: datetime, extend: bool = False
) -> Outcome:
    """Bring a portfolio's positions, snapshot and daily values up to its ledger.

    The work is done outside of any transaction and stored in one, which ends as superseded when
    the ledger has moved on meanwhile: its own recalculation is due then. It ends as contended when
    others kept writing the same rows: they are at the same work, and should it fail them, the
    sweeper finds the portfolio still due.

    Args:
        today: the first day without an end-of-day value in UTC. Where the portfolio's own time
            zone is behind, the day before may not have ended yet.
        extend: also when nothing changed, value the days that have passed since.
    """
    portfolio = Portfolio.objects.get(pk=portfolio_id)
    if not (portfolio.is_recalculating or extend):
        return Outcome.CURRENT
    zone = ZoneInfo(Policy.chosen(portfolio.policy).zone)
    # Never ahead of UTC: the closes of a day are known once it has ended there.
    computed = _compute(portfolio, today=min(today, now.astimezone(zone).date()))
    try:
        outcome = run_in_transaction(lambda: _store(portfolio, computed, now=now))
    except Contended:
        return Outcome.CONTENDED
    if outcome is not Outcome.STORED:
        return outcome
    holdings_changed.send_robust(
        sender=Portfolio,
        portfolio_id=str(portfolio.pk),
        owner_id=str(portfolio.owner_id),
        revision=portfolio.ledger_revision,
    )
    return outcome


def mark_repriced(
    instrument_id: ObjectId, *, owner_id: ObjectId, from_date: date, now: datetime
) -> list[Portfolio]:
    """Mark the portfolios stale that hold or held an instrument whose closes changed.

    Called inside the transaction that changes the closes, so that no change is ever left out.

    Returns:
        The portfolios whose recalculation is due now.
    """
    touched = list(selectors.list_holders(instrument_id, owner_id=owner_id))
    for portfolio in touched:
        mark_changed(portfolio, from_date=from_date, now=now)
        portfolio.save()
    return touched


def note_failure(portfolio_id: ObjectId, *, now: datetime) -> None:
    """Put off the next try of a recalculation that failed, longer each time."""

    def note() -> None:
        portfolio = Portfolio.objects.get(pk=portfolio_id)
        delay = min(_FIRST_RETRY * 2 ** min(portfolio.recalculation_failures, 10), _LAST_RETRY)
        portfolio.recalculation_failures = min(portfolio.recalculation_failures + 1, 1_000)
        portfolio.recalculate_after = now + delay
        portfolio.save(update_fields=["recalculation_failures", "recalculate_after"])

    run_in_transaction(note)


def claim_due(*, now: datetime, limit: int = 100) -> list[str]:
    """Take the portfolios whose recalculation never started or was lost; return their ids."""
    claimed = []
    for portfolio in selectors.list_due(now=now)[:limit]:
        # Whoever moves the time on has claimed it: a second sweeper then matches nothing.
        taken = Portfolio.objects.filter(
            pk=portfolio.pk, recalculate_after=portfolio.recalculate_after
        ).update(recalculate_after=now + _LAST_RETRY)
        if taken:
            claimed.append(str(portfolio.pk))
    return claimed


def _compute(portfolio: Portfolio, *, today: date) -> _Computed:
    events = selectors.list_events(portfolio.pk)
    policy = Policy.chosen(portfolio.policy)
    first_date = min((event.trade_date for event in events), default=None)
    if first_date is None:
        book = compute(Ledger(events=(), base_currency=portfolio.base_currency), policy=policy)
        return _Computed(book, problem_dates={}, values=[], first_date=None, start=None)
    rates = market.rate_history(start=first_date - _LOOK_BACK, end=today)
    ledger = Ledger(events=events, base_currency=portfolio.base_currency, rates=rates)
    start = _first_stale_day(portfolio, first_date=first_date, today=today)
    ids = {key for event in events for key in (event.instrument_id, event.to_instrument_id) if key}
    closes, lasting = market.closes_for(ids, start=start - _LOOK_BACK, end=today)
    run = DailyRun(
        ledger,
        closes=closes,
        rates=rates,
        tracks_cash=portfolio.tracks_cash,
        policy=policy,
        lasting=lasting,
    )
    values = list(run.values(start, today))
    book = run.book()
    doubtful = {problem.event_id for problem in book.problems}
    return _Computed(
        book,
        problem_dates={each.id: each.trade_date for each in events if each.id in doubtful},
        values=values,
        first_date=first_date,
        start=start,
    )


def _first_stale_day(portfolio: Portfolio, *, first_date: date, today: date) -> date:
    candidates = [today]
    if portfolio.stale_from:
        candidates.append(portfolio.stale_from)
    last = selectors.last_daily_value(portfolio.pk)
    candidates.append(last.date + timedelta(days=1) if last else first_date)
    partial = selectors.first_partial_day(portfolio.pk, since=today - _RETRY_PARTIAL)
    if partial:
        candidates.append(partial)
    return max(first_date, min(candidates))


def _store(portfolio: Portfolio, computed: _Computed, *, now: datetime) -> Outcome:
    fresh = Portfolio.objects.get(pk=portfolio.pk)
    if fresh.ledger_revision != portfolio.ledger_revision:
        return Outcome.SUPERSEDED
    if portfolio.is_recalculating and not fresh.is_recalculating:
        return Outcome.CURRENT
    # First the one row that every recalculation of this portfolio writes: the later one finds out
    # at once. The portfolio comes last, for people who write to the ledger don't wait for us.
    upsert_many(
        [
            Snapshot(
                portfolio=fresh,
                revision=fresh.ledger_revision,
                content=_content(computed.book, computed.problem_dates),
                created_at=now,
                updated_at=now,
            )
        ],
        key=("portfolio",),
    )
    _store_positions(fresh, computed.book.positions, now=now)
    _store_disposals(fresh, computed.book.disposals)
    _store_values(fresh, computed, now=now)
    fresh.computed_revision = fresh.ledger_revision
    fresh.is_recalculating = False
    fresh.recalculate_after = None
    fresh.recalculation_failures = 0
    fresh.stale_from = None
    fresh.save()
    return Outcome.STORED


def _store_positions(
    portfolio: Portfolio, positions: Mapping[str, ComputedPosition], *, now: datetime
) -> None:
    upsert_many(
        (
            Position(
                portfolio=portfolio,
                instrument_id=ObjectId(instrument_id),
                revision=portfolio.ledger_revision,
                quantity=each.quantity,
                currency=each.currency,
                cost=each.cost,
                cost_base=each.cost_base,
                realized_base=each.realized_base,
                price_gain_base=each.price_gain_base,
                currency_gain_base=each.currency_gain_base,
                income_base=each.income_base,
                fees_base=each.fees_base,
                taxes_base=each.taxes_base,
                opened_on=each.opened_on,
                accounts={name: _text(units) for name, units in each.accounts.items()},
                lots=[_lot(lot) for lot in each.lots],
                status=each.status.value,
                created_at=now,
                updated_at=now,
            )
            for instrument_id, each in positions.items()
        ),
        key=("portfolio", "instrument"),
    )
    kept = [ObjectId(key) for key in positions]
    Position.objects.filter(portfolio=portfolio).exclude(instrument_id__in=kept).delete()


def _store_disposals(portfolio: Portfolio, disposals: Sequence[ComputedDisposal]) -> None:
    Disposal.objects.filter(portfolio=portfolio).delete()
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
                **{name: getattr(each, name) for name in _DISPOSAL_FIELDS},
            )
        )
        places[each.event_id] += 1
    Disposal.objects.bulk_create(rows)


_DISPOSAL_FIELDS = (
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


def _store_values(portfolio: Portfolio, computed: _Computed, *, now: datetime) -> None:
    stored = DailyValue.objects.filter(portfolio=portfolio)
    if computed.first_date is None or computed.start is None:
        stored.delete()
        return
    # Deleted before they are written: a void may have moved the first day forward.
    stored.filter(date__lt=computed.first_date).delete()
    upsert_many(
        (
            DailyValue(
                portfolio=portfolio,
                date=each.date,
                revision=portfolio.ledger_revision,
                value=each.value,
                cash=each.cash,
                inflow=each.inflow,
                outflow=each.outflow,
                status=each.status.value,
                missing=list(each.missing),
                computed_at=now,
            )
            for each in computed.values
        ),
        key=("portfolio", "date"),
    )


def _content(book: Book, problem_dates: Mapping[str, date]) -> dict[str, Any]:
    return {
        "status": book.status.value,
        "positions": [_position(each) for each in book.positions.values()],
        "cash": {currency: _text(amount) for currency, amount in book.cash.items()},
        "cash_base": {currency: _text(amount) for currency, amount in book.cash_base.items()},
        "policy": book.policy.choices(),
        "tax_years": [_tax_year(each) for each in tax_years(book.disposals)],
        # Of the whole portfolio: some income and fees belong to no position.
        "totals": {
            "realized": _text(book.realized_base),
            "income": _text(book.totals.income_base),
            "fees": _text(book.totals.fees_base),
            "taxes": _text(book.totals.taxes_base),
            "contributed": _text(book.totals.contributed_base),
        },
        "problems": [
            {
                "transaction": each.event_id,
                "date": _day(problem_dates[each.event_id]),
                "code": each.code,
                "reason": each.reason,
                "instrument": each.instrument_id,
            }
            for each in book.problems
        ],
    }


def _tax_year(year: TaxYear) -> dict[str, Any]:
    sums = ("proceeds", "cost", "gain")
    amounts = (*sums, "short_term", "long_term", "other")
    return {
        "year": year.year,
        "disposals": year.disposals,
        "status": year.status.value,
        **{name: _text(getattr(year, name)) for name in amounts},
        "by_currency": [
            {"currency": each.currency, **{name: _text(getattr(each, name)) for name in sums}}
            for each in year.by_currency
        ],
    }


def _position(position: ComputedPosition) -> dict[str, Any]:
    return {
        "instrument": position.instrument_id,
        "currency": position.currency,
        "quantity": _text(position.quantity),
        "multiplier": _text(position.multiplier),
        "cost": _text(position.cost),
        "cost_base": _text(position.cost_base),
        "realized_base": _text(position.realized_base),
        "income_base": _text(position.income_base),
        "fees_base": _text(position.fees_base),
        "taxes_base": _text(position.taxes_base),
        "charges_base": _text(position.charges_base),
        "price_gain_base": _text(position.price_gain_base),
        "currency_gain_base": _text(position.currency_gain_base),
        "invested": _text(position.invested),
        "invested_base": _text(position.invested_base),
        "accounts": {name: _text(units) for name, units in position.accounts.items()},
        "opened_on": _day(position.opened_on),
        "status": position.status.value,
        "lots": [_lot(lot) for lot in position.lots],
    }


def _lot(lot: Lot) -> dict[str, Any]:
    return {
        "opened_on": _day(lot.opened_on),
        "transaction": lot.event_id,
        "quantity": _text(lot.quantity),
        "cost": _text(lot.cost),
        "cost_base": _text(lot.cost_base),
    }


def _closed_lot(lot: ClosedLot) -> dict[str, Any]:
    known = {name: _text(getattr(lot, name)) for name in _CLOSED_AMOUNTS}
    return {
        "opened_on": _day(lot.opened_on),
        "transaction": lot.event_id,
        "held_days": lot.held_days,
        **known,
    }


_CLOSED_AMOUNTS = (
    "quantity",
    "cost",
    "cost_base",
    "proceeds",
    "proceeds_base",
    "gain",
    "gain_base",
)


def _text(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
