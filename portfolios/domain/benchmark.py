"""A portfolio beside an index, an instrument or a blend of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

import numpy as np

from common.errors import InvalidInput
from common.money import exact
from portfolios.domain.percentages import Denominator, Ratio, Reason
from portfolios.domain.prices import MAX_CLOSE_AGE_DAYS
from portfolios.domain.series import BadSeries, Floats, ValueSeries

_ROUNDING = 1e-9
#: More instruments than this are no yardstick any more.
MOST_PARTS = 5

#: Of one instrument in the portfolio's currency, oldest first.
Closes = Sequence[tuple[date, Decimal | float]]


class InvalidBlend(InvalidInput):
    """The weights aren't above zero or don't add up to 1, or there are too many."""

    code = "invalid-blend"


class Rebalancing(StrEnum):
    """Whether a blend's weights are restored."""

    #: At the close of every day: the blend is always what it is named after.
    DAILY = "daily"
    #: Bought once and left alone: what rises grows heavier.
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Blend:
    """Instruments and their weights; one instrument with the weight 1 is a plain benchmark."""

    weights: Mapping[str, Decimal]
    rebalancing: Rebalancing = Rebalancing.DAILY

    @classmethod
    def alone(cls, instrument_id: str) -> Blend:
        """Return one instrument, with the weight 1."""
        return cls({instrument_id: Decimal(1)})

    def __post_init__(self) -> None:
        with exact():
            total = sum(self.weights.values(), Decimal(0))
        if total != 1 or min(self.weights.values()) <= 0:
            raise InvalidBlend("The weights of a blend are above zero and add up to 1.")
        if len(self.weights) > MOST_PARTS:
            raise InvalidBlend(f"A blend has up to {MOST_PARTS} instruments.")

    @property
    def is_alone(self) -> bool:
        """Say whether it is one instrument."""
        return len(self.weights) == 1

    @property
    def key(self) -> str:
        """Return a text that is equal for equal blends only."""
        parts = ",".join(f"{key}:{weight}" for key, weight in self.weights.items())
        return parts if self.is_alone else f"{parts};{self.rebalancing}"


@dataclass(frozen=True, slots=True, eq=False)
class IndexReturn:
    """How a blend went.

    Attributes:
        growth: each day's factor, 1.01 for one per cent; NaN where a close is missing.
        index: the growth since the opening, 0.05 for 5 %.
        total: that of the last day; where it is unavailable, `missing` names the instruments.
        prices: of each instrument, from the close before the first day on; NaN is unknown.
    """

    growth: Floats
    index: Floats
    total: Ratio
    prices: Mapping[str, Floats] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class SameFlows:
    """What a portfolio would be worth, had its flows gone into a benchmark instead.

    Attributes:
        series: the values it would have had, with the portfolio's own flows; NaN from the day
            on which a close is missing or the money is used up.
        lead: how much more the portfolio is worth at the end, as a fraction of what the
            benchmark would be.
    """

    series: ValueSeries
    lead: Ratio


def index_return(
    blend: Blend,
    closes: Mapping[str, Closes],
    *,
    start: date,
    end: date,
    max_age_days: int = MAX_CLOSE_AGE_DAYS,
) -> IndexReturn:
    """Return how a blend went from the close before `start` to that of the day before `end`.

    A day without a close takes the last earlier one, up to an age; never a later one.
    """
    days = (end - start).days
    if days <= 0:
        nothing = np.empty(0)
        none = Ratio.unavailable(Denominator.FIRST_PRICE, Reason.NO_DAYS)
        return IndexReturn(nothing, nothing, none)
    first = start - timedelta(days=1)
    prices = {
        key: _filled(closes.get(key, ()), first, days + 1, max_age_days) for key in blend.weights
    }
    growth = _growth(blend, prices)
    index = np.cumprod(growth) - 1
    missing = [key for key, each in prices.items() if np.isnan(each).any()]
    if missing:
        total = Ratio.unavailable(Denominator.FIRST_PRICE, Reason.CLOSE_MISSING, missing)
    else:
        total = Ratio(float(index[-1]), Denominator.FIRST_PRICE)
    return IndexReturn(growth, np.asarray(index, dtype=np.float64), total, prices)


