"""What a broker says that an account was worth at the end of each day, beside what it was here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

#: Of what the broker says: brokers and price sources close their days at other times.
_TOLERANCE = Decimal("0.01")
_LEAST = Decimal(1)


@dataclass(frozen=True, slots=True)
class DayEquity:
    """What an account was worth at the end of a day, with its cash."""

    day: date
    amount: Decimal
    currency: str


def ended(told: Iterable[DayEquity], *, now: datetime) -> dict[date, DayEquity]:
    """Choose the days that are over; of one that is told twice the last word counts."""
    return {each.day: each for each in told if each.day < now.date()}


def differs(theirs: Decimal, ours: Decimal | None) -> bool | None:
    """Say whether two worths differ by more than the time of day and the source of prices make.

    None where one of them isn't known.
    """
    if ours is None:
        return None
    return abs(theirs - ours) > max(_LEAST, abs(theirs) * _TOLERANCE)
