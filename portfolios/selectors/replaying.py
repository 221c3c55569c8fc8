"""Go through some days of a ledger again, with the prices and rates of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from bson import ObjectId

from common.errors import InvalidInput
from marketdata import selectors as market
from marketdata.domain.fx import RateHistory, Rates
from portfolios.domain.books import Book
from portfolios.domain.daily import DailyRun, DayValue, PositionDay
from portfolios.domain.engine import Ledger
from portfolios.domain.policy import Policy
from portfolios.domain.prices import DayPrices, splits_of
from portfolios.domain.status import Status
from portfolios.domain.transactions import Event
from portfolios.models import Portfolio
from portfolios.selectors.checkpoints import Checkpoint, go_on, go_on_with, instruments_named
from portfolios.selectors.ledger import list_splits, origins_of

#: Computing days goes through the rows since the checkpoint before them while somebody waits: about
#: two seconds for these.
MOST_EVENTS = 20_000
#: Closes and rates are looked for this long before the first day that needs one.
LOOK_BACK = timedelta(days=14)


class LedgerTooLong(InvalidInput):
    """The ledger has too many transactions to go through them while somebody waits."""

    code = "ledger-too-long"


def check_length(events: Sequence[Event]) -> None:
    """Refuse what would take too long while somebody waits.

    Raises:
        LedgerTooLong: there are more than `MOST_EVENTS`.
    """
    if len(events) > MOST_EVENTS:
        raise LedgerTooLong(f"These days have more than {MOST_EVENTS:,} transactions.")


def replay(portfolio: Portfolio, *, start: date, end: date) -> list[DayValue]:
    """Value the days from `start` up to, but without, `end`, position by position.

    Raises:
        LedgerTooLong: there are too many rows since the checkpoint before the first day.
    """
    known = go_on(portfolio, until=start, end=end, whole=True)
    return _valued(portfolio, *known, start=start, end=end)


def replay_position(
    portfolio: Portfolio, instrument_id: str, *, start: date, end: date
) -> list[tuple[date, PositionDay]]:
    """Value one position on the days from `start` up to, but without, `end`, oldest first.

    Takes only the rows about it and about what became it. Days on which nothing was held and
    nothing flowed are left out.

    Raises:
        LedgerTooLong: there are too many of these rows since the checkpoint before the first day.
    """
    ids = origins_of(portfolio.pk, ObjectId(instrument_id))
    known = go_on_with(portfolio, ids, until=start)
    return [
        (day.date, each)
        for day in _valued(portfolio, *known, start=start, end=end)
        for each in day.positions
        if each.instrument_id == instrument_id
    ]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Rows to go through, with the prices and rates of their days."""

    ledger: Ledger
    prices: DayPrices
    rates: RateHistory
    policy: Policy


@dataclass(frozen=True, slots=True)
class Standing:
    """What was held at the end of a day, with the prices and rates of that day."""

    book: Book
    prices: DayPrices
    rates: Rates


def standing_on(portfolio: Portfolio, day: date) -> Standing:
    """Find what a portfolio held at the end of a day.

    Raises:
        LedgerTooLong: there are too many rows since the checkpoint before that day.
    """
    end = day + timedelta(days=1)
    checkpoint, events = go_on(portfolio, until=day, end=end, whole=True)
    check_length(events)
    known = prepare(portfolio, checkpoint, events, start=day, end=end)
    rates = known.rates.on(day, known.policy.max_rate_age_days)
    return Standing(_run(portfolio, known).book(), known.prices, rates)


def _valued(
    portfolio: Portfolio,
    checkpoint: Checkpoint | None,
    events: Sequence[Event],
    *,
    start: date,
    end: date,
) -> list[DayValue]:
    check_length(events)
    run = daily_run(portfolio, checkpoint, events, start=start, end=end)
    return run.values(start, end, with_positions=True)


def daily_run(
    portfolio: Portfolio,
    checkpoint: Checkpoint | None,
    events: Sequence[Event],
    *,
    start: date,
    end: date,
) -> DailyRun:
    """Prepare the way through some rows, with what days from `start` to `end` need."""
    return _run(portfolio, prepare(portfolio, checkpoint, events, start=start, end=end))


def _run(portfolio: Portfolio, prepared: Prepared) -> DailyRun:
    return DailyRun(
        prepared.ledger,
        prices=prepared.prices,
        rates=prepared.rates,
        tracks_cash=portfolio.tracks_cash,
        policy=prepared.policy,
    )


def prepare(
    portfolio: Portfolio,
    checkpoint: Checkpoint | None,
    events: Sequence[Event],
    *,
    start: date,
    end: date,
) -> Prepared:
    """Load the prices and rates of some rows, and of the days from `start` to `end`."""
    policy = Policy.chosen(portfolio.policy)
    ids = instruments_named(events) | (checkpoint.book.positions.keys() if checkpoint else set())
    first = min((event.trade_date for event in events), default=start)
    rates = market.rate_history(start=min(first, start) - LOOK_BACK, end=end)
    closes, lasting = market.closes_for(ids, start=start - LOOK_BACK, end=end)
    opening = checkpoint.book if checkpoint else None
    return Prepared(
        ledger=Ledger(events, portfolio.base_currency, rates, opening=opening),
        prices=DayPrices(closes, splits_of(list_splits(portfolio.pk)), policy.price_basis, lasting),
        rates=rates,
        policy=policy,
    )


def value_rows(
    portfolio: Portfolio,
    events: Sequence[Event],
    *,
    currency: str,
    policy: Policy,
    start: date,
    end: date,
) -> dict[date, Decimal | None]:
    """Value some rows of a ledger alone, with their cash, at the end of each day.

    Args:
        currency: what they are valued in.
        end: the day after the last one.

    Returns:
        None for a day on which not all of it is known.

    Raises:
        LedgerTooLong: there are too many rows.
    """
    check_length(events)
    alone = Portfolio(
        pk=portfolio.pk, base_currency=currency, policy=policy.choices(), tracks_cash=True
    )
    run = daily_run(alone, None, events, start=start, end=end)
    return {
        each.date: each.value if each.status is Status.COMPLETE else None
        for each in run.values(start, end)
    }
