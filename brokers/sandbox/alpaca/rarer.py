"""What Alpaca tells besides: settings of an account, the days of trading, the course of equity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from brokers.sandbox.alpaca.questions import Refused, moment_of

_NEW_YORK = ZoneInfo("America/New_York")
_MOST_DAYS = 3_660
_UNITS = {"D": 1, "W": 7, "M": 30, "A": 365}
_END_OF_DAY = time(20)


def configurations() -> dict[str, Any]:
    """Return the settings of an account."""
    return {
        "dtbp_check": "entry",
        "fractional_trading": True,
        "max_margin_multiplier": "1",
        "no_shorting": False,
        "pdt_check": "entry",
        "suspend_trade": False,
        "trade_confirm_email": "all",
        "ptp_no_exception_entry": False,
    }


def calendar(query: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the days of trading of a range; holidays are days like others here."""
    begin, end = moment_of(query, "start"), moment_of(query, "end")
    if begin is None or end is None or end - begin > timedelta(days=_MOST_DAYS):
        message = "start and end are needed, ten years apart at most"
        raise Refused(422, {"code": 40010001, "message": message})
    days = (begin.date() + timedelta(days=each) for each in range((end - begin).days + 1))
    return [
        {"date": day.isoformat(), "open": "09:30", "close": "16:00"}
        for day in days
        if day.weekday() < 5
    ]


def portfolio_history(
    query: Mapping[str, str], worth: Callable[[date], Decimal], now: datetime
) -> dict[str, Any]:
    """Return what an account was worth at the end of the trading days of a period.

    A day ends at eight in the evening in New York, which is what its point is stamped with.

    Source: https://docs.alpaca.markets/reference/getaccountportfoliohistory-1
    """
    if query.get("timeframe", "1D") != "1D":
        message = "invalid timeframe: only days are served"
        raise Refused(422, {"code": 40010001, "message": message})
    local = now.astimezone(_NEW_YORK)
    last = local.date() - timedelta(days=local.time() < _END_OF_DAY)
    count = _days_of(query.get("period", "1M"))
    days = [last - timedelta(days=each) for each in range(count - 1, -1, -1)]
    days = [day for day in days if day.weekday() < 5]
    worths = [worth(day) for day in days]
    first = next((place for place, each in enumerate(worths) if each), 0)
    base = worths[first] if worths else Decimal(0)
    gains = [each - base if place >= first else Decimal(0) for place, each in enumerate(worths)]
    moments = [datetime.combine(day, _END_OF_DAY, tzinfo=_NEW_YORK) for day in days]
    return {
        "timestamp": [int(moment.timestamp()) for moment in moments],
        "equity": [float(each) for each in worths],
        "profit_loss": [float(each) for each in gains],
        "profit_loss_pct": [float(each / base) if base else 0.0 for each in gains],
        "base_value": float(base),
        "base_value_asof": days[first].isoformat() if days else "",
        "timeframe": "1D",
    }


def _days_of(period: str) -> int:
    """Return how many days a period such as `1M` has."""
    number, unit = period[:-1], period[-1:]
    if not number.isdecimal() or unit not in _UNITS or int(number) > _MOST_DAYS:
        raise Refused(422, {"code": 40010001, "message": f"invalid period: {period}"})
    return min(int(number) * _UNITS[unit], _MOST_DAYS)
