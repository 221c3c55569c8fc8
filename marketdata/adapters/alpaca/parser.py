"""Alpaca's market data, version 2: bytes to closes.

Source: https://docs.alpaca.markets/reference/stockbars
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from common.remote.errors import Schema
from common.remote.http import read_json
from marketdata.adapters.base import DailyClose
from marketdata.domain.sources import Parsed, RowError

_NEW_YORK = ZoneInfo("America/New_York")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of daily closes."""

    closes: Parsed[DailyClose]
    #: Asks for the next page; None on the last one.
    next_token: str | None


def parse_daily_bars(body: bytes, *, symbol: str) -> Page:
    """Read one page of daily bars of one symbol; a symbol that is unknown has none.

    A bar is stamped with midnight in New York, written in UTC; its day is that of New York.

    Raises:
        Schema: it isn't such a page.
    """
    content = read_json(body, required=("bars", "next_page_token"), who="Alpaca")
    bars, token = content["bars"], content["next_page_token"]
    if bars is None:
        bars = {}
    if not isinstance(bars, dict) or not isinstance(bars.get(symbol, []), list):
        raise Schema("Alpaca sent bars that aren't listed by symbol.")
    if token is not None and not isinstance(token, str):
        raise Schema("Alpaca sent a page token that is no text.")
    rows: list[DailyClose] = []
    errors: list[RowError] = []
    for number, bar in enumerate(bars.get(symbol, [])):
        try:
            rows.append(_close(bar))
        except (KeyError, TypeError, ValueError, InvalidOperation):
            errors.append(RowError(f"{symbol} bar {number}", "this is no bar."))
    return Page(closes=Parsed(rows=rows, errors=errors), next_token=token or None)


def _close(bar: Mapping[str, Any]) -> DailyClose:
    opened_at = datetime.fromisoformat(bar["t"])
    if opened_at.tzinfo is None:
        raise ValueError("A bar without a time zone.")
    # Numbers in JSON only: a text or a truth value would be another format.
    if type(bar["c"]) not in {int, Decimal}:
        raise TypeError("A close that is no number.")
    close = Decimal(bar["c"])
    if not close.is_finite() or close <= 0:
        raise ValueError("A close that isn't above zero.")
    return DailyClose(date=opened_at.astimezone(_NEW_YORK).date(), close=close)
