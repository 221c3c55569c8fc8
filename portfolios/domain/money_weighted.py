"""The money-weighted return: the yearly rate at which all flows together are worth nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum

import numpy as np

from portfolios.domain.discounting import Points, is_monotone, stays_away
from portfolios.domain.percentages import Denominator, Ratio, Reason, grown
from portfolios.domain.series import Floats, ValueSeries
from portfolios.domain.status import Status

#: What a day's flows leave where they cancel each other, next to their size: rounding.
CANCELLED = 1e-12
#: A stretch so short isn't halved again, and roots so near are one.
_NARROW = 1e-9
_SAME_ROOT = 1e-6
_EXACT = 4 * float(np.finfo(np.float64).eps)

#: What happened on a day: paid in is negative, taken out is positive.
Flow = tuple[date, Decimal | float]


class DayCount(Enum):
    """How many days a year has."""

    ACT_365F = 365.0
    ACT_365_25 = 365.25
    ACT_360 = 360.0


@dataclass(frozen=True, slots=True)
class MoneyWeighted:
    """What the flows earned.

    Attributes:
        annual: the rate per year. A total loss is −100 %, and its reason says so.
        period: the same growth over the whole time, for times too short for a yearly rate.
        days: from the first flow to the last.
        other_roots: further rates that solve the equation, when there are several.
    """

    annual: Ratio
    period: Ratio
    days: int
    other_roots: tuple[float, ...] = ()


def xirr(
    flows: Sequence[Flow],
    *,
    closing: Flow | None = None,
    day_count: DayCount = DayCount.ACT_365F,
) -> MoneyWeighted:
    """Solve Σ aᵢ (1 + r)^(−(dᵢ − d₀) / year) = 0 for r.

    Where several rates solve it, the one nearest to the simple return is taken, both as
    logarithms of growth. The simple return is what came out of each unit paid in, less one;
    per year where the flows span more than one.

    Args:
        flows: in any order; days may repeat, and amounts of zero don't count.
        closing: what is left at the end, as if it were taken out. Only with it a loss of
            everything can be told from flows that have no return.
    """
    days, amounts = _by_day([*flows, closing] if closing else list(flows))
    span = days[-1] - days[0] if days else 0
    if not (min(amounts, default=0) < 0 < max(amounts, default=0)):
        is_lost = closing is not None and closing[1] == 0 and min(amounts, default=0) < 0
        return _total_loss(span) if is_lost else no_rate(Reason.NO_SIGN_CHANGE, span)
    equation = _Equation(days, amounts, day_count.value)
    roots = equation.roots()
    if not roots:
        return no_rate(Reason.NO_RATE, span)
    chosen = min(roots, key=lambda root: (abs(root - equation.simple_return()), -root))
    others = tuple(math.expm1(root) for root in roots if root != chosen and root < _LARGEST)
    return rate_of(chosen, span, day_count, others)


def flows_of(series: ValueSeries) -> list[Flow] | None:
    """Return a series as flows: its opening value paid in, its flows, its closing value.

    The closing value is the last one. None where one of these isn't known; the values between
    don't matter.
    """
    needed = np.concatenate(([series.opening, series.closing], series.inflow, series.outflow))
    if not len(series) or np.isnan(needed).any():
        return None
    net = series.outflow - series.inflow
    between = [(series.day(int(place)), float(net[place])) for place in np.flatnonzero(net)]
    opening = (series.first - timedelta(days=1), -series.opening)
    return [opening, *between, (series.day(len(series) - 1), series.closing)]


def money_weighted(
    series: ValueSeries, *, day_count: DayCount = DayCount.ACT_365F
) -> MoneyWeighted:
    """Return what the money in a series earned; a day's flows and value count at its date."""
    flows = flows_of(series)
    if flows is None:
        reason, days = _what_is_unknown(series)
        return no_rate(reason, len(series), days)
    return xirr(flows[:-1], closing=flows[-1], day_count=day_count)


def rate_of(
    log_rate: float, span: int, day_count: DayCount, others: tuple[float, ...] = ()
) -> MoneyWeighted:
    """Turn a root, the logarithm of yearly growth, into the result."""
    return MoneyWeighted(
        annual=_ratio(log_rate),
        period=_ratio(log_rate * span / day_count.value),
        days=span,
        other_roots=others,
    )


def no_rate(reason: Reason, span: int, missing: Sequence[str] = ()) -> MoneyWeighted:
    """Return the result where there is none."""
    ratio = Ratio.unavailable(Denominator.DISCOUNTED_FLOWS, reason, missing)
    return MoneyWeighted(annual=ratio, period=ratio, days=span)


#: Beyond the logarithm of the largest float there is no number for the rate.
_LARGEST = math.log(float(np.finfo(np.float64).max))


def _ratio(log_growth: float) -> Ratio:
    rate = grown(log_growth)
    if rate is None:
        return Ratio.unavailable(Denominator.DISCOUNTED_FLOWS, Reason.TOO_LARGE)
    return Ratio(rate, Denominator.DISCOUNTED_FLOWS)


