"""A portfolio's value and external flows day by day, as arrays for statistics."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from common.errors import InvalidInput

Floats = NDArray[np.float64]
_ONE_DAY = timedelta(days=1)


class BadSeries(InvalidInput):
    """The rows are not one a day, or a gross flow is negative."""

    code = "bad-series"


class DayRow(NamedTuple):
    """One day: the value at its end, and what came in and went out, both gross; None is unknown."""

    date: date
    value: Decimal | None
    inflow: Decimal | None = Decimal(0)
    outflow: Decimal | None = Decimal(0)


@dataclass(frozen=True, slots=True, eq=False)
class ValueSeries:
    """Consecutive calendar days; NaN is unknown.

    Attributes:
        first: the first day.
        opening: the value at the close of the day before; 0 where nothing was there yet.
        value: at the end of each day.
        inflow: what came from outside on each day, at least 0; not netted with what left.
        outflow: what left on each day, at least 0.
    """

    first: date
    opening: float
    value: Floats
    inflow: Floats
    outflow: Floats

    @staticmethod
    def of(rows: Iterable[DayRow], *, opening: Decimal | None = Decimal(0)) -> ValueSeries:
        """Build a series of days that follow each other.

        Args:
            opening: the value at the close of the day before the first row.

        Raises:
            BadSeries: there is no row, a day is missing or repeated, or a flow is negative.
        """
        days = list(rows)
        if not days:
            raise BadSeries("A series needs at least one day.")
        for earlier, later in pairwise(days):
            if later.date - earlier.date != _ONE_DAY:
                raise BadSeries(f"{later.date} doesn't follow {earlier.date}.")
        inflow = _floats(row.inflow for row in days)
        outflow = _floats(row.outflow for row in days)
        if (inflow < 0).any() or (outflow < 0).any():
            raise BadSeries("Gross flows are never negative.")
        return ValueSeries(
            first=days[0].date,
            opening=_float(opening),
            value=_floats(row.value for row in days),
            inflow=inflow,
            outflow=outflow,
        )

    def __len__(self) -> int:
        return len(self.value)

    @property
    def end(self) -> date:
        """The day after the last one."""
        return self.first + timedelta(days=len(self))

    @property
    def dates(self) -> tuple[date, ...]:
        """All days, in order."""
        return tuple(self.day(place) for place in range(len(self)))

    @property
    def closing(self) -> float:
        """The value at the end of the last day; without days, the opening value."""
        return float(self.value[-1]) if len(self) else self.opening

    def day(self, place: int) -> date:
        """Return the day at a place in the arrays."""
        return self.first + timedelta(days=place)

    def days_where(self, mask: NDArray[np.bool_]) -> tuple[str, ...]:
        """Name the days that a mask picks."""
        return tuple(self.day(int(place)).isoformat() for place in np.flatnonzero(mask))

    def between(self, start: date, end: date) -> ValueSeries:
        """Cut out the days from `start` up to, but without, `end`, as far as there are any.

        The opening value is that of the day before `start`.
        """
        low = min(max((start - self.first).days, 0), len(self))
        high = min(max((end - self.first).days, low), len(self))
        return ValueSeries(
            first=self.day(low),
            opening=float(self.value[low - 1]) if low else self.opening,
            value=self.value[low:high],
            inflow=self.inflow[low:high],
            outflow=self.outflow[low:high],
        )


def _float(amount: Decimal | None) -> float:
    return float("nan") if amount is None else float(amount)


def _floats(amounts: Iterable[Decimal | None]) -> Floats:
    return np.array([_float(amount) for amount in amounts], dtype=np.float64)
