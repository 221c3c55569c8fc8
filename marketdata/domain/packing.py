"""A year of daily closes as two texts, which are read many times as fast as its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache
from typing import TypeVar

_Number = TypeVar("_Number")
#: Years of places; each takes some 20 kB.
_CALENDARS_KEPT = 200


def pack(points: Iterable[tuple[date, str]]) -> tuple[str, str]:
    """Return the days of the year and the closes, each as numbers with blanks between.

    Args:
        points: days of one year in order, each with its close as a text.
    """
    known = list(points)
    days = " ".join(str(day.timetuple().tm_yday) for day, _ in known)
    return days, " ".join(close for _, close in known)


def unpack(
    year: int, days: str, closes: str, read: Callable[[str], _Number]
) -> list[tuple[date, _Number]]:
    """Return the points that were packed, each close as `read` makes a number of it."""
    return list(zip(_dates(year, days), map(read, closes.split()), strict=True))


# Instruments that are traded at the same places have the same days.
@lru_cache(_CALENDARS_KEPT)
def _dates(year: int, days: str) -> tuple[date, ...]:
    eve = date(year, 1, 1).toordinal() - 1
    return tuple(map(date.fromordinal, map(eve.__add__, map(int, days.split()))))
