"""Ask how the positions of a portfolio went over a range of days that have ended.

A report is plain values, as it is kept in the cache and sent: decimals and days as texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from marketdata import selectors as market
from portfolios.adapters import report_cache
from portfolios.domain import figures
from portfolios.domain.daily import DayValue
from portfolios.domain.diversification import concentration, correlations, diversification_ratio
from portfolios.domain.estimates import Estimate, Floats
from portfolios.domain.figures import Figure, Unit
from portfolios.domain.gains import Contribution, Contributions
from portfolios.domain.observations import Observations, observe
from portfolios.domain.percentages import Reason
from portfolios.domain.position_series import PositionSeries, by_position, contributions_of
from portfolios.domain.ranges import DayRange, InvalidRange
from portfolios.domain.returns import time_weighted
from portfolios.domain.series import DayRow, ValueSeries
from portfolios.models import Portfolio
from portfolios.selectors.history import LastStored, WantedDays, find_last_stored
from portfolios.selectors.ledger import first_trade_date
from portfolios.selectors.performance import plain_parts, report_name
from portfolios.selectors.replaying import replay, replay_position

_ONE_DAY = timedelta(days=1)
_ZERO = Decimal(0)
#: So many positions are compared with each other, the largest first.
_MOST_COMPARED = 25


def get_positions_report(portfolio: Portfolio, wanted: WantedDays) -> dict[str, Any]:
    """Say what each position added to the gain of a range, and how alike they moved.

    Raises:
        InvalidRange: none of its days is over.
        LedgerTooLong: there are too many transactions in and before the range.
    """
    last = find_last_stored(portfolio.pk)
    days = days_over(portfolio, wanted, last)
    name = report_name(portfolio, last, days.end, "positions", wanted.key)
    found = report_cache.read(*name)
    if found is None:
        found = report_positions(portfolio, wanted, days, valued_days(portfolio, days))
        report_cache.write(found, *name)
    return found


def valued_days(portfolio: Portfolio, days: DayRange) -> Sequence[DayValue]:
    """Value the days of a range, and the one before."""
    return replay(portfolio, start=days.opening_date, end=days.end)


def get_position_days(
    portfolio: Portfolio, instrument_id: str, wanted: WantedDays
) -> list[dict[str, Any]]:
    """List what a position was worth on each day of a range, oldest first.

    Raises:
        InvalidRange: none of its days is over.
        LedgerTooLong: there are too many transactions about it in and before the range.
    """
    days = days_over(portfolio, wanted, find_last_stored(portfolio.pk))
    valued = replay_position(portfolio, instrument_id, start=days.start, end=days.end)
    return [{"date": day} | each._asdict() for day, each in valued]


def days_over(portfolio: Portfolio, wanted: WantedDays, last: LastStored | None) -> DayRange:
    """Find the days of a range that are over.

    Raises:
        InvalidRange: there are none.
    """
    first = first_trade_date(portfolio.pk)
    if last is None or first is None:
        raise InvalidRange("No day of the portfolio has been valued yet.")
    days = wanted.days(today=last.date, first_day=first)
    if not days.days:
        raise InvalidRange("No day of the portfolio is over in this range.")
    return days


def report_positions(
    portfolio: Portfolio, wanted: WantedDays, days: DayRange, valued: Sequence[DayValue]
) -> dict[str, Any]:
    """Write what each position added, as plain values."""
    positions = by_position(valued)
    found = contributions_of(valued, positions)
    instruments = market.instruments_by_id(positions.keys())
    as_of = days.end - _ONE_DAY
    return plain_parts(
        {
            "currency": portfolio.base_currency,
            "range": wanted.name.value if wanted.name else None,
            "start": days.start,
            "end": as_of,
            "measured_from": days.opening_date,
            "status": found.status,
            "gain": figures.of_amount(found.gain, as_of, reason=Reason.VALUE_UNKNOWN),
            "positions": _lines(found, positions, instruments, as_of),
            "rest": _line(found.rest, as_of),
            **_together(valued, positions, instruments, as_of),
        }
    )


def _lines(
    found: Contributions,
    positions: Mapping[str, PositionSeries],
    instruments: Mapping[str, Any],
    as_of: date,
) -> list[dict[str, Any]]:
    """Describe each position, the one that added most first."""
    parts = sorted(
        found.parts, key=lambda each: (each.gain is None, -(each.gain or _ZERO), each.key)
    )
    lines = []
    for part in parts:
        position, instrument = positions[part.key], instruments[part.key]
        amounts = asdict(position.change)
        lines.append(
            {
                "instrument_id": part.key,
                "symbol": instrument.symbol,
                "name": instrument.name,
                **_line(part, as_of),
                "time_weighted": figures.of_ratio(position.returns.total, as_of),
                **{
                    name: figures.of_amount(amount, as_of, reason=Reason.VALUE_UNKNOWN)
                    for name, amount in amounts.items()
                },
            }
        )
    return lines


def _line(part: Contribution, as_of: date) -> dict[str, Figure]:
    return {
        "gain": figures.of_amount(part.gain, as_of, reason=Reason.VALUE_UNKNOWN),
        "contribution": figures.of_ratio(part.rate, as_of),
    }


def _together(
    valued: Sequence[DayValue],
    positions: Mapping[str, PositionSeries],
    instruments: Mapping[str, Any],
    as_of: date,
) -> dict[str, Any]:
    """Say how alike the positions moved that are held at the end, and how much hangs on a few."""
    held = held_at_end(positions)
    side = side_by_side(valued, held)
    alike = correlations(side.returns, minimum=side.observed.basis.minimum)
    return {
        "correlations": {
            "instruments": [
                {"instrument_id": key, "symbol": instruments[key].symbol} for key in alike.names
            ],
            "rows": [[_text(each) for each in row] for row in alike.rows],
            "observations": alike.observations,
            "status": alike.status,
            "reason": alike.reason,
        },
        "diversification": figures.of_estimate(
            diversification_ratio(side.weights, list(side.returns.values()), side.observed.basis),
            as_of,
            Unit.NUMBER,
        ),
        "concentration": _concentration(held, as_of),
    }


def _observed(valued: Sequence[DayValue]) -> Observations:
    """Find which days make one observation, from the portfolio's own returns."""
    opening, *rest = valued
    series = ValueSeries.of(
        (DayRow(day.date, day.value, day.inflow, day.outflow) for day in rest),
        opening=opening.value,
    )
    return observe(series, time_weighted(series).daily)


