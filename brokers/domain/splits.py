"""The ratio of a split, where a broker only tells how many units came or went by it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from brokers.domain.events import BrokerEvent
from common.money import exact, fits, rounded_to_places
from portfolios.domain.kinds import Kind

#: Companies split 1 for up to so many, or into so many, and else by small numbers such as 3 for 2.
_MOST_TO_ONE, _MOST = 100, 10
#: Brokers cut fractions of units at nine places.
_CUT = Fraction(1, 100_000_000)


UNCLEAR = "How many units came by this split doesn't tell its ratio. Record it by hand."


def lacks_ratio(event: BrokerEvent) -> bool:
    """Say whether the ratio of an event has to be found."""
    return event.kind is Kind.SPLIT and event.ratio is None


def ratio_between(before: Decimal, after: Decimal) -> Decimal | None:
    """Return the ratio by which `before` units become `after`; None where that isn't certain.

    Args:
        before: units that were held, below zero where they were owed.
        after: likewise.
    """
    if not before or not after or (before > 0) != (after > 0):
        return None
    ratio = (Fraction(after) / Fraction(before)).limit_denominator(_MOST_TO_ONE)
    new, old = ratio.numerator, ratio.denominator
    is_usual = max(new, old) <= _MOST or (min(new, old) == 1 and max(new, old) <= _MOST_TO_ONE)
    if not new or not is_usual or new == old:
        return None
    if abs(Fraction(before) * ratio - Fraction(after)) > _CUT:
        return None
    with exact():
        told = rounded_to_places(Decimal(new) / Decimal(old))
        return told if fits(told) and told * old == new else None
