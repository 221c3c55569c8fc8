"""The returns that statistics are made of: one a weekday, or one a day where things never close."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from portfolios.domain.estimates import EVERY_DAY, NOISE, Basis, Floats
from portfolios.domain.series import ValueSeries

_SATURDAY = 5
#: Fewer returns than this tell nothing about how much they vary.
_LEAST = 20
#: Daily values know no calendar of an exchange: its holidays are weekdays without a change.
WEEKDAYS = Basis(261, "Monday to Friday, 261 a year", minimum=_LEAST)
ALWAYS = Basis(EVERY_DAY.per_year, EVERY_DAY.label, minimum=_LEAST)


@dataclass(frozen=True, slots=True, eq=False)
class Observations:
    """Returns that follow each other; NaN is unknown.

    Attributes:
        days: the day that each is named after.
        ends: the place in the series of the last day that went into each.
    """

    days: tuple[date, ...]
    ends: np.ndarray
    returns: Floats
    basis: Basis

    def alike(self, daily: Floats) -> Floats:
        """Put the daily returns of something else together in the same way."""
        return _joined(daily, self.ends)

    def spans(self, series: ValueSeries) -> dict[date, tuple[date, date]]:
        """Return the first and the last day of the series that each is of, by its day."""
        starts = [0, *(int(end) + 1 for end in self.ends[:-1])]
        places = zip(self.days, starts, self.ends, strict=True)
        return {day: (series.day(start), series.day(int(end))) for day, start, end in places}


def observe(series: ValueSeries, daily: Floats) -> Observations:
    """Put the returns of a weekend together with that of the Monday after it.

    Where most weekend days have a return of their own, as with crypto currencies, each day stays
    by itself.

    Args:
        daily: the return of each day of the series; NaN is unknown.
    """
    weekdays = (series.first.weekday() + np.arange(len(series))) % 7
    known = daily[(weekdays >= _SATURDAY) & np.isfinite(daily)]
    is_always_open = bool(known.size) and float(np.mean(np.abs(known) > NOISE)) > 1 / 2
    if is_always_open or not (weekdays < _SATURDAY).any():
        ends = named = np.arange(len(series))
        basis = ALWAYS
    else:
        named, basis = np.flatnonzero(weekdays < _SATURDAY), WEEKDAYS
        # What a weekend at the end brought belongs to the Friday before it.
        ends = np.append(named[:-1], len(series) - 1)
    days = tuple(series.day(int(place)) for place in named)
    return Observations(days, ends, _joined(daily, ends), basis)


def _joined(daily: Floats, ends: np.ndarray) -> Floats:
    if not len(ends):
        return np.empty(0)
    starts = np.concatenate(([0], ends[:-1] + 1))
    return np.asarray(np.multiply.reduceat(1 + daily, starts) - 1, dtype=np.float64)