def held_at_end(positions: Mapping[str, PositionSeries]) -> list[PositionSeries]:
    """Return the positions that are held on the last day, the largest first."""
    held = [each for each in positions.values() if each.quantity]
    return sorted(held, key=lambda each: (-abs(each.closing or _ZERO), each.instrument_id))


class SideBySide(NamedTuple):
    """The largest holdings: which days make one observation, and of each returns and weight."""

    observed: Observations
    returns: dict[str, Floats]
    weights: list[float]


def side_by_side(valued: Sequence[DayValue], held: Sequence[PositionSeries]) -> SideBySide:
    """Put the returns of the largest holdings side by side."""
    compared, observed = held[:_MOST_COMPARED], _observed(valued)
    worths = [0.0 if each.closing is None else float(each.closing) for each in compared]
    total = sum(worths) or 1.0
    return SideBySide(
        observed,
        {each.instrument_id: observed.alike(each.daily_returns()) for each in compared},
        [worth / total for worth in worths],
    )


def _concentration(held: Sequence[PositionSeries], as_of: date) -> dict[str, Figure]:
    worths = [None if each.closing is None else float(each.closing) for each in held]
    found = concentration(worths) if held else concentration([0.0])

    def figure(value: float | None, method: str, unit: Unit) -> Figure:
        estimate = Estimate(
            value, method, found.holdings, found.unknown, found.status, found.reason
        )
        return figures.of_estimate(estimate, as_of, unit)

    return {
        "herfindahl": figure(
            found.herfindahl, "sum of the squared weights of the positions", Unit.NUMBER
        ),
        "effective_number": figure(found.effective_number, "1 ÷ that sum", Unit.NUMBER),
        "largest_weight": figure(found.largest_weight, "of the positions together", Unit.FRACTION),
    }


def _text(value: float | None) -> str | None:
    return None if value is None else f"{value:.4f}"