def with_same_flows(series: ValueSeries, benchmark: IndexReturn) -> SameFlows:
    """Put each deposit into the benchmark, and take each withdrawal out of it.

    As with the time-weighted return, what comes in counts from the start of its day, and what
    leaves until its end; so the time-weighted return of the result is the benchmark's.

    Args:
        benchmark: of the same days as the series.

    Raises:
        BadSeries: it is of other days.
    """
    if len(benchmark.growth) != len(series):
        raise BadSeries("A benchmark needs the days of the portfolio.")
    value = np.full(len(series), np.nan)
    worth, used_up = series.opening, False
    days = zip(benchmark.growth.tolist(), series.inflow, series.outflow, strict=True)
    for place, (factor, inflow, outflow) in enumerate(days):
        grown = (worth + float(inflow)) * factor
        # What rounding leaves when everything is taken out isn't a shortfall.
        worth = grown - float(outflow)
        used_up = worth < -_ROUNDING * grown
        if used_up or np.isnan(worth):
            break
        value[place] = worth = max(worth, 0.0)
    shadow = ValueSeries(series.first, series.opening, value, series.inflow, series.outflow)
    return SameFlows(shadow, _lead(series, shadow, benchmark, used_up=used_up))


def _lead(
    series: ValueSeries, shadow: ValueSeries, benchmark: IndexReturn, *, used_up: bool
) -> Ratio:
    """Compare the portfolio's closing value with the one it would have had."""
    unknown = np.isnan(shadow.value)
    if used_up:
        first = int(np.argmax(unknown))
        day = (series.day(first).isoformat(),)
        return Ratio.unavailable(Denominator.BENCHMARK_VALUE, Reason.EXHAUSTED, day)
    if benchmark.total.value is None:
        total = benchmark.total
        reason = total.reason or Reason.CLOSE_MISSING
        return Ratio.unavailable(Denominator.BENCHMARK_VALUE, reason, total.missing)
    flows = np.isnan(series.inflow) | np.isnan(series.outflow)
    if flows.any():
        return Ratio.unavailable(
            Denominator.BENCHMARK_VALUE, Reason.FLOW_UNKNOWN, series.days_where(flows)
        )
    if np.isnan(series.opening) or np.isnan(series.closing):
        return Ratio.unavailable(Denominator.BENCHMARK_VALUE, Reason.VALUE_UNKNOWN)
    if shadow.closing <= 0:
        return Ratio.unavailable(Denominator.BENCHMARK_VALUE, Reason.DENOMINATOR_NOT_POSITIVE)
    return Ratio(series.closing / shadow.closing - 1, Denominator.BENCHMARK_VALUE)


def _growth(blend: Blend, prices: Mapping[str, Floats]) -> Floats:
    """Return each day's factor of a blend from its instruments' prices, the opening one first."""
    weights = np.array([float(weight) for weight in blend.weights.values()])
    table = np.array([prices[key] for key in blend.weights])
    if blend.rebalancing is Rebalancing.DAILY:
        return np.asarray(weights @ (table[:, 1:] / table[:, :-1]), dtype=np.float64)
    worth = weights @ (table / table[:, :1])
    return np.asarray(worth[1:] / worth[:-1], dtype=np.float64)


def _filled(closes: Closes, first: date, days: int, max_age_days: int) -> Floats:
    """Spread closes over consecutive days, each for as long as it may be taken."""
    prices = np.full(days, np.nan)
    for (day, close), (following, _) in pairwise([*closes, (date.max, 0.0)]):
        known_from = (day - first).days
        until = min((following - first).days, known_from + max_age_days + 1, days)
        if close > 0 and until > 0:
            prices[max(known_from, 0) : until] = float(close)
    return prices
