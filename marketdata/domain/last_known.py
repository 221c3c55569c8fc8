"""The last of some numbers that was known at the end of a day."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Generic, TypeVar

import numpy as np

_Number = TypeVar("_Number")


class LastKnown(Generic[_Number]):
    """Numbers of days, of which each holds until the next; days are counted as by `toordinal`."""

    __slots__ = ("_column_of_days", "_days", "_numbers")

    def __init__(self, points: Iterable[tuple[date, _Number]]) -> None:
        """Take the numbers, the oldest first."""
        days, numbers = tuple(zip(*points, strict=True)) or ((), ())
        self._days = list(map(date.toordinal, days))
        self._numbers: Sequence[_Number] = numbers
        # Made when it is first asked for.
        self._column_of_days: np.ndarray | None = None

    def on(self, day: date, longest: int | None) -> tuple[date, _Number] | None:
        """Return the last number up to a day with its own, unless it is older than `longest`."""
        place = bisect_right(self._days, day.toordinal()) - 1
        if place < 0 or (longest is not None and day.toordinal() - self._days[place] > longest):
            return None
        return date.fromordinal(self._days[place]), self._numbers[place]

    def column(self, start: date, count: int, longest: int | None) -> list[_Number | None]:
        """Return the number that `on` finds for each of some days in a row."""
        if not self._days:
            return [None] * count
        wanted = start.toordinal() + np.arange(count)
        if self._column_of_days is None:
            self._column_of_days = np.array(self._days)
        known = self._column_of_days
        places = np.searchsorted(known, wanted, side="right") - 1
        is_lacking = places < 0
        if longest is not None:
            is_lacking |= wanted - known[places] > longest
        column: list[_Number | None] = list(map(self._numbers.__getitem__, places.tolist()))
        for place in np.flatnonzero(is_lacking).tolist():
            column[place] = None
        return column
