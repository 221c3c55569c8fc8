"""Named stretches of time, as [start, end): measured from the close of the day before `start`."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from common.errors import InvalidInput

_ONE_DAY = timedelta(days=1)


class InvalidRange(InvalidInput):
    """The range has no days, or is none that is known."""

    code = "invalid-range"


class RangeName(StrEnum):
    """The ranges that people choose from."""

    DAY = "1D"
    WEEK = "1W"
    WEEK_TO_DATE = "WTD"
    MONTH = "1M"
    MONTH_TO_DATE = "MTD"
    QUARTER = "3M"
    YEAR_TO_DATE = "YTD"
    YEAR = "1Y"
    THREE_YEARS = "3Y"
    FIVE_YEARS = "5Y"
    MAX = "MAX"


_MONTHS_BACK = {
    RangeName.MONTH: 1,
    RangeName.QUARTER: 3,
    RangeName.YEAR: 12,
    RangeName.THREE_YEARS: 36,
    RangeName.FIVE_YEARS: 60,
}


@dataclass(frozen=True, slots=True)
class DayRange:
    """The days from `start` up to, but without, `end`."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """How many days there are; a portfolio that hasn't begun has none."""
        return (self.end - self.start).days

    @property
    def opening_date(self) -> date:
        """The day whose close the range is measured from."""
        return self.start - _ONE_DAY


def named_range(name: RangeName, *, today: date, first_day: date) -> DayRange:
    """Return the days of a named range up to and with today.

    A month back from the 31st is the last day of a shorter month; a year back from 29 February
    is the 28th. Ranges that would begin before the portfolio begin with it.
    """
    return _clipped(_opening_date(name, today, first_day) + _ONE_DAY, today + _ONE_DAY, first_day)


def custom_range(start: date, last: date, *, today: date, first_day: date) -> DayRange:
    """Return the days from `start` up to and with `last`, which is cut at today.

    Raises:
        InvalidRange: the range has no days.
    """
    if last < start:
        raise InvalidRange("A range ends after it starts.")
    # Cut before the day after it is taken: the last day of all has none.
    return _clipped(start, min(last, today) + _ONE_DAY, first_day)


def parse_range_name(text: str) -> RangeName:
    """Read the name of a range, in capitals or not.

    Raises:
        InvalidRange: there is no such range.
    """
    try:
        return RangeName(text.upper())
    except ValueError:
        known = ", ".join(RangeName)
        raise InvalidRange(f"There is no such range; there are {known}.") from None


def _opening_date(name: RangeName, today: date, first_day: date) -> date:
    if name in _MONTHS_BACK:
        return months_before(today, _MONTHS_BACK[name])
    return {
        RangeName.DAY: today - _ONE_DAY,
        RangeName.WEEK: today - timedelta(days=7),
        RangeName.WEEK_TO_DATE: today - timedelta(days=today.weekday() + 1),
        RangeName.MONTH_TO_DATE: today.replace(day=1) - _ONE_DAY,
        RangeName.YEAR_TO_DATE: today.replace(month=1, day=1) - _ONE_DAY,
    }.get(name, first_day - _ONE_DAY)


def months_before(day: date, months: int) -> date:
    """Return the same day so many months back, or the last one of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def _clipped(start: date, end: date, first_day: date) -> DayRange:
    return DayRange(min(max(start, first_day), end), end)
