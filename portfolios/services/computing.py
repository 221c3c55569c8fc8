"""Compute what follows from a ledger, from its beginning or from where it is known to stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from portfolios import selectors
from portfolios.domain.daily import DailyRun, DayValue
from portfolios.domain.engine import Book, Ledger, Policy, compute
from portfolios.models import Portfolio
from portfolios.selectors.checkpoints import go_on
from portfolios.selectors.replaying import daily_run
from portfolios.services import checkpoints

#: Days that lacked a price are tried again for this long.
_RETRY_PARTIAL = timedelta(days=30)
_ONE_DAY = timedelta(days=1)


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

    @property
    def has_only_days(self) -> bool:
        """Say whether nothing happened since the checkpoint, so that all but the days is known."""
        return self.since is not None and not self.events


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
    # Days are valued with all that is held; without days, only what has changed is needed.
    checkpoint, events = go_on(portfolio, until=start, whole=start < today)
    since = checkpoint.date if checkpoint else None
    run = daily_run(portfolio, checkpoint, events, start=start, end=today)
    values, standing = _walk(run, start, today, goes_on=checkpoint is not None)
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


def _walk(
    run: DailyRun, start: date, today: date, *, goes_on: bool
) -> tuple[list[DayValue], dict[date, Book]]:
    """Value the days, and note how things stand before some of them, with enough rows between.

    Before today also where that saves few rows, unless the ledger is short: most rows that come
    are today's, and such a one then takes only the positions that it is about. After a quiet day
    the checkpoint of the day before does as well.
    """
    values: list[DayValue] = []
    standing, kept_at = {}, 0
    for day in checkpoints.days_between(start + _ONE_DAY, today):
        passed = run.events_before(day)
        is_long = goes_on or passed >= checkpoints.FEWEST_EVENTS
        saves_enough = passed - kept_at >= checkpoints.FEWEST_EVENTS
        is_kept = saves_enough or (day == today and is_long and passed > 0)
        # Years of days are valued at once where nothing is kept between them.
        if is_kept or day == today:
            values += run.values(start, day)
            start = day
        if is_kept:
            standing[day], kept_at = run.standing(), passed
    return values, standing


def _first_stale_day(portfolio: Portfolio, *, first_date: date, today: date) -> date:
    candidates = [today]
    if portfolio.stale_from:
        candidates.append(portfolio.stale_from)
    last = selectors.last_daily_value(portfolio.pk)
    candidates.append(last.date + _ONE_DAY if last else first_date)
    partial = selectors.first_partial_day(portfolio.pk, since=today - _RETRY_PARTIAL)
    if partial:
        candidates.append(partial)
    return max(first_date, min(candidates))
