"""Binance's public spot market data: bytes to closes.

Source: https://developers.binance.com/docs/binance-spot-api-docs/rest-api
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from common.remote.errors import Schema
from common.remote.http import read_json
from marketdata.adapters.base import DailyClose
from marketdata.domain.sources import Parsed, RowError

#: Open time, open, high, low, close, volume, close time, and five more.
_OPEN_TIME, _CLOSE, _FIELDS = 0, 4, 12


def parse_daily_klines(body: bytes, *, today: date) -> Parsed[DailyClose]:
    """Read daily candles, which begin at midnight UTC; today's is still open and left out.

    Raises:
        Schema: it is no list of candles.
    """
    content = read_json(body, who="Binance")
    if not isinstance(content, list):
        raise Schema("Binance sent no list of candles.")
    rows: list[DailyClose] = []
    errors: list[RowError] = []
    for number, candle in enumerate(content):
        try:
            close = _close(candle)
        except (TypeError, ValueError, OverflowError, OSError, InvalidOperation):
            errors.append(RowError(f"candle {number}", "this is no daily candle."))
            continue
        if close.date < today:
            rows.append(close)
    return Parsed(rows=rows, errors=errors)


def _close(candle: Sequence[Any]) -> DailyClose:
    if not isinstance(candle, list) or len(candle) != _FIELDS:
        raise TypeError("A candle has twelve fields.")
    if type(candle[_OPEN_TIME]) is not int or not isinstance(candle[_CLOSE], str):
        raise TypeError("Times are whole numbers, and prices texts.")
    opened_at = datetime.fromtimestamp(candle[_OPEN_TIME] / 1000, tz=UTC)
    if opened_at != datetime.combine(opened_at.date(), datetime.min.time(), tzinfo=UTC):
        raise ValueError("A day begins at midnight.")
    close = Decimal(candle[_CLOSE])
    if not close.is_finite() or close <= 0:
        raise ValueError("A close that isn't above zero.")
    return DailyClose(date=opened_at.date(), close=close)
