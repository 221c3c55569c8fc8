"""How the figures of risk come about: from the returns they are estimated of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from statistics import NormalDist

import numpy as np

from portfolios.domain.drawdown import Drawdown, growth_index
from portfolios.domain.explaining.chains import chain, decimal_of
from portfolios.domain.explaining.formulas import Formula
from portfolios.domain.explaining.observing import listed_returns
from portfolios.domain.explaining.trees import Node, given, listed, made, told
from portfolios.domain.figures import Figure
from portfolios.domain.observations import Observations
from portfolios.domain.series import ValueSeries

_VOLATILITY, _DOWNSIDE, _RATIOS = "volatility", "downside-deviation", "ratios"
_AT_RISK, _EXTREMES, _FALL = "value-at-risk", "best-and-worst-day", "drawdown"
_ONE_DAY = timedelta(days=1)


def explain_risk(
    series: ValueSeries, observed: Observations, found: Mapping[str, Figure], *, cutoff: float
) -> dict[str, Node]:
    """Build the trees of the figures of risk, each by the name of its figure.

    Args:
        found: the figures themselves, which say why one is missing.
        cutoff: which part of all observations is the worst.
    """
    known = listed_returns(
        observed, observed.returns, "Returns", figure="time_weighted", series=series
    )
    if not known.inputs:
        return {
            name: given(LABELS[name], None, _VOLATILITY, note=found[name].explanation or "")
            for name in LABELS
        }
    trees = _trees(known, observed, Decimal(repr(cutoff)))
    return {
        name: told(tree, found[name].value, found[name].explanation) for name, tree in trees.items()
    }


#: What can be explained, and what it is called.
LABELS = {
    "volatility": "Volatility",
    "downside_deviation": "Downside deviation",
    "value_at_risk": "Value at risk",
    "normal_value_at_risk": "Parametric value at risk",
    "expected_shortfall": "Expected shortfall",
    "sharpe": "Sharpe",
    "sortino": "Sortino",
    "calmar": "Calmar",
    "best_day": "Best day",
    "worst_day": "Worst day",
}


def _trees(known: Node, observed: Observations, part: Decimal) -> dict[str, Node]:
    year = given("Observations a year", decimal_of(observed.basis.per_year), "risk")
    scale = made("Root of the observations a year", Formula.ROOT, "risk", (year,))
    logs = made("Deviation of log returns", Formula.LOG_DEVIATION, _VOLATILITY, (known,))
    spread = made("Deviation", Formula.DEVIATION, _RATIOS, (known,))
    mean = made("Mean", Formula.MEAN, _RATIOS, (known,))
    short = made("Shortfall", Formula.SHORTFALL, _DOWNSIDE, (known,))
    downside = made(LABELS["downside_deviation"], Formula.PRODUCT, _DOWNSIDE, (short, scale))
    z = decimal_of(NormalDist().inv_cdf(float(part)))
    tail = made("z × deviation", Formula.PRODUCT, _AT_RISK, (given("z", z, _AT_RISK), spread))
    worst = given("Part of all", part, _AT_RISK)
    per_risk = made("Mean ÷ deviation", Formula.QUOTIENT, _RATIOS, (mean, spread))
    a_year = made("Mean × observations a year", Formula.PRODUCT, _RATIOS, (mean, year))
    inputs: dict[str, tuple[Formula, str, Sequence[Node]]] = {
        "volatility": (Formula.PRODUCT, _VOLATILITY, (logs, scale)),
        "value_at_risk": (Formula.QUANTILE, _AT_RISK, (worst, known)),
        "normal_value_at_risk": (Formula.SUM, _AT_RISK, (mean, tail)),
        "expected_shortfall": (Formula.MEAN, _AT_RISK, (_worst(known, part),)),
        "sharpe": (Formula.PRODUCT, _RATIOS, (per_risk, scale)),
        "sortino": (Formula.QUOTIENT, _RATIOS, (a_year, downside)),
        "calmar": (Formula.QUOTIENT, _RATIOS, _calmar(known, year)),
        "best_day": (Formula.GREATEST, _EXTREMES, (known,)),
        "worst_day": (Formula.LEAST, _EXTREMES, (known,)),
    }
    trees = {name: made(LABELS[name], *each) for name, each in inputs.items()}
    return trees | {"downside_deviation": downside}


def explain_drawdown(series: ValueSeries, fall: Drawdown, unit: str) -> Node:
    """Explain the depth by the returns from the peak to the trough."""
    label = "Maximum drawdown"
    if fall.peak_date is None or fall.trough_date is None:
        depth = None if fall.depth is None else Decimal(0)
        return given(label, depth, _FALL, note=fall.reason or "The index never fell.")
    return chain(
        label, series.between(fall.peak_date + _ONE_DAY, fall.trough_date + _ONE_DAY), unit
    )


def _worst(known: Node, part: Decimal) -> Node:
    """List the observations up to the value at risk."""
    ordered = sorted(known.inputs, key=lambda each: each.value or Decimal(0))
    last = int((len(ordered) - 1) * part)
    return listed("The worst", _AT_RISK, ordered[: last + 1])


def _calmar(known: Node, year: Node) -> tuple[Node, Node]:
    growth = made("Growth of all", Formula.COMPOUND, "growth-per-year", known.inputs)
    size = given("Observations", Decimal(len(known.inputs)), "growth-per-year")
    yearly = made("Growth per year", Formula.STRETCHED, "growth-per-year", (growth, year, size))
    levels = growth_index(np.array([float(each.value or 0) for each in known.inputs]))
    highs = np.maximum.accumulate(levels)
    trough = int(np.argmin(levels / highs))
    peak = int(np.flatnonzero(levels[: trough + 1] == highs[trough])[0])
    if peak == trough:
        return yearly, given("Depth of the deepest fall", Decimal(0), _FALL)
    fall = made("Growth from the peak", Formula.COMPOUND, _FALL, known.inputs[peak:trough])
    nothing = given("Nothing", Decimal(0), _FALL)
    return yearly, made("Depth of the deepest fall", Formula.DIFFERENCE, _FALL, (nothing, fall))
