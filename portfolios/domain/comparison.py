"""How a portfolio's returns go with those of a benchmark, observation by observation."""

from __future__ import annotations

import math

import numpy as np

from portfolios.domain.estimates import (
    NOISE,
    Basis,
    Estimate,
    Returns,
    Sample,
    is_flat,
    sample,
)
from portfolios.domain.ratios import yearly_growth
from portfolios.domain.risk import deviation

_FLAT_BENCHMARK = "The benchmark's returns don't vary."


def beta(returns: Returns, benchmark: Returns, *, minimum: int = 2) -> Estimate:
    """Return by how much returns move where the benchmark's move by 1: covariance ÷ variance.

    Source: W. F. Sharpe, Capital Asset Prices, 1964; empyrical, beta.
    """
    method = "covariance ÷ variance of the benchmark"
    known = sample(returns, benchmark)
    return _cannot_regress(known, minimum, method) or known.estimate(_slope(known), method)


def alpha(
    returns: Returns, benchmark: Returns, basis: Basis, *, risk_free: Returns | float = 0.0
) -> Estimate:
    """Return what is earned beyond what beta explains, compounded to a year.

    (1 + mean(excess − β × the benchmark's excess)) ^ per year − 1.

    Args:
        risk_free: per observation, not per year.

    Source: empyrical, alpha.
    """
    method = f"mean residual, compounded to a year ({basis.label})"
    known = sample(returns, benchmark, risk_free)
    if (missing := _cannot_regress(known, basis.minimum, method)) is not None:
        return missing
    residual = _mean_residual(known)
    if residual <= -1:
        return known.unavailable("The mean residual is a loss of everything.", method)
    exponent = math.log1p(residual) * basis.per_year
    return known.estimate(math.expm1(exponent) if exponent < 700 else math.inf, method)


def jensen_alpha(
    returns: Returns, benchmark: Returns, basis: Basis, *, risk_free: Returns | float = 0.0
) -> Estimate:
    """Return what is earned beyond what beta explains, times the observations of a year.

    The intercept of the regression of excess returns on the benchmark's, × per year; unlike in
    `alpha`, nothing is compounded.

    Source: M. C. Jensen, The Performance of Mutual Funds, 1968.
    """
    method = f"mean residual × {basis.per_year:g} ({basis.label})"
    known = sample(returns, benchmark, risk_free)
    return _cannot_regress(known, basis.minimum, method) or known.estimate(
        _mean_residual(known) * basis.per_year, method
    )


def capture(returns: Returns, benchmark: Returns, basis: Basis) -> Estimate:
    """Return the growth per year as a fraction of the benchmark's.

    Source: empyrical, capture.
    """
    method = f"growth per year ÷ the benchmark's ({basis.label})"
    return _capture(sample(returns, benchmark), basis, method)


def up_capture(returns: Returns, benchmark: Returns, basis: Basis) -> Estimate:
    """Return the capture of those observations on which the benchmark rose.

    Source: empyrical, up_capture.
    """
    method = f"growth per year ÷ the benchmark's, when it rose ({basis.label})"
    known = sample(returns, benchmark)
    return _capture(_chosen(known, known.series[1] > 0), basis, method)


def down_capture(returns: Returns, benchmark: Returns, basis: Basis) -> Estimate:
    """Return the capture of those observations on which the benchmark fell.

    Source: empyrical, down_capture.
    """
    method = f"growth per year ÷ the benchmark's, when it fell ({basis.label})"
    known = sample(returns, benchmark)
    return _capture(_chosen(known, known.series[1] < 0), basis, method)


def tracking_error(returns: Returns, benchmark: Returns, basis: Basis) -> Estimate:
    """Return the standard deviation of the differences from the benchmark, in a year."""
    method = f"differences × √{basis.per_year:g} ({basis.label})"
    known = sample(returns, benchmark)
    return known.too_few(max(basis.minimum, 2), method) or known.estimate(
        deviation(known.series[0] - known.series[1]) * math.sqrt(basis.per_year), method
    )


def information_ratio(returns: Returns, benchmark: Returns, basis: Basis) -> Estimate:
    """Return the mean difference from the benchmark per year ÷ the tracking error.

    Source: W. F. Sharpe, The Sharpe Ratio, 1994; with one observation a year it is empyrical's
    excess_sharpe.
    """
    method = f"mean ÷ deviation of the differences × √{basis.per_year:g} ({basis.label})"
    known = sample(returns, benchmark)
    if (missing := known.too_few(max(basis.minimum, 2), method)) is not None:
        return missing
    active = known.series[0] - known.series[1]
    if is_flat(active):
        return known.unavailable("The differences from the benchmark don't vary.", method)
    return known.estimate(
        float(active.mean()) / deviation(active) * math.sqrt(basis.per_year), method
    )


def _cannot_regress(known: Sample, minimum: int, method: str) -> Estimate | None:
    if (missing := known.too_few(max(minimum, 2), method)) is not None:
        return missing
    return known.unavailable(_FLAT_BENCHMARK, method) if is_flat(known.series[1]) else None


def _slope(known: Sample) -> float:
    around = known.series[1] - known.series[1].mean()
    return float(np.dot(around, known.series[0]) / np.dot(around, around))


def _mean_residual(known: Sample) -> float:
    """Return the mean of what beta leaves; the third series is the risk-free return."""
    returns, benchmark, risk_free = known.series
    excess = Sample((returns - risk_free, benchmark - risk_free), 0)
    return float(np.mean(excess.series[0] - _slope(excess) * excess.series[1]))


def _chosen(known: Sample, which: np.typing.NDArray[np.bool_]) -> Sample:
    return Sample(tuple(each[which] for each in known.series), known.dropped)


def _capture(known: Sample, basis: Basis, method: str) -> Estimate:
    if (missing := known.too_few(1, method)) is not None:
        return missing
    own, others = (yearly_growth(each, basis) for each in known.series)
    if abs(others) <= NOISE:
        return known.unavailable("The benchmark neither grew nor fell.", method)
    return known.estimate(own / others, method)
