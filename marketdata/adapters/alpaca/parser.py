"""Alpaca's market data, version 2: bytes to bars.

Source: https://docs.alpaca.markets/reference/stockbars
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

from common.remote.errors import Schema
from common.remote.http import read_json
from marketdata.adapters.base import DailyClose
from marketdata.domain.intraday import Bar, told
from marketdata.domain.sources import Parsed, RowError

_NEW_YORK = ZoneInfo("America/New_York")
_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[_Row]):
    """One page of bars."""

    bars: Parsed[_Row]
    #: Asks for the next page; None on the last one.
    next_token: str | None


def parse_daily_bars(body: bytes, *, symbol: str) -> Page[DailyClose]:
    """Read one page of daily bars of one symbol; a symbol that is unknown has none.

    A bar is stamped with midnight in New York, written in UTC; its day is that of New York.

    Raises:
        Schema: it isn't such a page.
    """
    return _page(body, symbol=symbol, read=_close)


def parse_minute_bars(body: bytes, *, symbol: str) -> Page[Bar]:
    """Read one page of bars of minutes of one symbol; each is stamped with its beginning.

    Raises:
        Schema: it isn't such a page.
    """
    return _page(body, symbol=symbol, read=_minute)


def _page(body: bytes, *, symbol: str, read: Callable[[Mapping[str, Any]], _Row]) -> Page[_Row]:
    content = read_json(body, required=("bars", "next_page_token"), who="Alpaca")
    bars, token = content["bars"], content["next_page_token"]
    if bars is None:
        bars = {}
    if not isinstance(bars, dict) or not isinstance(bars.get(symbol, []), list):
        raise Schema("Alpaca sent bars that aren't listed by symbol.")
    if token is not None and not isinstance(token, str):
        raise Schema("Alpaca sent a page token that is no text.")
    rows: list[_Row] = []
    errors: list[RowError] = []
    for number, bar in enumerate(bars.get(symbol, [])):
        try:
            rows.append(read(bar))
        except (KeyError, TypeError, ValueError, InvalidOperation):
            errors.append(RowError(f"{symbol} bar {number}", "this is no bar."))
    return Page(bars=Parsed(rows=rows, errors=errors), next_token=token or None)


def _close(bar: Mapping[str, Any]) -> DailyClose:
    close = _price(bar["c"])
    if not close.is_finite() or close <= 0:
        raise ValueError("A close that isn't above zero.")
    return DailyClose(date=_stamp(bar).astimezone(_NEW_YORK).date(), close=close)


def _minute(bar: Mapping[str, Any]) -> Bar:
    at = _stamp(bar)
    if at.second or at.microsecond:
        raise ValueError("A minute begins with its first second.")
    opened, high, low, closed = (_price(bar[name]) for name in ("o", "h", "l", "c"))
    return told(at, (opened, high, low, closed), source="alpaca")


def _stamp(bar: Mapping[str, Any]) -> datetime:
    stamp = datetime.fromisoformat(bar["t"])
    if stamp.tzinfo is None:
        raise ValueError("A bar without a time zone.")
    return stamp.astimezone(UTC)


def _price(value: Any) -> Decimal:
    # Numbers in JSON only: a text or a truth value would be another format.
    if type(value) not in {int, Decimal}:
        raise TypeError("A price that is no number.")
    return Decimal(value)
