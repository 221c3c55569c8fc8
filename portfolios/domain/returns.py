"""Time-weighted returns: what a portfolio earned, whatever was paid in and taken out meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from math import isfinite, log1p, nan
from typing import NamedTuple

import numpy as np

from common.money import exact
from portfolios.domain.percentages import Denominator, Ratio, Reason, grown
from portfolios.domain.series import Floats, ValueSeries
from portfolios.domain.status import Status

_CHAINED = Denominator.DAILY_CAPITAL


_DAYS_OF_A_YEAR = 365


class FlowTiming(Enum):
    """From when on money paid in counts: how many days more than from the next day on."""

    START_OF_DAY = 1
    END_OF_DAY = 0


class SubPeriod(NamedTuple):
    """A stretch between flows: its value at the beginning, the flow there, its value at the end."""

    begins_with: Decimal
    flow: Decimal
    ends_with: Decimal


@dataclass(frozen=True, slots=True)
class Annualization:
    """How a return becomes one per year."""

    days_per_year: float = 365.0
    min_days: int = 30

    def leads(self, days: int) -> bool:
        """Say whether the yearly figure comes first: not below one year."""
        return days >= _DAYS_OF_A_YEAR


_ANNUALIZATION = Annualization()


@dataclass(frozen=True, slots=True)
class GridYear:
    """The returns of a calendar year and of its months; None where the series has no days."""

    year: int
    months: tuple[Ratio | None, ...]
    total: Ratio


@dataclass(frozen=True, slots=True, eq=False)
class TimeWeighted:
    """A return, day by day and in total.

    Attributes:
        daily: each day's own return; NaN where it isn't known.
        index: the growth since the opening, 0.05 for 5 %; NaN where it isn't known.
        total: that of the last day. Partial where days in between have no value, or where value
            came from nothing; these days are listed.
    """

    daily: Floats
    index: Floats
    total: Ratio


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """From each valued day to the next one: usually a day, more across days without a value.

    A step across unvalued days has a return as long as nothing flowed on the way: what came in
    on its first day counts at the start, and what left on its last day at the end, as ever.

    Attributes:
        starts: the place in the series of the first day of each; `ends` of the last.
        factors: what one unit of money became; NaN where that isn't known.
    """

    starts: np.ndarray
    ends: np.ndarray
    factors: Floats
    #: Which break the chain, and which came from nothing.
    is_negative: np.ndarray
    is_from_nothing: np.ndarray


def time_weighted(
    series: ValueSeries, *, timing: FlowTiming = FlowTiming.START_OF_DAY
) -> TimeWeighted:
    """Chain the daily returns 1 + r = (value + outflow) / (opening + inflow).

    What comes in counts from the start of its day, what leaves until the end of its day, and the
    two aren't netted. Where there was nothing to earn with, the return is 0.

    Args:
        timing: with the end of the day, 1 + r = (value + outflow − inflow) / opening: what was
            bought at the day's own price changes nothing.

    Source: Portfolio Performance and Wealthfolio chain the first way, fava-portfolio-returns the
        second.
    """
    daily, index = np.full(len(series), nan), np.full(len(series), nan)
    if not len(series):
        return TimeWeighted(daily, index, Ratio.unavailable(_CHAINED, Reason.NO_DAYS))
    steps = steps_of(series, timing)
    index[steps.ends] = np.cumprod(steps.factors) - 1
    is_one_day = steps.starts == steps.ends
    daily[steps.ends[is_one_day]] = steps.factors[is_one_day] - 1
    return TimeWeighted(daily, index, _total(series, steps, float(index[-1])))


def steps_of(series: ValueSeries, timing: FlowTiming = FlowTiming.START_OF_DAY) -> Steps:
    """Find the steps of a series, whose factors multiplied are its growth."""
    ends = np.flatnonzero(np.isfinite(series.value))
    starts = np.concatenate(([0], ends[:-1] + 1)).astype(np.int64)[: len(ends)]
    before = np.concatenate(([series.opening], series.value[ends[:-1]]))[: len(ends)]
    base, result = before, series.value[ends] + series.outflow[ends]
    # NaN differs from 0, so an unknown flow on the way counts as one.
    coming, leaving = _count(series.inflow != 0), _count(series.outflow != 0)
    flows_inside = leaving[ends] - leaving[starts]
    if timing is FlowTiming.START_OF_DAY:
        base = base + series.inflow[starts]
        flows_inside += coming[ends + 1] - coming[starts + 1]
    else:
        result = result - series.inflow[ends]
        flows_inside += coming[ends] - coming[starts]
    is_negative = (base < 0) | ((result < 0) & (base != 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        factors = np.where(base == 0, 1.0, result / base)
    factors = np.where((flows_inside > 0) | is_negative | np.isnan(base + result), nan, factors)
    return Steps(
        starts=starts,
        ends=ends,
        factors=np.asarray(factors, dtype=np.float64),
        is_negative=is_negative,
        is_from_nothing=(base == 0) & (result != 0),
    )


def _count(mask: np.ndarray) -> np.ndarray:
    """Return how many are picked before each place, and in all."""
    return np.concatenate(([0], np.cumsum(mask)))


def _total(series: ValueSeries, steps: Steps, total: float) -> Ratio:
    unvalued = ~np.isfinite(series.value)
    if isfinite(total):
        from_nothing = series.days_where(_at(steps.ends[steps.is_from_nothing], len(series)))
        if from_nothing:
            reason, days = Reason.MOVED_FROM_NOTHING, from_nothing
        elif unvalued.any():
            reason, days = Reason.VALUE_UNKNOWN, series.days_where(unvalued)
        else:
            return Ratio(total, _CHAINED)
        return Ratio(total, _CHAINED, Status.PARTIAL, reason, days)
    unknown_flows = np.isnan(series.inflow) | np.isnan(series.outflow)
    negative = _at(steps.ends[steps.is_negative], len(series))
    for mask, reason in (
        (unknown_flows, Reason.FLOW_UNKNOWN),
        (unvalued, Reason.VALUE_UNKNOWN),
        (negative, Reason.VALUE_NEGATIVE),
    ):
        if mask.any():
            return Ratio.unavailable(_CHAINED, reason, series.days_where(mask))
    # Only the opening value is left.
    before = (series.first - timedelta(days=1)).isoformat()
    return Ratio.unavailable(_CHAINED, Reason.VALUE_UNKNOWN, (before,))


def _at(places: np.ndarray, size: int) -> np.ndarray:
    mask = np.zeros(size, dtype=bool)
    mask[places] = True
    return mask


def annualized(ratio: Ratio, days: int, policy: Annualization = _ANNUALIZATION) -> Ratio:
    """Return (1 + R)^(days per year / days) − 1; a total loss stays one.

    There is none under 30 days; under a year the figure of the period comes first.
    """
    if ratio.value is None:
        return ratio
    if days < policy.min_days:
        return Ratio.unavailable(ratio.denominator, Reason.TOO_SHORT)
    if ratio.value <= -1:
        return Ratio(-1.0, ratio.denominator, ratio.status, Reason.TOTAL_LOSS, ratio.missing)
    yearly = grown(log1p(ratio.value) * policy.days_per_year / days)
    if yearly is None:
        return Ratio.unavailable(ratio.denominator, Reason.TOO_LARGE)
    return Ratio(yearly, ratio.denominator, ratio.status, ratio.reason, ratio.missing)


def chained(periods: Sequence[SubPeriod]) -> Ratio:
    """Chain end ÷ (beginning + flow) of the stretches between flows; for values known only there.

    A flow counts at the beginning of its stretch, and is negative where money was taken out.
    """
    denominator = Denominator.SUB_PERIOD_CAPITAL
    if not periods:
        return Ratio.unavailable(denominator, Reason.NO_DAYS)
    growth = Decimal(1)
    with exact():
        for period in periods:
            base = period.begins_with + period.flow
            if base <= 0:
                return Ratio.unavailable(denominator, Reason.DENOMINATOR_NOT_POSITIVE)
            growth *= period.ends_with / base
        return Ratio(float(growth - 1), denominator)


def modified_dietz(
    opening: Decimal,
    closing: Decimal,
    flows: Mapping[date, Decimal],
    *,
    start: date,
    end: date,
    timing: FlowTiming = FlowTiming.END_OF_DAY,
) -> Ratio:
    """Estimate a return without daily values: gain ÷ (opening + Σ part of the period × flow).

    Args:
        opening: the value at the close of the day before `start`.
        flows: net per day, from `start` up to, but without, `end`; negative where money left.
    """
    capital = weighted_capital(opening, flows, start=start, end=end, timing=timing)
    with exact():
        gain = closing - opening - sum(flows.values(), Decimal(0))
        if capital <= 0:
            return Ratio.unavailable(Denominator.WEIGHTED_CAPITAL, Reason.DENOMINATOR_NOT_POSITIVE)
        return Ratio(float(gain / capital), Denominator.WEIGHTED_CAPITAL)


def weighted_capital(
    opening: Decimal,
    flows: Mapping[date, Decimal],
    *,
    start: date,
    end: date,
    timing: FlowTiming = FlowTiming.END_OF_DAY,
) -> Decimal:
    """Return what was there on average: opening + Σ part of the period × flow.

    Args:
        flows: net per day, from `start` up to, but without, `end`; negative where money left.
    """
    days = (end - start).days
    with exact():
        capital = opening
        for day, flow in flows.items():
            capital += flow * ((end - day).days - 1 + timing.value) / days
        return capital


def compounded(rates: Iterable[float]) -> float:
    """Return Π (1 + r) − 1: a price gain and a currency gain, or one period after the other."""
    growth = 1.0
    for rate in rates:
        growth *= 1 + rate
    return growth - 1


def currency_effect(in_target: float, in_asset: float) -> float | None:
    """Return what the currency added: (1 + r in the target) ÷ (1 + r in the asset's) − 1.

    None after a total loss, which no currency can add to.
    """
    return None if in_asset == -1 else (1 + in_target) / (1 + in_asset) - 1


def return_grid(series: ValueSeries) -> tuple[GridYear, ...]:
    """Return the time-weighted returns of each calendar month and year, as far as there are days.

    The first and the last month, and year, may be incomplete.
    """
    totals = {name: time_weighted(each).total for name, each in calendar_stretches(series)}
    return tuple(
        GridYear(
            year=year,
            months=tuple(totals.get(f"{year}-{month:02}") for month in range(1, 13)),
            total=totals[f"{year}"],
        )
        for year in _years(series)
    )


def calendar_stretches(series: ValueSeries) -> Iterator[tuple[str, ValueSeries]]:
    """Cut a series into its calendar years and months, each by its name: `2026`, `2026-01`."""
    for year in _years(series):
        yield f"{year}", series.between(date(year, 1, 1), date(year + 1, 1, 1))
        for month in range(1, 13):
            after = date(year + month // 12, month % 12 + 1, 1)
            stretch = series.between(date(year, month, 1), after)
            if len(stretch):
                yield f"{year}-{month:02}", stretch


def _years(series: ValueSeries) -> range:
    last = series.end - timedelta(days=1)
    return range(series.first.year, last.year + 1) if len(series) else range(0)
