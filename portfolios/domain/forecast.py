"""What a portfolio may be worth in years to come: many possible courses, and how they spread.

A forecast assumes that the future varies as the past did, or as the given growth and volatility
say; that months are independent of each other (blocks of months, where history is drawn from);
that every payment is made as planned at the end of its month; and that there are no taxes or
charges beyond those inside the returns. It says how wide the possible lies, not what will be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType

import numpy as np

from portfolios.domain.drawing import MONTHS_A_YEAR, Draw, Drawn, History, Normal, draw
from portfolios.domain.estimates import Floats, sample
from portfolios.domain.status import Status

PERCENTILES = (5, 25, 50, 75, 95)
PATHS = 10_000
#: Further ahead no history says anything.
MOST_YEARS = 50
#: What may be assumed, fractions a year; the payments may shrink by as much as they may grow.
MOST_PAYMENT_GROWTH = Decimal("0.5")
LEAST_GROWTH, MOST_GROWTH = Decimal("-0.99"), Decimal(1)
MOST_VOLATILITY = Decimal(2)


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
    method, drawn = draw(model, seed=seed, paths=paths)
    if worth < 0:
        return _unavailable(dates, method, "What is below zero can't grow.")
    if isinstance(drawn, str):
        return _unavailable(dates, method, drawn)
    bands, end, runs_out = _spread(float(worth), flows, drawn, paths)
    if not np.isfinite(bands).all():
        return _unavailable(dates, method, "The result is too large to mean anything.")
    dropped = sample(model.returns).dropped if isinstance(model, History) else 0
    return Forecast(
        dates=dates,
        percentiles=MappingProxyType(dict(zip(PERCENTILES, _rows(bands.T), strict=True))),
        paid_in=tuple((float(worth) + np.concatenate(([0.0], np.cumsum(flows)))).tolist()),
        reaches_target=None if target is None else _share_reaching(end, float(target)),
        runs_out=runs_out,
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
                growth = (1 + payment.yearly_growth) ** (step * number // MONTHS_A_YEAR)
                flows[_month_of(due, dates)] += float(payment.amount) * growth
            number += 1
            if not step:
                break
    return flows


def later(day: date, months: int) -> date:
    """Return the same day some months later, or the last of a month that is too short."""
    year, month = divmod(day.year * MONTHS_A_YEAR + day.month - 1 + months, MONTHS_A_YEAR)
    following = date(year + (month == MONTHS_A_YEAR - 1), (month + 1) % MONTHS_A_YEAR + 1, 1)
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
    place = (day.year - dates[0].year) * MONTHS_A_YEAR + day.month - dates[0].month
    return place if day > dates[place] else place - 1


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """All courses at the end of a month.

    Attributes:
        level: what each is worth; it is written to again for the next month.
        ran_out: in which of them a withdrawal was larger than what was there; likewise.
    """

    drawn: Drawn
    level: Floats
    ran_out: np.typing.NDArray[np.bool_]


def walk(worth: float, flows: Floats, draw_month: Draw, paths: int) -> Iterator[Step]:
    """Go along all courses at once, month by month."""
    level = np.full(paths, worth)
    ran_out = np.zeros(paths, dtype=np.bool_)
    for month, flow in enumerate(flows):
        drawn = draw_month(month)
        with np.errstate(over="ignore"):
            level *= np.exp(drawn.log_returns)
        level += flow
        # A withdrawal of exactly what is there is paid; rounding may leave a trace below zero.
        ran_out |= level < -1e-9 * max(1.0, abs(flow))
        np.maximum(level, 0, out=level)
        yield Step(drawn, level, ran_out)


def _spread(
    worth: float, flows: Floats, draw_month: Draw, paths: int
) -> tuple[Floats, Floats, float]:
    """Return the percentiles of each date, what each course ends with, and how many ran out."""
    level, runs_out = np.full(paths, worth), 0.0
    bands = np.empty((flows.size + 1, len(PERCENTILES)))
    bands[0] = worth
    for month, step in enumerate(walk(worth, flows, draw_month, paths)):
        bands[month + 1] = _percentiles(step.level)
        level, runs_out = step.level, float(np.mean(step.ran_out))
    return bands, level, runs_out


def _percentiles(values: Floats) -> Floats:
    """Return what numpy.percentile does, several times as fast: sorting is the quickest way."""
    in_order = np.sort(values)
    places = np.asarray(PERCENTILES) / 100 * (values.size - 1)
    below = places.astype(np.intp)
    above = np.minimum(below + 1, values.size - 1)
    with np.errstate(invalid="ignore"):
        gaps = in_order[above] - in_order[below]
    return np.asarray(in_order[below] + (places - below) * gaps)
