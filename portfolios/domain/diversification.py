"""How alike holdings move, and how much hangs on a few of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from portfolios.domain.estimates import Basis, Estimate, Floats, Returns, is_flat, sample
from portfolios.domain.risk import deviation
from portfolios.domain.status import Status

_PAIR = 2


@dataclass(frozen=True, slots=True)
class Correlations:
    """How series of returns go together, pair by pair.

    Attributes:
        rows: by names in both directions; from −1 to 1, None where a pair has none.
        observations: how many each pair has in common, in the same order.
    """

    names: tuple[str, ...]
    rows: tuple[tuple[float | None, ...], ...]
    observations: tuple[tuple[int, ...], ...]
    status: Status
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Concentration:
    """How much hangs on a few holdings.

    Attributes:
        herfindahl: the sum of the squared weights, from 1 ÷ number of holdings to 1.
        effective_number: how many equal holdings would be as concentrated.
        unknown: holdings whose worth is unknown and which are left out.
    """

    herfindahl: float | None
    effective_number: float | None
    largest_weight: float | None
    holdings: int
    unknown: int
    status: Status
    reason: str | None = None


def correlations(series: Mapping[str, Returns], *, minimum: int = 2) -> Correlations:
    """Return the correlation (Pearson) of each pair, over the observations both have."""
    names = tuple(series)
    size = len(names)
    rows: list[list[float | None]] = [[None] * size for _ in names]
    counts = [[0] * size for _ in names]
    for row in range(size):
        for column in range(row, size):
            known = sample(series[names[row]], series[names[column]])
            found = _correlation(known.series, max(minimum, _PAIR))
            rows[row][column] = rows[column][row] = found
            counts[row][column] = counts[column][row] = known.size
    gaps = sum(cell is None for row in rows for cell in row)
    status, reason = Status.COMPLETE, None
    if gaps:
        status = Status.UNAVAILABLE if gaps == size * size else Status.PARTIAL
        reason = "Some returns don't vary, or are too few."
    return Correlations(names, tuple(map(tuple, rows)), tuple(map(tuple, counts)), status, reason)


def diversification_ratio(
    weights: Sequence[float], series: Sequence[Returns], basis: Basis
) -> Estimate:
    """Return the weighted volatilities of the holdings ÷ the volatility of them together.

    It is 1 if all move alike, and larger the more they offset each other. Only observations that
    all holdings have count.

    Args:
        weights: of each series, fractions.

    Source: Y. Choueifaty, Y. Coignard, Toward Maximum Diversification, 2008.

    Raises:
        ValueError: there aren't as many weights as series.
    """
    method = f"weighted volatilities ÷ volatility together ({basis.label})"
    if len(weights) != len(series):
        raise ValueError(f"There are {len(weights)} weights for {len(series)} series.")
    if not series:
        return sample([]).unavailable("Nothing is held.", method)
    known = sample(*series)
    if (missing := known.too_few(max(basis.minimum, _PAIR), method)) is not None:
        return missing
    shares = np.asarray(weights, dtype=np.float64)
    together = np.stack(known.series, axis=1) @ shares
    if is_flat(together):
        return known.unavailable("The holdings together don't vary.", method)
    apart = sum(share * deviation(each) for share, each in zip(shares, known.series, strict=True))
    return known.estimate(float(apart) / deviation(together), method)


def concentration(worths: Sequence[float | None]) -> Concentration:
    """Return how much hangs on a few holdings, by the Herfindahl-Hirschman index.

    Args:
        worths: of each holding, in one currency; None where it is unknown.
    """
    known = np.array([worth for worth in worths if worth is not None], dtype=np.float64)
    unknown = len(worths) - known.size
    total = float(known.sum())
    if total <= 0 or known.min() < 0:
        reason = "There are no weights unless every worth is at least zero, and some are above it."
        return Concentration(None, None, None, known.size, unknown, Status.UNAVAILABLE, reason)
    weights = known / total
    herfindahl = float(np.dot(weights, weights))
    return Concentration(
        herfindahl=herfindahl,
        effective_number=1 / herfindahl,
        largest_weight=float(weights.max()),
        holdings=known.size,
        unknown=unknown,
        status=Status.PARTIAL if unknown else Status.COMPLETE,
        reason=f"The worth of {unknown} holdings is unknown." if unknown else None,
    )


def _correlation(pair: Sequence[Floats], minimum: int) -> float | None:
    left, right = pair
    if left.size < minimum or is_flat(left) or is_flat(right):
        return None
    left, right = left - left.mean(), right - right.mean()
    together = np.dot(left, right) / np.sqrt(np.dot(left, left) * np.dot(right, right))
    return float(np.clip(together, -1, 1))