def _total_loss(span: int) -> MoneyWeighted:
    lost = Ratio(-1.0, Denominator.DISCOUNTED_FLOWS, Status.COMPLETE, Reason.TOTAL_LOSS)
    return MoneyWeighted(annual=lost, period=lost, days=span)


def _what_is_unknown(series: ValueSeries) -> tuple[Reason, tuple[str, ...]]:
    flows = np.isnan(series.inflow) | np.isnan(series.outflow)
    if flows.any():
        return Reason.FLOW_UNKNOWN, series.days_where(flows)
    if not len(series):
        return Reason.NO_DAYS, ()
    ends = ((-1, series.opening), (len(series) - 1, series.closing))
    unknown = (series.day(place).isoformat() for place, value in ends if math.isnan(value))
    return Reason.VALUE_UNKNOWN, tuple(unknown)


def _by_day(flows: Sequence[Flow]) -> tuple[list[int], list[float]]:
    """Add up the flows of each day, and leave out days on which nothing remains."""
    sums: dict[int, list[float]] = {}
    for day, amount in flows:
        sums.setdefault(day.toordinal(), []).append(float(amount))
    days: list[int] = []
    amounts: list[float] = []
    for ordinal in sorted(sums):
        net = math.fsum(sums[ordinal])
        if abs(net) > CANCELLED * math.fsum(map(abs, sums[ordinal])):
            days.append(ordinal)
            amounts.append(net)
    return days, amounts


class _Equation:
    """The flows of one portfolio, as the function of `discounting`."""

    def __init__(self, days: list[int], amounts: list[float], year: float) -> None:
        times: Floats = (np.array(days) - days[0]) / year
        sizes: Floats = np.array(amounts)
        self._times = times
        self._amounts = sizes
        self._in = times[sizes < 0], -sizes[sizes < 0]
        self._out = times[sizes > 0], sizes[sizes > 0]

    def roots(self) -> list[float]:
        """Find all roots, lowest first, by halving until each stretch has one or none."""
        left, right = (self._at(np.array([end])) for end in self._bounds())
        found: list[float] = []
        while len(left.x):
            is_last = is_monotone(left, right)
            is_crossed = is_last & (left.sign * right.sign < 0)
            found += map(self._root, left.x[is_crossed], right.x[is_crossed])
            is_last |= stays_away(left, right)
            is_last |= right.x - left.x <= _NARROW * np.maximum(1, np.abs(left.x))
            left, right = left.where(~is_last), right.where(~is_last)
            middle = self._at(self._halfway(left.x, right.x))
            found += middle.x[middle.sign == 0].tolist()
            left, right = left.and_also(middle), middle.and_also(right)
        return _distinct(found)

    def simple_return(self) -> float:
        """Return ln(1 + simple return), per year where the flows span more than one."""
        growth = math.log(self._out[1].sum() / self._in[1].sum())
        if self._amounts[0] > 0:
            # Of a loan the first flow comes in; what is paid back is what it grew to.
            growth = -growth
        return growth / max(float(self._times[-1]), 1.0)

    def _at(self, xs: Floats) -> Points:
        log_in, time_in = _log_sums(*self._in, xs)
        log_out, time_out = _log_sums(*self._out, xs)
        return Points(xs, log_in, log_out, time_in, time_out)

    def _bounds(self) -> tuple[float, float]:
        """Return points beyond which the last, or the first, flow outweighs all others."""
        sizes, gaps = np.abs(self._amounts), np.diff(self._times)
        least = 1 / float(self._times[-1])
        low = math.log(2 * sizes[:-1].sum() / sizes[-1]) / float(gaps[-1])
        high = math.log(2 * sizes[1:].sum() / sizes[0]) / float(gaps[0])
        return -max(low, least), max(high, least)

    def _halfway(self, low: Floats, high: Floats) -> Floats:
        """Return a point between two: evenly near zero, by ratios further out."""
        scale = 0.1 / float(self._times[-1])
        middle = (np.arcsinh(low / scale) + np.arcsinh(high / scale)) / 2
        return np.asarray(scale * np.sinh(middle), dtype=np.float64)

    def _root(self, low: float, high: float) -> float:
        # Only now: see `portfolios.domain.optimization`.
        from scipy.optimize import brentq  # noqa: PLC0415

        def value(x: float) -> float:
            return float(self._at(np.array([x])).value[0])

        return float(brentq(value, low, high, xtol=1e-15, rtol=_EXACT))


def _log_sums(times: Floats, sizes: Floats, xs: Floats) -> tuple[Floats, Floats]:
    """Return the logarithm of a discounted sum, and the mean time of its parts, at each point."""
    reference = np.where(xs >= 0, times[0], times[-1])
    worth = sizes * np.exp(-xs[:, None] * (times - reference[:, None]))
    totals = worth.sum(axis=1)
    return np.log(totals) - xs * reference, worth @ times / totals


def _distinct(found: list[float]) -> list[float]:
    """Sort roots, and take those next to each other for one: where the function only touches."""
    roots: list[float] = []
    for root in sorted(found):
        if not roots or root - roots[-1] > _SAME_ROOT * max(1.0, abs(root)):
            roots.append(root)
    return roots
