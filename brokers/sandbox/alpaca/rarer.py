"""What Alpaca tells besides: settings of an account, the days of trading, the course of equity."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from brokers.sandbox.alpaca.questions import Refused, moment_of

_NEW_YORK = ZoneInfo("America/New_York")
_MOST_DAYS = 3_660
_DAYS_OF_HISTORY = 30


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


def portfolio_history(equity: Decimal, now: datetime) -> dict[str, Any]:
    """Return what an account was worth: as much as now, on each day of the last month."""
    today = now.astimezone(_NEW_YORK).date()
    days = [today - timedelta(days=each) for each in range(_DAYS_OF_HISTORY - 1, -1, -1)]
    moments = [datetime.combine(day, time(16), tzinfo=_NEW_YORK) for day in days]
    noughts = [0.0] * len(days)
    return {
        "timestamp": [int(moment.timestamp()) for moment in moments],
        "equity": [float(equity)] * len(days),
        "profit_loss": noughts,
        "profit_loss_pct": noughts,
        "base_value": float(equity),
        "timeframe": "1D",
    }
