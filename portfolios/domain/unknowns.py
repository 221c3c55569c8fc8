"""Arithmetic with unknown amounts, which are None: strict, or over what is known."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from portfolios.domain.status import Status


def plus(left: Decimal | None, right: Decimal | None) -> Decimal | None:
    """Add in the current decimal context; an unknown operand makes the result unknown."""
    return None if left is None or right is None else left + right


def minus(left: Decimal | None, right: Decimal | None) -> Decimal | None:
    """Subtract in the current decimal context, as `plus` adds."""
    return None if left is None or right is None else left - right


def times(left: Decimal | None, right: Decimal | None) -> Decimal | None:
    """Multiply in the current decimal context, as `plus` adds."""
    return None if left is None or right is None else left * right


def negated(amount: Decimal | None) -> Decimal | None:
    """Turn the sign of an amount; an unknown one stays unknown."""
    return None if amount is None else -amount


def known_sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """Add up as `plus` does; the sum of nothing is zero."""
    total = Decimal(0)
    for amount in amounts:
        if amount is None:
            return None
        total += amount
    return total


class PartialSum:
    """A sum over what is known, which knows whether that is everything."""

    __slots__ = ("has_known", "has_unknown", "total")

    def __init__(self) -> None:
        self.total = Decimal(0)
        self.has_known = False
        self.has_unknown = False

    def add(self, amount: Decimal | None) -> None:
        """Add an amount in the current decimal context, or note that it is unknown."""
        if amount is None:
            self.has_unknown = True
        else:
            self.has_known = True
            self.total += amount

    def joined(self, other: PartialSum) -> PartialSum:
        """Return the sum of both."""
        both = PartialSum()
        both.total = self.total + other.total
        both.has_known = self.has_known or other.has_known
        both.has_unknown = self.has_unknown or other.has_unknown
        return both

    def known(self) -> Decimal | None:
        """Return the sum; that of nothing is zero, that of only unknowns unknown."""
        return None if self.has_unknown and not self.has_known else self.total

    def status(self) -> Status:
        """Say how much of it is known."""
        if not self.has_unknown:
            return Status.COMPLETE
        return Status.PARTIAL if self.has_known else Status.UNAVAILABLE
