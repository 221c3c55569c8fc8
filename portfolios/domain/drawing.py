"""What possible courses are drawn from: random growth, or a history of own returns."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from portfolios.domain.estimates import Basis, Floats, Returns, sample

MONTHS_A_YEAR = 12
#: What numbers are drawn with, so that anybody can draw the same ones.
GENERATOR = "PCG64"
Places = npt.NDArray[np.intp]


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


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """What was drawn for one month, one of each for each course.

    Attributes:
        numbers: normal random numbers; None where history is drawn from.
        firsts: the place of the first of the known returns of the history, which goes around twice;
            `lasts` is the place after the last. None where random numbers are drawn.
    """

    log_returns: Floats
    numbers: Floats | None = None
    firsts: Places | None = None
    lasts: Places | None = None


#: Draws a month; the months come in order.
Draw = Callable[[int], Drawn]


def draw(model: Normal | History, *, seed: int, paths: int) -> tuple[str, Draw | str]:
    """Return the method's name, and what draws the months or why nothing can."""
    random = np.random.Generator(np.random.PCG64(seed))
    if isinstance(model, History):
        return _from_history(model, random, paths)
    method = f"normal, {model.yearly_growth:.2%} a year, volatility {model.volatility:.2%}"
    if model.yearly_growth <= -1 or not model.volatility >= 0:
        return method, "Growth must be above −100 %, and volatility not below zero."
    drift = math.log1p(model.yearly_growth) / MONTHS_A_YEAR
    spread = model.volatility / math.sqrt(MONTHS_A_YEAR)

    def drawn(_month: int) -> Drawn:
        numbers = random.standard_normal(paths)
        return Drawn(drift + spread * numbers, numbers)

    return method, drawn


def _from_history(
    model: History, random: np.random.Generator, paths: int
) -> tuple[str, Draw | str]:
    """Draw blocks of months from a circle of own returns.

    Source: D. Politis, J. Romano, A circular block-resampling procedure, 1992.
    """
    method = f"blocks of {model.block_months} months of own history ({model.basis.label})"
    values = sample(model.returns).values
    a_month = model.basis.per_year / MONTHS_A_YEAR
    needed = math.ceil(max(model.minimum_months, model.block_months) * a_month)
    if values.size < needed:
        return method, f"{values.size} returns are known; {needed} are needed."
    if values.min() <= -1:
        return method, "There is a loss of everything in the history."
    # Sums of any stretch are differences of these; the circle is gone around twice.
    sums = np.concatenate(([0.0], np.cumsum(np.tile(np.log1p(values), 2))))
    starts = np.zeros(paths, dtype=np.intp)

    def drawn(month: int) -> Drawn:
        place = month % model.block_months
        if not place:
            starts[:] = random.integers(0, values.size, paths)
        # A month may have no whole number of observations; over the years they add up.
        block = round((month - place) * a_month)
        first, last = (starts + round(each * a_month) - block for each in (month, month + 1))
        return Drawn(np.asarray(sums[last] - sums[first]), firsts=first, lasts=last)

    return method, drawn
