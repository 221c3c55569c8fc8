"""Say when a connection is due again, by the calendar of its broker's exchange."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from brokers.adapters.brokers import get_broker
from brokers.domain.schedule import ExchangeHours, next_sync_at
from brokers.models import Connection
from marketdata.adapters import calendars
from marketdata.domain.trading_days import TradingDay

#: No exchange is closed for longer.
_AROUND = timedelta(days=12)


def next_due(connection: Connection, *, now: datetime, has_failed: bool = False) -> datetime:
    """Return when a connection is due after a sync that ends now.

    Args:
        has_failed: nothing came of that sync, or not all of it.
    """
    hours = get_broker(connection.broker).capabilities.hours
    days: Sequence[TradingDay] = ()
    if isinstance(hours, ExchangeHours):
        days = calendars.trading_days(
            mic=hours.mic, start=(now - _AROUND).date(), end=(now + _AROUND).date()
        )
    return next_sync_at(now, hours, days=days, has_failed=has_failed)
