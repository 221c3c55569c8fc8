"""Binance's public spot market data: bytes to bars.

Source: https://developers.binance.com/docs/binance-spot-api-docs/rest-api
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from common.remote.errors import Schema
from common.remote.http import read_json
from marketdata.adapters.base import DailyClose
from marketdata.domain.intraday import Bar, told
from marketdata.domain.sources import Parsed, RowError

#: Open time, open, high, low, close, volume, close time, and five more.
_OPEN_TIME, _OPEN, _HIGH, _LOW, _CLOSE, _FIELDS = 0, 1, 2, 3, 4, 12
_Row = TypeVar("_Row")


def parse_daily_klines(body: bytes, *, today: date) -> Parsed[DailyClose]:
    """Read daily candles, which begin at midnight UTC; today's is still open and left out.

    Raises:
        Schema: it is no list of candles.
    """
    parsed = _candles(body, read=_close)
    return Parsed([each for each in parsed.rows if each.date < today], parsed.errors)


def parse_minute_klines(body: bytes, *, now: datetime) -> Parsed[Bar]:
    """Read candles of minutes; the present one is still open and left out.

    Raises:
        Schema: it is no list of candles.
    """
    parsed = _candles(body, read=_minute)
    return Parsed([each for each in parsed.rows if each.closed_at < now], parsed.errors)


def _candles(body: bytes, *, read: Callable[[Sequence[Any]], _Row]) -> Parsed[_Row]:
    content = read_json(body, who="Binance")
    if not isinstance(content, list):
        raise Schema("Binance sent no list of candles.")
    rows: list[_Row] = []
    errors: list[RowError] = []
    for number, candle in enumerate(content):
        try:
            rows.append(read(candle))
        except (TypeError, ValueError, OverflowError, OSError, InvalidOperation):
            errors.append(RowError(f"candle {number}", "this is no candle."))
    return Parsed(rows=rows, errors=errors)


def _close(candle: Sequence[Any]) -> DailyClose:
    opened_at = _opened_at(candle)
    if opened_at != datetime.combine(opened_at.date(), datetime.min.time(), tzinfo=UTC):
        raise ValueError("A day begins at midnight.")
    close = _price(candle[_CLOSE])
    if not close.is_finite() or close <= 0:
        raise ValueError("A close that isn't above zero.")
    return DailyClose(date=opened_at.date(), close=close)


def _minute(candle: Sequence[Any]) -> Bar:
    opened_at = _opened_at(candle)
    if opened_at.second or opened_at.microsecond:
        raise ValueError("A minute begins with its first second.")
    opened, high, low, closed = (_price(candle[place]) for place in (_OPEN, _HIGH, _LOW, _CLOSE))
    return told(opened_at, (opened, high, low, closed), source="binance")


def _opened_at(candle: Sequence[Any]) -> datetime:
    if not isinstance(candle, list) or len(candle) != _FIELDS:
        raise TypeError("A candle has twelve fields.")
    if type(candle[_OPEN_TIME]) is not int:
        raise TypeError("Times are whole numbers.")
    return datetime.fromtimestamp(candle[_OPEN_TIME] / 1000, tz=UTC)


def _price(value: Any) -> Decimal:
    if not isinstance(value, str):
        raise TypeError("Prices are texts.")
    return Decimal(value)
