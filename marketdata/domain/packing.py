"""A year of daily closes as two texts, which are read many times as fast as its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import TypeVar

_Number = TypeVar("_Number")


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
    eve = date(year, 1, 1).toordinal() - 1
    made = map(date.fromordinal, map(eve.__add__, map(int, days.split())))
    return list(zip(made, map(read, closes.split()), strict=True))
