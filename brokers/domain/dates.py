"""Dates and times as files write them: ISO, European, American, and how to tell."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum

from brokers.domain.statements import shown
from common.errors import InvalidInput


class NotADate(InvalidInput):
    """The text isn't a date."""

    code = "not-a-date"


class NotATime(InvalidInput):
    """The text isn't a time of day."""

    code = "not-a-time"


class DateOrder(StrEnum):
    """What stands first where a year stands last: 31/12/2026 or 12/31/2026."""

    DAY_FIRST = "day first"
    MONTH_FIRST = "month first"


class OrderEvidence(StrEnum):
    """What one date gives away about the order of its column."""

    DAY_FIRST = "day first"
    MONTH_FIRST = "month first"
    #: 01/02/2026 reads either way.
    EITHER = "either"
    #: 2026-01-31, 31.1.2026 and 01/01/2026 read one way only.
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Moment:
    """A day, and the time of it if that was written too."""

    day: date
    #: In UTC, to the millisecond.
    at: datetime | None


_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)(.*)", re.DOTALL | re.ASCII)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?!\d)(.*)", re.DOTALL | re.ASCII)
_DOTTED = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4}|\d{2})(?!\d)(.*)", re.DOTALL | re.ASCII)
_YEAR_LAST = re.compile(r"(\d{1,2})([-/])(\d{1,2})\2(\d{4})(?!\d)(.*)", re.DOTALL | re.ASCII)
_DAY_MONTH_NAME = re.compile(
    r"(\d{1,2})[-. ]{1,2}([a-zä]{3,9})[-., ]{1,2}(\d{4})(?!\d)(.*)", re.ASCII | re.IGNORECASE
)
_MONTH_NAME_DAY = re.compile(
    r"([a-zä]{3,9})\.? (\d{1,2}),? (\d{4})(?!\d)(.*)", re.ASCII | re.IGNORECASE
)
_TIME = re.compile(
    r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?(AM|PM)?"
    r"\s?(?:(Z|UTC|GMT)|([+-])(\d{2}):?(\d{2}))?",
    re.ASCII | re.IGNORECASE,
)
#: English and German; the first three letters tell them apart, but for "mär".
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan", "feb", "mar mär", "apr", "may mai", "jun", "jul", "aug", "sep", "oct okt", "nov"), 1
    )
    for name in names.split()
} | {"dec": 12, "dez": 12}


def order_evidence(text: str) -> OrderEvidence:
    """Say what a date gives away about the order of day and month."""
    found = _YEAR_LAST.match(text.strip())
    if found is None:
        return OrderEvidence.NONE
    first, second = int(found[1]), int(found[3])
    if first > 12 >= second:
        return OrderEvidence.DAY_FIRST
    if second > 12 >= first:
        return OrderEvidence.MONTH_FIRST
    return OrderEvidence.NONE if first == second else OrderEvidence.EITHER


def read_moment(text: str, order: DateOrder = DateOrder.DAY_FIRST) -> Moment:
    """Read a date, with its time if there is one.

    A time without a zone is taken for UTC. Midnight says no more than the day does, so it stands
    for an unknown time.

    Args:
        order: what stands first where the year stands last; dates with points are always
            day first.

    Raises:
        NotADate: it is none, or a day that the calendar doesn't have.
    """
    parts = _numbers(text.strip(), order)
    if parts is None:
        raise NotADate(f"“{shown(text)}” isn't a date. Write it like 2026-01-31.")
    year, month, day, rest = parts
    if not 1900 <= year <= 2200:
        raise NotADate(f"“{shown(text)}” lies in the year {year}.")
    try:
        on = date(year, month, day)
    except ValueError as error:
        raise NotADate(f"“{shown(text)}” is a day that the calendar doesn't have.") from error
    rest = rest.lstrip("Tt ,;\t")
    if not rest:
        return Moment(on, None)
    of_day = _time_of_day(rest)
    if of_day.replace(tzinfo=None) == time.min:
        return Moment(on, None)
    return Moment(on, datetime.combine(on, of_day).astimezone(UTC))


def read_instant(text: str) -> datetime:
    """Read an instant that is certainly one, such as 2026-01-31T14:30:05Z; midnight included.

    Raises:
        NotADate: it doesn't begin with a date.
        NotATime: no time follows, or one without its offset from UTC.
    """
    day, written = read_moment(text[:10]).day, text[10:].lstrip("Tt ")
    found = _TIME.fullmatch(written.strip())
    if found is not None and not (found[6] or found[7]):
        raise NotATime(
            f"“{shown(text)}” lacks the offset from UTC. Write it like 2026-01-31T14:30:05Z."
        )
    return read_time(written, day)


def _numbers(text: str, order: DateOrder) -> tuple[int, int, int, str] | None:
    if found := _YEAR_FIRST.fullmatch(text):
        return int(found[1]), int(found[3]), int(found[4]), found[5]
    if found := _COMPACT.fullmatch(text):
        return int(found[1]), int(found[2]), int(found[3]), found[4]
    if found := _DOTTED.fullmatch(text):
        return _full_year(found[3]), int(found[2]), int(found[1]), found[4]
    if found := _YEAR_LAST.fullmatch(text):
        first, second = int(found[1]), int(found[3])
        day, month = (first, second) if order is DateOrder.DAY_FIRST else (second, first)
        return int(found[4]), month, day, found[5]
    return _with_month_name(text)


def _with_month_name(text: str) -> tuple[int, int, int, str] | None:
    if found := _DAY_MONTH_NAME.fullmatch(text):
        day, name, year, rest = found.groups()
    elif found := _MONTH_NAME_DAY.fullmatch(text):
        name, day, year, rest = found.groups()
    else:
        return None
    month = _MONTHS.get(name[:3].casefold())
    return None if month is None else (int(year), month, int(day), rest)


def _full_year(digits: str) -> int:
    year = int(digits)
    if len(digits) == 4:
        return year
    return 1900 + year if year >= 70 else 2000 + year


def read_time(text: str, day: date) -> datetime:
    """Read a time of a day into an instant; without a zone it is taken for UTC.

    Raises:
        NotATime: it is none.
    """
    return datetime.combine(day, _time_of_day(text)).astimezone(UTC)


def _time_of_day(text: str) -> time:
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise NotATime(f"“{shown(text)}” isn't a time of day. Write it like 14:30:05.")
    milliseconds = int((found[4] or "0").ljust(3, "0")[:3])
    try:
        return time(
            _hour(found), int(found[2]), int(found[3] or 0), milliseconds * 1000, _zone(found)
        )
    except ValueError as error:
        raise NotATime(f"“{shown(text)}” isn't a time of day.") from error


def _hour(found: re.Match[str]) -> int:
    hour, half = int(found[1]), (found[5] or "").upper()
    if not half:
        return hour
    if hour > 12:
        raise ValueError
    return hour % 12 + (12 if half == "PM" else 0)


def _zone(found: re.Match[str]) -> timezone:
    if found[7] is None:
        return UTC
    shift = timedelta(hours=int(found[8]), minutes=int(found[9]))
    return timezone(-shift if found[7] == "-" else shift)
