"""How the figures of a benchmark come about, and of the portfolio beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

import numpy as np

from portfolios.domain.benchmark import Blend, IndexReturn, Rebalancing
from portfolios.domain.estimates import Floats
from portfolios.domain.explaining.chains import Stretch, chained, decimal_of
from portfolios.domain.explaining.formulas import Formula
from portfolios.domain.explaining.observing import listed_returns
from portfolios.domain.explaining.performance import Course, yearly
from portfolios.domain.explaining.together import correlation
from portfolios.domain.explaining.trees import Ask, Node, given, made, told
from portfolios.domain.figures import Figure
from portfolios.domain.observations import Observations

_METHOD, _AGAINST = "benchmark", "against-a-benchmark"
_FIGURE = "benchmark.time_weighted"
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Beside:
    """A benchmark over the days of a portfolio.

    Attributes:
        symbols: of its instruments, by their ids.
    """

    blend: Blend
    went: IndexReturn
    symbols: Mapping[str, str]


def explain_benchmark(
    course: Course, beside: Beside, observed: Observations, found: Mapping[str, Figure]
) -> dict[str, Node]:
    """Build the trees of the figures of a benchmark, each by the name of its figure.

    Args:
        observed: the returns of the portfolio.
        found: the figures themselves, which say why one is missing.
    """
    whole = _growth(course, beside)
    same = _same_flows(course, beside.went)
    ended = given(
        "Value at the end",
        course.closing,
        "gain-of-a-period",
        unit=course.currency,
        ask=Ask("closing_value", course.last, course.last),
    )
    trees = {
        "time_weighted": whole,
        "time_weighted_yearly": yearly("Time-weighted per year", whole, course),
        "same_flows_value": same,
        "lead": made("Lead", Formula.GROWTH, _METHOD, (ended, same)),
        **_regression(course, beside.went, observed),
    }
    return {
        name: told(tree, found[name].value, found[name].explanation) for name, tree in trees.items()
    }


def _growth(course: Course, beside: Beside) -> Node:
    """Explain how the benchmark went: by two prices, or by what each day brought."""
    label = "Time-weighted return"
    left_alone = beside.blend.rebalancing is Rebalancing.NEVER
    if not len(course.series):
        return given(label, None, _METHOD)
    if not beside.blend.is_alone and not left_alone:
        return chained(label, list(_days(course, beside)), _METHOD, figure=_FIGURE)
    last = len(course.series)
    grown = [
        _between(key, beside.symbols[key], course, prices, 0, last)
        for key, prices in beside.went.prices.items()
    ]
    if beside.blend.is_alone:
        return replace(grown[0], label=label)
    return made(label, Formula.SUM, _METHOD, _weighted(beside, grown))


def _days(course: Course, beside: Beside) -> Iterator[Stretch]:
    for place, day in enumerate(course.series.dates):
        grown = [
            _between(key, beside.symbols[key], course, prices, place, place + 1)
            for key, prices in beside.went.prices.items()
        ]
        node = made(day.isoformat(), Formula.SUM, _METHOD, _weighted(beside, grown))
        yield Stretch(day, day, node)


def _between(
    key: str, symbol: str, course: Course, prices: Floats, before: int, after: int
) -> Node:
    """Explain the growth of one instrument between two closes."""
    inputs = (
        given(
            f"{symbol} at the close of {(course.opening_date + place * _ONE_DAY).isoformat()}",
            decimal_of(float(prices[place])),
            _METHOD,
            unit=course.currency,
        )
        for place in (after, before)
    )
    return made(f"Growth of {symbol}", Formula.GROWTH, _METHOD, inputs)


def _weighted(beside: Beside, grown: list[Node]) -> Iterator[Node]:
    for weight, growth in zip(beside.blend.weights.values(), grown, strict=True):
        inputs = (given("Weight", weight, _METHOD), growth)
        yield made(growth.label.removeprefix("Growth of "), Formula.PRODUCT, _METHOD, inputs)


def _same_flows(course: Course, went: IndexReturn) -> Node:
    """Explain what the flows would be worth: each grew from its day on."""
    series, unit = course.series, course.currency
    levels = np.concatenate(([1.0], 1 + went.index))

    def grown(label: str, amount: float, since: int) -> Node:
        """Let what was there at the close of a place grow to the end."""
        start = course.opening_date + (since + 1) * _ONE_DAY
        growth = decimal_of(float(levels[-1] / levels[since]))
        ask = Ask(_FIGURE, start, course.last) if start <= course.last else None
        inputs = (
            given(label, decimal_of(amount), _METHOD, unit=unit),
            given("What one became", growth, _METHOD, ask=ask),
        )
        return made(label, Formula.PRODUCT, _METHOD, inputs, unit=unit)

    parts = [grown("Value at the start", series.opening, 0)] if series.opening else []
    # What comes in grows on its own day, what leaves doesn't any more.
    parts += [
        grown(f"Paid in on {series.day(int(place))}", float(series.inflow[place]), int(place))
        for place in np.flatnonzero(series.inflow)
    ]
    parts += [
        grown(f"Taken out on {series.day(int(at))}", -float(series.outflow[at]), int(at) + 1)
        for at in np.flatnonzero(series.outflow)
    ]
    return made("Value with the same flows", Formula.SUM, _METHOD, parts, unit=unit)


def _regression(course: Course, went: IndexReturn, observed: Observations) -> dict[str, Node]:
    """Explain the figures that are made of both returns, of the observations that both have."""
    series = course.series
    others = observed.alike(went.growth - 1)
    both = np.isfinite(observed.returns) & np.isfinite(others)
    mine = np.where(both, observed.returns, np.nan)
    theirs = np.where(both, others, np.nan)
    own = listed_returns(
        observed, mine, "Returns that both have", figure="time_weighted", series=series
    )
    other = listed_returns(
        observed, theirs, "Returns of the benchmark", figure=_FIGURE, series=series
    )
    apart = listed_returns(observed, mine - theirs, "Differences")
    year = given("Observations a year", decimal_of(observed.basis.per_year), "risk")
    covariance = made("Covariance", Formula.COVARIANCE, _AGAINST, (own, other))
    variance = made("Variance of the benchmark", Formula.COVARIANCE, _AGAINST, (other, other))
    beta = made("Beta", Formula.QUOTIENT, _AGAINST, (covariance, variance))
    means = [made(each.label, Formula.MEAN, _AGAINST, (each,)) for each in (own, other)]
    explained = made("Beta × mean of the benchmark", Formula.PRODUCT, _AGAINST, (beta, means[1]))
    rest = made("What is left a day", Formula.DIFFERENCE, _AGAINST, (means[0], explained))
    one = given("Observation", Decimal(1), "risk")
    spread = made("Deviation of the differences", Formula.DEVIATION, _AGAINST, (apart,))
    root = made("Root of the observations a year", Formula.ROOT, "risk", (year,))
    return {
        "beta": beta,
        "alpha": made("Alpha", Formula.STRETCHED, _AGAINST, (rest, year, one)),
        "correlation": correlation("Correlation", own, other, _AGAINST),
        "tracking_error": made("Tracking error", Formula.PRODUCT, _AGAINST, (spread, root)),
    }
