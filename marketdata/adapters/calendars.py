"""On which days exchanges trade and at what hours, by the library `exchange_calendars`.

It brings pandas, which takes a second and fifty megabytes to load: only jobs ask for sessions, and
it is loaded when the first one does.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from marketdata.domain.instruments import AssetClass
from marketdata.domain.trading_days import TradingDay

if TYPE_CHECKING:
    from exchange_calendars import ExchangeCalendar

#: Markets that the library doesn't know, and whose holidays they keep: both exchanges of Mumbai
#: close on the same days, and so do the German ones.
_LIKE = {"XNSE": "XBOM", "IEXG": "XNYS", "XMUN": "XFRA", "XSTU": "XFRA", "XGAT": "XFRA"}
_FIRST = "1990-01-01"
_SATURDAY = 5


def sessions(*, mic: str, asset_class: AssetClass, start: date, end: date) -> Sequence[date] | None:
    """Return the days from `start` to `end`, both included, on which an instrument is traded.

    Cryptocurrencies are traded every day. Days before the first one that the library knows of a
    market are left out. None where nobody knows: without a market, or at one that it doesn't know.
    """
    if asset_class is AssetClass.CRYPTO:
        return [start + timedelta(days=count) for count in range((end - start).days + 1)]
    calendar = _calendar(mic) if mic else None
    if calendar is None:
        return None
    first = max(start, calendar.first_session.date())
    last = min(end, calendar.last_session.date())
    if first > last:
        return []
    return [each.date() for each in calendar.sessions_in_range(str(first), str(last))]


@lru_cache(maxsize=256)
def trading_days(*, mic: str, start: date, end: date) -> Sequence[TradingDay]:
    """Return the sessions of a market from `start` to `end`, both included, oldest first.

    Holidays are known for a year or so ahead; after that weekdays count, at the usual hours.
    Nothing is returned where the market isn't known.
    """
    calendar = _calendar(mic)
    if calendar is None:
        return ()
    known = calendar.schedule.loc[slice(str(start), str(end))]
    found = [
        TradingDay(day.date(), row.open.to_pydatetime(), row.close.to_pydatetime())
        for day, row in zip(known.index, known.itertuples(), strict=True)
    ]
    opens, closes = calendar.open_times[-1][1], calendar.close_times[-1][1]
    day = max(start, calendar.last_session.date() + timedelta(days=1))
    while day <= end:
        if day.weekday() < _SATURDAY:
            first, last = (
                datetime.combine(day, at, tzinfo=calendar.tz).astimezone(UTC)
                for at in (opens, closes)
            )
            found.append(TradingDay(day, first, last, is_assumed=True))
        day += timedelta(days=1)
    return tuple(found)


@lru_cache(maxsize=64)
def _calendar(mic: str) -> ExchangeCalendar | None:
    from exchange_calendars import get_calendar  # noqa: PLC0415 - see above
    from exchange_calendars.errors import InvalidCalendarName  # noqa: PLC0415 - see above

    name = _LIKE.get(mic, mic)
    try:
        return get_calendar(name, start=_FIRST)
    except InvalidCalendarName:
        return None
    except ValueError:
        # It isn't known for so long; these are the last twenty years.
        return get_calendar(name)
