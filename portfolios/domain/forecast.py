"""What a portfolio may be worth in years to come: many possible courses, and how they spread.

A forecast assumes that the future varies as the past did, or as the given growth and volatility
say; that months are independent of each other (blocks of months, where history is drawn from);
that every payment is made as planned at the end of its month; and that there are no taxes or
charges beyond those inside the returns. It says how wide the possible lies, not what will be.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType

import numpy as np

from portfolios.domain.estimates import Basis, Floats, Returns, sample
from portfolios.domain.status import Status

PERCENTILES = (5, 25, 50, 75, 95)
PATHS = 10_000
#: Further ahead no history says anything.
MOST_YEARS = 50
#: What may be assumed, fractions a year; the payments may shrink by as much as they may grow.
MOST_PAYMENT_GROWTH = Decimal("0.5")
LEAST_GROWTH, MOST_GROWTH = Decimal("-0.99"), Decimal(1)
MOST_VOLATILITY = Decimal(2)
_MONTHS_A_YEAR = 12
#: Returns the log returns of one month, one for each path; the months come in order.
_Months = Callable[[int], Floats]


@dataclass(frozen=True, slots=True)
class Payment:
    """Money paid in, or taken out if it is below zero, once or again and again.

    Attributes:
        last_date: no payment after it; None goes on for as long as the forecast.
        every_months: None pays once.
        yearly_growth: by how much each year's payments are larger than those of the year before,
            such as inflation: 0.02 for 2 %.
    """

    amount: Decimal
    first_date: date
    last_date: date | None = None
    every_months: int | None = 1
    yearly_growth: float = 0.0

    def __post_init__(self) -> None:
        if self.every_months is not None and self.every_months < 1:
            raise ValueError(f"Payments can't be {self.every_months} months apart.")


@dataclass(frozen=True, slots=True)
class Normal:
    """Log returns that are normally distributed and independent.

    Attributes:
        yearly_growth: compound growth that half of the courses exceed: 0.05 for 5 % a year.
        volatility: of log returns in a year, as `risk.volatility` measures it.
    """

    yearly_growth: float
    volatility: float


@dataclass(frozen=True, slots=True)
class History:
    """Own returns, of which blocks of consecutive months are drawn again and again.

    Attributes:
        returns: oldest first; unknown ones are left out.
        block_months: how many months stay together, so that bad times last as long as they did.
        minimum_months: how much history is needed.
    """

    returns: Returns
    basis: Basis
    block_months: int = 6
    minimum_months: int = 12

    def __post_init__(self) -> None:
        if self.block_months < 1:
            raise ValueError(f"A block can't be {self.block_months} months long.")


@dataclass(frozen=True, slots=True)
class Forecast:
    """The possible courses of a portfolio, month by month; the first date is the start.

    Attributes:
        percentiles: of the worth at each date: of 100 courses, 5 end below the 5th percentile.
        paid_in: what was paid in less what was to be taken out by each date, with the start.
        reaches_target: the share of courses that end at or above the target; None without one.
        runs_out: the share of courses in which a withdrawal was larger than what was there.
        method: how it was computed, to be shown with it.
    """

    dates: tuple[date, ...]
    percentiles: Mapping[int, tuple[float, ...]]
    paid_in: tuple[float, ...]
    reaches_target: float | None
    runs_out: float | None
    paths: int
    method: str
    status: Status
    reason: str | None = None


def forecast(
    worth: Decimal,
    payments: Sequence[Payment],
    model: Normal | History,
    *,
    start: date,
    months: int,
    target: Decimal | None = None,
    seed: int = 0,
    paths: int = PATHS,
) -> Forecast:
    """Let a portfolio grow along many courses; the same seed gives the same ones.

    In each month what is there grows, and then the month's payments are added. What is there
    never falls below zero: a withdrawal that is larger takes all of it.
    `worth` is what the portfolio is worth on the day `start`.
    """
    dates = tuple(later(start, month) for month in range(months + 1))
    flows = schedule(payments, dates)
    method, drawn = _draw(model, np.random.default_rng(seed), paths)
    if worth < 0:
        return _unavailable(dates, method, "What is below zero can't grow.")
    if isinstance(drawn, str):
        return _unavailable(dates, method, drawn)
    bands, end, ran_out = _walk(float(worth), flows, drawn, paths)
    if not np.isfinite(bands).all():
        return _unavailable(dates, method, "The result is too large to mean anything.")
    dropped = sample(model.returns).dropped if isinstance(model, History) else 0
    return Forecast(
        dates=dates,
        percentiles=MappingProxyType(dict(zip(PERCENTILES, _rows(bands.T), strict=True))),
        paid_in=tuple((float(worth) + np.concatenate(([0.0], np.cumsum(flows)))).tolist()),
        reaches_target=None if target is None else _share_reaching(end, float(target)),
        runs_out=float(np.mean(ran_out)),
        paths=paths,
        method=method,
        status=Status.PARTIAL if dropped else Status.COMPLETE,
        reason=f"{dropped} unknown returns are left out." if dropped else None,
    )


def schedule(payments: Sequence[Payment], dates: Sequence[date]) -> Floats:
    """Return what is paid in each month, which is after one date and up to the next.

    Payments before the first date are over; those of the first date itself are inside of what the
    portfolio is worth then.
    """
    flows = np.zeros(len(dates) - 1)
    for payment in payments:
        last = min(payment.last_date or dates[-1], dates[-1])
        step, number = payment.every_months or 0, 0
        while (due := later(payment.first_date, step * number)) <= last:
            if due > dates[0]:
                growth = (1 + payment.yearly_growth) ** (step * number // _MONTHS_A_YEAR)
                flows[_month_of(due, dates)] += float(payment.amount) * growth
            number += 1
            if not step:
                break
    return flows


def later(day: date, months: int) -> date:
    """Return the same day some months later, or the last of a month that is too short."""
    year, month = divmod(day.year * _MONTHS_A_YEAR + day.month - 1 + months, _MONTHS_A_YEAR)
    following = date(year + (month == _MONTHS_A_YEAR - 1), (month + 1) % _MONTHS_A_YEAR + 1, 1)
    days = (following - date(year, month + 1, 1)).days
    return date(year, month + 1, min(day.day, days))


def _unavailable(dates: tuple[date, ...], method: str, reason: str) -> Forecast:
    nothing: Mapping[int, tuple[float, ...]] = MappingProxyType({})
    return Forecast(dates, nothing, (), None, None, 0, method, Status.UNAVAILABLE, reason)


def _rows(table: Floats) -> list[tuple[float, ...]]:
    return [tuple(row) for row in table.tolist()]


def _share_reaching(end: Floats, target: float) -> float:
    # What rounding in floats leaves must not decide.
    return float(np.mean(end >= target - 1e-9 * max(1.0, abs(target))))


def _month_of(day: date, dates: Sequence[date]) -> int:
    """Return the place of the month that a day after the first date belongs to."""
    place = (day.year - dates[0].year) * _MONTHS_A_YEAR + day.month - dates[0].month
    return place if day > dates[place] else place - 1


def _walk(
    worth: float, flows: Floats, drawn: _Months, paths: int
) -> tuple[Floats, Floats, np.typing.NDArray[np.bool_]]:
    """Return the percentiles of each date, what each path ends with, and which ran out."""
    level = np.full(paths, worth)
    ran_out = np.zeros(paths, dtype=np.bool_)
    bands = np.empty((flows.size + 1, len(PERCENTILES)))
    bands[0] = worth
    for month, flow in enumerate(flows):
        with np.errstate(over="ignore"):
            level *= np.exp(drawn(month))
        level += flow
        # A withdrawal of exactly what is there is paid; rounding may leave a trace below zero.
        ran_out |= level < -1e-9 * max(1.0, abs(flow))
        np.maximum(level, 0, out=level)
        bands[month + 1] = _percentiles(level)
    return bands, level, ran_out


def _percentiles(values: Floats) -> Floats:
    """Return what numpy.percentile does, several times as fast: sorting is the quickest way."""
    in_order = np.sort(values)
    places = np.asarray(PERCENTILES) / 100 * (values.size - 1)
    below = places.astype(np.intp)
    above = np.minimum(below + 1, values.size - 1)
    with np.errstate(invalid="ignore"):
        gaps = in_order[above] - in_order[below]
    return np.asarray(in_order[below] + (places - below) * gaps)


def _draw(
    model: Normal | History, random: np.random.Generator, paths: int
) -> tuple[str, _Months | str]:
    """Return the method's name, and what draws a month's log returns or why nothing can."""
    if isinstance(model, History):
        return _from_history(model, random, paths)
    method = f"normal, {model.yearly_growth:.2%} a year, volatility {model.volatility:.2%}"
    if model.yearly_growth <= -1 or not model.volatility >= 0:
        return method, "Growth must be above −100 %, and volatility not below zero."
    drift = math.log1p(model.yearly_growth) / _MONTHS_A_YEAR
    spread = model.volatility / math.sqrt(_MONTHS_A_YEAR)
    return method, lambda _: drift + spread * random.standard_normal(paths)


def _from_history(
    model: History, random: np.random.Generator, paths: int
) -> tuple[str, _Months | str]:
    """Draw blocks of months from a circle of own returns.

    Source: D. Politis, J. Romano, A circular block-resampling procedure, 1992.
    """
    method = f"blocks of {model.block_months} months of own history ({model.basis.label})"
    values = sample(model.returns).values
    a_month = model.basis.per_year / _MONTHS_A_YEAR
    needed = math.ceil(max(model.minimum_months, model.block_months) * a_month)
    if values.size < needed:
        return method, f"{values.size} returns are known; {needed} are needed."
    if values.min() <= -1:
        return method, "There is a loss of everything in the history."
    # Sums of any stretch are differences of these; the circle is gone around twice.
    sums = np.concatenate(([0.0], np.cumsum(np.tile(np.log1p(values), 2))))
    starts = np.zeros(paths, dtype=np.intp)

    def draw(month: int) -> Floats:
        place = month % model.block_months
        if not place:
            starts[:] = random.integers(0, values.size, paths)
        # A month may have no whole number of observations; over the years they add up.
        block = round((month - place) * a_month)
        first, last = (starts + round(each * a_month) - block for each in (month, month + 1))
        return np.asarray(sums[last] - sums[first])

    return method, draw
