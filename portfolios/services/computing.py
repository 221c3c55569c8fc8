"""Compute what follows from a ledger, from its beginning or from where it is known to stand."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from marketdata import selectors as market
from portfolios import selectors
from portfolios.domain.daily import DailyRun, DayValue
from portfolios.domain.engine import Book, Ledger, Policy, compute
from portfolios.domain.prices import DayPrices, splits_of
from portfolios.domain.transactions import Event
from portfolios.models import Portfolio
from portfolios.services import checkpoints
from portfolios.services.checkpoints import Checkpoint

#: Closes and rates are looked for this long before the first day that needs one.
_LOOK_BACK = timedelta(days=14)
#: Days that lacked a price are tried again for this long.
_RETRY_PARTIAL = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Computed:
    """What a recalculation found out.

    Attributes:
        book: with the positions that were gone through; disposals and problems are those since the
            checkpoint.
        untouched: the snapshot's lines of all other positions.
        problem_dates: the day of each event that has a problem.
        values: of the days from `start` on.
        since: the checkpoint's day that was gone on from; None is the beginning.
        standing: how the ledger stood before some later days, to go on from next time.
    """

    book: Book
    problem_dates: Mapping[str, date]
    values: list[DayValue]
    first_date: date | None
    start: date | None
    since: date | None = None
    untouched: Sequence[Mapping[str, Any]] = ()
    events: int = 0
    standing: Mapping[date, Book] = field(default_factory=dict)


def compute_portfolio(portfolio: Portfolio, *, today: date) -> Computed:
    """Go through a portfolio's ledger as far back as its changes reach, and value stale days.

    Args:
        today: the first day without an end-of-day value.
    """
    policy = Policy.chosen(portfolio.policy)
    first_date = selectors.first_trade_date(portfolio.pk)
    if first_date is None:
        book = compute(Ledger(events=(), base_currency=portfolio.base_currency), policy=policy)
        return Computed(book, problem_dates={}, values=[], first_date=None, start=None)
    start = _first_stale_day(portfolio, first_date=first_date, today=today)
    checkpoint, events = _opening(portfolio, start=start, today=today)
    since = checkpoint.date if checkpoint else None
    ids = _named(events) | (checkpoint.book.positions.keys() if checkpoint else set())
    rates = market.rate_history(start=(since or first_date) - _LOOK_BACK, end=today)
    opening = checkpoint.book if checkpoint else None
    run = DailyRun(
        Ledger(events, portfolio.base_currency, rates, opening=opening),
        prices=_prices(portfolio, ids, policy, start=start, end=today),
        rates=rates,
        tracks_cash=portfolio.tracks_cash,
        policy=policy,
    )
    values, standing = _walk(run, start, today)
    book = run.book()
    doubtful = {problem.event_id for problem in book.problems}
    return Computed(
        book,
        problem_dates={each.id: each.trade_date for each in events if each.id in doubtful},
        values=values,
        first_date=first_date,
        start=start,
        since=since,
        untouched=checkpoint.lines_without(book.positions) if checkpoint else (),
        events=len(events),
        standing=standing,
    )


def _opening(
    portfolio: Portfolio, *, start: date, today: date
) -> tuple[Checkpoint | None, list[Event]]:
    """Find from where to go on, and load the rows from there on; None is the beginning."""
    until = min(start, portfolio.stale_from or start)
    head = checkpoints.find(portfolio, until=until)
    if head is not None:
        events = selectors.list_events(portfolio.pk, since=head.date)
        # Days are valued with all that is held; without days, only what has changed is needed.
        checkpoint = checkpoints.load(head, None if start < today else _named(events))
        if checkpoint and checkpoint.is_usable(market.instruments_by_id(checkpoint.book.positions)):
            return checkpoint, events
    return None, selectors.list_events(portfolio.pk)


def _named(events: Sequence[Event]) -> set[str]:
    return {key for event in events for key in (event.instrument_id, event.to_instrument_id) if key}


def _walk(run: DailyRun, start: date, today: date) -> tuple[list[DayValue], dict[date, Book]]:
    """Value the days one after the other, and note how things stand before some of them."""
    wanted = checkpoints.days_between(start, today)
    values, standing = [], {}
    for each in run.values(start, today):
        values.append(each)
        following = each.date + timedelta(days=1)
        if following in wanted:
            standing[following] = run.standing()
    return values, standing


def _prices(
    portfolio: Portfolio, ids: Collection[str], policy: Policy, *, start: date, end: date
) -> DayPrices:
    closes, lasting = market.closes_for(ids, start=start - _LOOK_BACK, end=end)
    splits = splits_of(selectors.list_splits(portfolio.pk))
    return DayPrices(closes, splits, policy.price_basis, lasting)


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
