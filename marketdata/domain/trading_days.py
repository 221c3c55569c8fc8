"""A day on which a market trades, and from when to when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class TradingDay:
    """One session of a market, `[opens_at, closes_at)` in UTC.

    Attributes:
        day: by the clock of the market.
        is_assumed: beyond what is known of its holidays: a weekday at the usual hours.
    """

    day: date
    opens_at: datetime
    closes_at: datetime
    is_assumed: bool = False
