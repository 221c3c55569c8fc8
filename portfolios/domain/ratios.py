"""What was earned for the risk taken: growth per year, Sharpe, Sortino, Calmar, omega."""

from __future__ import annotations

import math

import numpy as np

from portfolios.domain.drawdown import drawdown_series, growth_index
from portfolios.domain.estimates import (
    NOISE,
    Basis,
    Estimate,
    Floats,
    Returns,
    is_flat,
    sample,
)
from portfolios.domain.risk import deviation, shortfall

_NO_VARIATION = "The returns don't vary, so that there is no risk to divide by."


def cagr(returns: Returns, basis: Basis) -> Estimate:
    """Return the compound growth per year: (Π (1 + r)) ^ (per year ÷ observations) − 1.

    Short periods give large figures; show what was earned in the period itself beside one that is
    shorter than a year. A loss of everything is −1.

    Source: empyrical, annual_return, which counts unknown returns as observations without change;
    `gaps_as_no_change` does so here.
    """
    method = f"compounded to a year ({basis.label})"
    known = sample(returns)
    return known.too_few(1, method) or known.estimate(yearly_growth(known.values, basis), method)


def sharpe(returns: Returns, basis: Basis, *, risk_free: Returns | float = 0.0) -> Estimate:
    """Return mean ÷ standard deviation of the returns beyond the risk-free one, × √(per year).

    Args:
        risk_free: per observation, not per year: a number, or one for each return; see
            `per_observation`.

    Source: W. F. Sharpe, The Sharpe Ratio, 1994; empyrical, sharpe_ratio.
    """
    method = f"mean ÷ deviation of excess returns × √{basis.per_year:g} ({basis.label})"
    known = sample(returns, risk_free)
    if (missing := known.too_few(max(basis.minimum, 2), method)) is not None:
        return missing
    excess = known.series[0] - known.series[1]
    if is_flat(excess):
        return known.unavailable(_NO_VARIATION, method)
    return known.estimate(
        float(excess.mean()) / deviation(excess) * math.sqrt(basis.per_year), method
    )


def sortino(returns: Returns, basis: Basis, *, required: Returns | float = 0.0) -> Estimate:
    """Return the mean return beyond a required one per year ÷ the downside deviation.

    Args:
        required: per observation, not per year.

    Source: F. Sortino, L. Price, 1994; empyrical, sortino_ratio.
    """
    method = f"mean excess ÷ downside deviation, per year ({basis.label})"
    known = sample(returns, required)
    if (missing := known.too_few(max(basis.minimum, 2), method)) is not None:
        return missing
    downside = shortfall(known, basis)
    if downside <= NOISE:
        return known.unavailable("No return falls short of the required one.", method)
    excess = known.series[0] - known.series[1]
    return known.estimate(float(excess.mean()) * basis.per_year / downside, method)


def calmar(returns: Returns, basis: Basis) -> Estimate:
    """Return the growth per year ÷ the depth of the deepest drawdown.

    Source: T. W. Young, 1991; empyrical, calmar_ratio.
    """
    method = f"growth per year ÷ deepest drawdown ({basis.label})"
    known = sample(returns)
    if (missing := known.too_few(1, method)) is not None:
        return missing
    depth = -float(np.min(drawdown_series(growth_index(known.values))))
    if depth <= NOISE:
        return known.unavailable("There was no drawdown to divide by.", method)
    return known.estimate(yearly_growth(known.values, basis) / depth, method)


def omega(returns: Returns, *, threshold: Returns | float = 0.0) -> Estimate:
    """Return the sum of what returns exceed a threshold by ÷ the sum of what they fall short.

    Args:
        threshold: per observation, not per year; see `per_observation`.

    Source: C. Keating, W. Shadwick, A Universal Performance Measure, 2002; empyrical, omega_ratio.
    """
    method = "gains ÷ losses against a threshold"
    known = sample(returns, threshold)
    if (missing := known.too_few(2, method)) is not None:
        return missing
    beyond = known.series[0] - known.series[1]
    losses = -float(np.minimum(beyond, 0).sum())
    if losses <= NOISE:
        return known.unavailable("No return falls short of the threshold.", method)
    return known.estimate(float(np.maximum(beyond, 0).sum()) / losses, method)


def yearly_growth(values: Floats, basis: Basis) -> float:
    """Return the compound growth per year of returns that are known; infinite if too large."""
    whole = float(np.prod(1 + values))
    if whole <= 0:
        return -1.0
    exponent = math.log(whole) * basis.per_year / values.size
    # e^700 is about as large as a float can be.
    return math.expm1(exponent) if exponent < 700 else math.inf
