"""Closes that look wrong: of another unit, of before a split, repeated, or out of all proportion.

They are pointed at, and never changed: what a source says stays what it says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from common.anomalies import Flag, Kind, price_hints, unusual_prices


class Doubt(StrEnum):
    """Why a close looks wrong."""

    UNIT = "unit"
    SPLIT = "split"
    STALE = "stale"
    OUTLIER = "outlier"

    @property
    def label(self) -> str:
        """Return the name shown to people."""
        return {
            Doubt.UNIT: "Another unit",
            Doubt.SPLIT: "A split that isn't recorded",
            Doubt.STALE: "Repeated",
            Doubt.OUTLIER: "Out of all proportion",
        }[self]


class Verdict(StrEnum):
    """What staff say of a doubt."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"

    @property
    def label(self) -> str:
        """Return the name shown to people."""
        return {
            Verdict.OPEN: "To be looked at",
            Verdict.ACCEPTED: "The close is wrong",
            Verdict.DISMISSED: "The close is right",
        }[self]


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A close that looks wrong; day and doubt together name it, also when it is found again."""

    date: date
    doubt: Doubt
    sentence: str


_DOUBTS = {
    Kind.UNIT: Doubt.UNIT,
    Kind.SPLIT: Doubt.SPLIT,
    Kind.STALE: Doubt.STALE,
    Kind.PRICE: Doubt.OUTLIER,
}


def find_doubtful(
    symbol: str, points: Sequence[tuple[date, float]], *, since: date | None = None
) -> list[Doubtful]:
    """Return the closes that look wrong, oldest first; of one day the likeliest reason only.

    Args:
        symbol: what people call it.
        points: all closes, oldest first.
        since: the first day that is looked at; those before are history.
    """
    hints = price_hints(symbol, points, since=since).flags
    outliers = unusual_prices(symbol, points, since=since).flags
    found: dict[date, Doubtful] = {}
    places = {day: place for place, (day, _) in enumerate(points)}
    # A move by a hundred or by a split's ratio is an outlier too, and better explained.
    for flag in (*hints, *outliers):
        day = _first_day(flag, points, places)
        found.setdefault(day, Doubtful(day, _DOUBTS[flag.kind], flag.sentence))
    return [found[day] for day in sorted(found)]


def _first_day(flag: Flag, points: Sequence[tuple[date, float]], places: dict[date, int]) -> date:
    """Return the day that names a flag: of a repeated close the first, which stays the same."""
    if flag.kind is not Kind.STALE:
        return flag.date
    return points[places[flag.date] - int(flag.score) + 1][0]
