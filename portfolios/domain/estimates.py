"""Figures estimated from a series of returns: how many went in, and why there may be none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from portfolios.domain.status import Status

Floats = npt.NDArray[np.float64]
#: Fractions, 0.01 for 1 %; NaN where nobody knows.
Returns = Sequence[float] | Floats
#: Values that differ by less, as fractions of one, are equal: rounding in floats leaves as much.
NOISE = 1e-12


@dataclass(frozen=True, slots=True)
class Basis:
    """How often a series is observed; a figure "per year" means nothing without it.

    Attributes:
        per_year: how many observations make a year.
        label: what is observed, for people.
        minimum: how many observations an estimate of spread needs.
    """

    per_year: float
    label: str
    minimum: int = 2


#: What is listed on an exchange trades on about 252 days a year, crypto currencies on every day.
LISTED = Basis(252, "trading days, 252 a year")
EVERY_DAY = Basis(365, "every day, 365 a year")
WEEKLY = Basis(52, "weeks")
MONTHLY = Basis(12, "months")


@dataclass(frozen=True, slots=True)
class Estimate:
    """One figure made of many observations.

    Attributes:
        value: None where there is none, never infinity.
        method: how it was computed, in a few words, to be shown with it.
        observations: how many went in.
        dropped: how many were left out because they are unknown.
        reason: why it is partial or unavailable.
    """

    value: float | None
    method: str
    observations: int
    dropped: int
    status: Status
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """The observations that are known; of several series, those known in each of them."""

    series: tuple[Floats, ...]
    dropped: int

    @property
    def values(self) -> Floats:
        """Return the observations of the only, or the first, series."""
        return self.series[0]

    @property
    def size(self) -> int:
        """Return how many observations there are."""
        return int(self.values.size)

    def estimate(self, value: float, method: str) -> Estimate:
        """Return a figure made of this sample; one that is no finite number is unavailable."""
        value = float(value)
        if not np.isfinite(value):
            return self.unavailable("The result is too large to mean anything.", method)
        if not self.dropped:
            return Estimate(value, method, self.size, 0, Status.COMPLETE)
        reason = f"{self.dropped} of {self.dropped + self.size} observations are unknown."
        return Estimate(value, method, self.size, self.dropped, Status.PARTIAL, reason)

    def unavailable(self, reason: str, method: str) -> Estimate:
        """Return that there is no figure, and why."""
        return Estimate(None, method, self.size, self.dropped, Status.UNAVAILABLE, reason)

    def too_few(self, minimum: int, method: str) -> Estimate | None:
        """Return that there is no figure if there are too few observations, else None."""
        if self.size >= minimum:
            return None
        return self.unavailable(
            f"{self.size} observations are known; {minimum} are needed.", method
        )


def sample(*series: Returns | float) -> Sample:
    """Keep what is known in every series; a number stands for a series that never changes.

    Raises:
        ValueError: the series aren't equally long.
    """
    arrays = np.broadcast_arrays(*(np.asarray(each, dtype=np.float64) for each in series))
    known = np.logical_and.reduce([np.isfinite(each) for each in arrays])
    return Sample(tuple(each[known] for each in arrays), int(known.size - known.sum()))


def gaps_as_no_change(returns: Returns) -> Floats:
    """Count unknown returns as 0, so that their days make the period longer.

    This is how empyrical annualizes. Figures here leave unknown days out unless they are given
    returns treated by this.
    """
    return np.nan_to_num(np.asarray(returns, dtype=np.float64), nan=0.0)


def per_observation(yearly_rate: float, basis: Basis) -> float:
    """Return the rate of one observation that compounds to a yearly rate."""
    return float((1 + yearly_rate) ** (1 / basis.per_year) - 1)


def is_flat(values: Floats) -> bool:
    """Say whether values don't vary, but for what rounding left."""
    return bool(np.ptp(values) <= NOISE * max(1.0, float(np.max(np.abs(values)))))
