"""Where a money-weighted return can be: discounted flows as a function of the rate.

The function is ln P − ln N over x = ln(1 + r), where P is what is taken out and N what is paid in,
both discounted. It has the sign and the roots of P − N, can't overflow, is nearly a straight line,
and neither −100 % nor a huge rate troubles it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from portfolios.domain.series import Floats

Mask = NDArray[np.bool_]

#: So near to zero the function is zero: rounding leaves no more.
_TOUCHES = 1e-13


class Points(NamedTuple):
    """The function at several points: ln N and ln P, and the mean time of the flows in each.

    The mean time is how fast a logarithm falls as x grows; both logarithms are convex.
    """

    x: Floats
    log_in: Floats
    log_out: Floats
    time_in: Floats
    time_out: Floats

    @property
    def value(self) -> Floats:
        """The value of the function."""
        return self.log_out - self.log_in

    @property
    def sign(self) -> Floats:
        """Its sign, 0 where rounding hides it."""
        value = self.value
        return np.where(np.abs(value) <= _TOUCHES, 0.0, np.sign(value))

    def where(self, mask: Mask) -> Points:
        """Pick some of the points."""
        return Points(*(field[mask] for field in self))

    def and_also(self, more: Points) -> Points:
        """Append other points."""
        return Points(*(np.concatenate(pair) for pair in zip(self, more, strict=True)))


def is_monotone(left: Points, right: Points) -> Mask:
    """Say where one side surely falls faster everywhere between; mean times fall as x grows."""
    return np.asarray((left.time_in < right.time_out) | (left.time_out < right.time_in), dtype=bool)


def stays_away(left: Points, right: Points) -> Mask:
    """Say where the function surely has no root between two points.

    Both logarithms are convex: the smaller one lies below its chord, the greater one above its
    tangents. They can't meet where the chord stays below the tangents' kink.
    """
    is_below = left.sign < 0
    smaller = [np.where(is_below, each.log_out, each.log_in) for each in (left, right)]
    greater = [np.where(is_below, each.log_in, each.log_out) for each in (left, right)]
    falls = [np.where(is_below, each.time_in, each.time_out) for each in (left, right)]
    width = right.x - left.x
    with np.errstate(divide="ignore", invalid="ignore"):
        kink = (greater[0] - greater[1] - falls[1] * width) / (falls[0] - falls[1])
        kink = np.clip(np.where(np.isfinite(kink), kink, width / 2), 0, width)
        chord = smaller[0] + (smaller[1] - smaller[0]) * kink / width
    is_same_sign = (left.sign == right.sign) & (left.sign != 0)
    return np.asarray(is_same_sign & (chord < greater[0] - falls[0] * kink), dtype=bool)
