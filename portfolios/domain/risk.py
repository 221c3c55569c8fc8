"""How much returns vary, and how much may be lost: volatility, downside, value at risk."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from portfolios.domain.estimates import Basis, Estimate, Floats, Returns, Sample, is_flat, sample

_TOTAL_LOSS = "There is a loss of everything, of which no logarithm exists."


def volatility(returns: Returns, basis: Basis) -> Estimate:
    """Return the standard deviation of log returns in a year.

    This is the volatility that is shown. Returns that never vary have a volatility of 0.
    """
    method = f"log returns × √{basis.per_year:g} ({basis.label})"
    return _log_deviation(returns, basis.minimum, method, math.sqrt(basis.per_year))


def simple_volatility(returns: Returns, basis: Basis) -> Estimate:
    """Return the standard deviation of simple returns in a year.

    Source: empyrical, annual_volatility.
    """
    method = f"simple returns × √{basis.per_year:g} ({basis.label})"
    known = sample(returns)
    return known.too_few(basis.minimum, method) or known.estimate(
        deviation(known.values) * math.sqrt(basis.per_year), method
    )


def period_volatility(returns: Returns) -> Estimate:
    """Return the standard deviation of log returns, scaled to the length of the series.

    Source: Portfolio Performance, Risk.Volatility: not annualized, so that a longer period has
    a higher one.
    """
    method = "log returns × √observations (whole period)"
    size = sample(returns).size
    return _log_deviation(returns, 2, method, math.sqrt(size))


def semi_deviation(returns: Returns) -> Estimate:
    """Return the same as `period_volatility`, of which only returns below the mean are counted.

    Source: Portfolio Performance, Risk.Volatility.
    """
    method = "log returns below their mean × √observations (whole period)"
    known = sample(returns)
    if (missing := _without_logarithms(known, 2, method)) is not None:
        return missing
    logs = np.log1p(known.values)
    below = np.zeros(1) if is_flat(logs) else np.minimum(logs - logs.mean(), 0)
    spread = math.sqrt(float(np.sum(below**2)) / (known.size - 1))
    return known.estimate(spread * math.sqrt(known.size), method)


def downside_deviation(
    returns: Returns, basis: Basis, *, required: Returns | float = 0.0
) -> Estimate:
    """Return how far returns fall short of a required one, in a year.

    √(mean of the squared shortfalls) × √(observations per year); observations without a shortfall
    count with 0 in the mean.

    Args:
        required: per observation, not per year.

    Source: empyrical, downside_risk.
    """
    method = f"shortfalls × √{basis.per_year:g} ({basis.label})"
    known = sample(returns, required)
    return known.too_few(1, method) or known.estimate(shortfall(known, basis), method)


def value_at_risk(returns: Returns, *, cutoff: float = 0.05) -> Estimate:
    """Return the return that was undercut in the worst `cutoff` of all observations.

    It is a return of one observation, so that a loss is negative. Between two observations it is
    interpolated linearly.

    Source: empyrical, value_at_risk.
    """
    method = f"historical, worst {cutoff:.4g} of observations"
    known = sample(returns)
    return known.too_few(1, method) or known.estimate(np.quantile(known.values, cutoff), method)


def expected_shortfall(returns: Returns, *, cutoff: float = 0.05) -> Estimate:
    """Return the mean of the returns at or below the value at risk; never above it.

    Source: empyrical, conditional_value_at_risk.
    """
    method = f"mean of the worst {cutoff:.4g} of observations"
    known = sample(returns)
    if (missing := known.too_few(1, method)) is not None:
        return missing
    last = int((known.size - 1) * cutoff)
    return known.estimate(np.partition(known.values, last)[: last + 1].mean(), method)


def normal_value_at_risk(
    returns: Returns, *, cutoff: float = 0.05, horizon: int = 1, minimum: int = 2
) -> Estimate:
    """Return the value at risk if returns were normally distributed and independent.

    mean × horizon + z × standard deviation × √horizon, with z of the normal distribution, which
    is −1.645 for a cutoff of 0.05. Real returns have fatter tails: it understates rare losses.

    Args:
        cutoff: above 0 and below 1.
        horizon: over how many observations.
    """
    method = f"normal distribution, worst {cutoff:.4g} over {horizon} observations"
    known = sample(returns)
    if (missing := known.too_few(max(minimum, 2), method)) is not None:
        return missing
    score = NormalDist().inv_cdf(cutoff)
    spread = deviation(known.values) * math.sqrt(horizon)
    return known.estimate(float(known.values.mean()) * horizon + score * spread, method)


def deviation(values: Floats) -> float:
    """Return the standard deviation of a sample of two or more, exactly 0 if it doesn't vary."""
    return 0.0 if is_flat(values) else float(np.std(values, ddof=1))


def shortfall(known: Sample, basis: Basis) -> float:
    """Return the downside deviation of a sample of returns and, second, what is required."""
    returns, required = known.series
    below = np.minimum(returns - required, 0)
    return math.sqrt(float(np.mean(below**2)) * basis.per_year)


def _log_deviation(returns: Returns, minimum: int, method: str, scale: float) -> Estimate:
    known = sample(returns)
    return _without_logarithms(known, minimum, method) or known.estimate(
        deviation(np.log1p(known.values)) * scale, method
    )


def _without_logarithms(known: Sample, minimum: int, method: str) -> Estimate | None:
    """Return that there is no figure, where log returns don't exist or are too few."""
    if (missing := known.too_few(max(minimum, 2), method)) is not None:
        return missing
    if known.values.min() <= -1:
        return known.unavailable(_TOTAL_LOSS, method)
    return None
