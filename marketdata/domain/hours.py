"""When the exchanges of the United States trade: regular sessions, holidays and short days.

Source: https://www.nyse.com/markets/hours-calendars and rule 7.2 of the New York Stock Exchange.
Closings that no rule foresees, such as days of mourning, are not known here.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")

_OPENS, _CLOSES, _CLOSES_EARLY = time(9, 30), time(16), time(13)
_MONDAY, _THURSDAY, _FRIDAY, _SATURDAY, _SUNDAY = 0, 3, 4, 5, 6


def is_us_session(moment: datetime) -> bool:
    """Say whether shares are traded in a regular session at a moment."""
    there = moment.astimezone(NEW_YORK)
    day = there.date()
    if day.weekday() >= _SATURDAY or day in us_holidays(day.year):
        return False
    closes = _CLOSES_EARLY if day in us_short_days(day.year) else _CLOSES
    return _OPENS <= there.time() < closes


@lru_cache(maxsize=16)
def us_holidays(year: int) -> frozenset[date]:
    """Return the weekdays of a year without a session."""
    days = {
        _nth(year, 1, _MONDAY, 3),
        _nth(year, 2, _MONDAY, 3),
        _easter(year) - timedelta(days=2),
        _last_monday_of_may(year),
        _nth(year, 9, _MONDAY, 1),
        _nth(year, 11, _THURSDAY, 4),
        *(_observed(date(year, month, day)) for month, day in ((7, 4), (12, 25))),
    }
    if year >= 2022:
        days.add(_observed(date(year, 6, 19)))
    # New Year's Day on a Saturday isn't made up for: the Friday ends a year's books.
    if date(year, 1, 1).weekday() != _SATURDAY:
        days.add(_observed(date(year, 1, 1)))
    return frozenset(days)


@lru_cache(maxsize=16)
def us_short_days(year: int) -> frozenset[date]:
    """Return the days of a year whose session ends at one o'clock."""
    days = {_nth(year, 11, _THURSDAY, 4) + timedelta(days=1), date(year, 12, 24), date(year, 7, 3)}
    return frozenset(
        day for day in days if day.weekday() < _SATURDAY and day not in us_holidays(year)
    )


def _observed(day: date) -> date:
    """Move a holiday at a weekend to the weekday beside it."""
    shift = {_SATURDAY: -1, _SUNDAY: 1}.get(day.weekday(), 0)
    return day + timedelta(days=shift)


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))


def _last_monday_of_may(year: int) -> date:
    return date(year, 5, 31) - timedelta(days=date(year, 5, 31).weekday())


def _easter(year: int) -> date:
    """Return Easter Sunday, by the anonymous Gregorian algorithm (Meeus, Jones and Butcher)."""
    golden, (century, rest) = year % 19, divmod(year, 100)
    skipped, leaps = divmod(century, 4)
    correction = (century - (century + 8) // 25 + 1) // 3
    moon = (19 * golden + century - skipped - correction + 15) % 30
    fourth, left = divmod(rest, 4)
    weekday = (32 + 2 * leaps + 2 * fourth - moon - left) % 7
    late = (golden + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)
