"""Bring a portfolio's read models up to its ledger, if they are still wanted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import partial
from time import perf_counter
from zoneinfo import ZoneInfo

from bson import ObjectId

from common.garbage import no_search_for_cycles
from common.transactions import Contended, run_in_transaction
from portfolios import selectors
from portfolios.domain.policy import Policy
from portfolios.events import holdings_changed
from portfolios.models import Portfolio, RecalculationRun
from portfolios.services.computing import Computed, compute_portfolio
from portfolios.services.disposing import store_disposals
from portfolios.services.ledger import mark_changed
from portfolios.services.storing import keep_checkpoints, store_computed

_FIRST_RETRY = timedelta(seconds=30)
_LAST_RETRY = timedelta(hours=1)
#: How long it is kept how a recalculation went.
RUNS_KEPT = timedelta(days=90)


class Outcome(StrEnum):
    """How a recalculation ended."""

    STORED = "stored"
    CURRENT = "current"
    SUPERSEDED = "superseded"
    CONTENDED = "contended"


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
    with no_search_for_cycles():
        return _recalculate(portfolio, today=today, now=now)


def _recalculate(portfolio: Portfolio, *, today: date, now: datetime) -> Outcome:
    zone = ZoneInfo(Policy.chosen(portfolio.policy).zone)
    # Never ahead of UTC: the closes of a day are known once it has ended there.
    today = min(today, now.astimezone(zone).date())
    began = perf_counter()
    computed = compute_portfolio(portfolio, today=today)
    disposals = computed.book.disposals
    try:
        if store_disposals(portfolio, disposals, since=computed.since, now=now):
            outcome = run_in_transaction(lambda: _store(portfolio, computed, today=today, now=now))
        else:
            outcome = Outcome.SUPERSEDED
    except Contended:
        outcome = Outcome.CONTENDED
    _note_run(portfolio, computed, outcome, now=now, seconds=perf_counter() - began)
    if outcome is not Outcome.STORED:
        return outcome
    holdings_changed.send_robust(
        sender=Portfolio,
        portfolio_id=str(portfolio.pk),
        owner_id=str(portfolio.owner_id),
        revision=portfolio.ledger_revision,
    )
    keep_checkpoints(portfolio, computed, now=now)
    return outcome


def mark_repriced(
    instrument_id: ObjectId, *, owner_id: ObjectId, from_date: date, now: datetime
) -> list[Portfolio]:
    """Mark the portfolios stale that hold or held an instrument whose worth changed.

    Called inside the transaction that changes its closes or multiplier, so that no change is ever
    left out.

    Returns:
        The portfolios whose recalculation is due now.
    """
    touched = list(selectors.list_holders(instrument_id, owner_id=owner_id))
    for portfolio in touched:
        mark_changed(portfolio, from_date=from_date, now=now)
        portfolio.save()
    return touched


def mark_filled(instrument_id: ObjectId, *, from_date: date, now: datetime) -> Iterator[Portfolio]:
    """Mark every portfolio stale that holds or held an instrument whose past has got closes.

    One after the other: there may be thousands, and to mark one twice does no harm.

    Yields:
        Each portfolio, once it is marked.
    """

    def mark(portfolio_id: ObjectId) -> Portfolio | None:
        portfolio = Portfolio.objects.filter(pk=portfolio_id).first()
        if portfolio is not None:
            mark_changed(portfolio, from_date=from_date, now=now)
            portfolio.save()
        return portfolio

    for key in selectors.list_holder_ids(instrument_id):
        portfolio = run_in_transaction(partial(mark, key))
        if portfolio is not None:
            yield portfolio


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


def forget_runs(*, now: datetime) -> int:
    """Delete how old recalculations went; return how many there were."""
    deleted, _ = RecalculationRun.objects.filter(started_at__lt=now - RUNS_KEPT).delete()
    return deleted


def _note_run(
    portfolio: Portfolio, computed: Computed, outcome: Outcome, *, now: datetime, seconds: float
) -> None:
    RecalculationRun.objects.create(
        portfolio=portfolio,
        revision=portfolio.ledger_revision,
        started_at=now,
        duration_ms=round(seconds * 1000),
        continued_from=computed.since,
        events=computed.events,
        days=len(computed.values),
        outcome=outcome.value,
    )


def _store(portfolio: Portfolio, computed: Computed, *, today: date, now: datetime) -> Outcome:
    fresh = Portfolio.objects.get(pk=portfolio.pk)
    if fresh.ledger_revision != portfolio.ledger_revision:
        return Outcome.SUPERSEDED
    if portfolio.is_recalculating and not fresh.is_recalculating:
        return Outcome.CURRENT
    store_computed(fresh, computed, today=today, now=now)
    fresh.computed_revision = fresh.ledger_revision
    fresh.is_recalculating = False
    fresh.recalculate_after = None
    fresh.recalculation_failures = 0
    fresh.stale_from = None
    fresh.save()
    return Outcome.STORED
