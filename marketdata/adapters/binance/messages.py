"""Binance's streamed tickers and those asked for: their words to ours.

Sources: https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams and
https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from common.remote.errors import BadRequest, Schema
from common.remote.http import read_json
from marketdata.adapters.base import StreamEnded
from marketdata.domain.sources import Parsed, RowError

_TICKER = "24hrMiniTicker"
_SHUTDOWN = "serverShutdown"


@dataclass(frozen=True, slots=True)
class Ticker:
    """The last price of a symbol."""

    symbol: str
    price: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """A request was carried out."""

    request_id: int


def read_message(message: Any) -> Ticker | Answer | RowError | None:
    """Read one message; None for a kind that nobody asked for.

    Raises:
        StreamEnded: the server says that it is about to go.
        BadRequest: it refuses a request.
        Schema: it is no such message.
    """
    if not isinstance(message, dict):
        raise Schema("Binance sent no object.")
    if "error" in message:
        raise BadRequest(f"Binance refuses a request: {_reason(message['error'])}.")
    if "id" in message:
        return Answer(message["id"]) if isinstance(message["id"], int) else None
    # Some messages come bare, others as {"stream": …, "data": …}.
    data = message.get("data", message)
    kind = data.get("e") if isinstance(data, dict) else None
    if kind == _SHUTDOWN:
        raise StreamEnded("Binance restarts a server.")
    if kind != _TICKER:
        return None
    try:
        return Ticker(symbol=data["s"], price=_price(data["c"]), at=_instant(data["E"]))
    except (KeyError, TypeError, ValueError, OverflowError, OSError, InvalidOperation):
        return RowError(str(data.get("s", "?"))[:32], "this is no ticker.")


def read_tickers(body: bytes) -> Parsed[Ticker]:
    """Read the small tickers of the last 24 hours.

    Raises:
        Schema: it is no list of tickers.
    """
    content = read_json(body, who="Binance")
    if not isinstance(content, list):
        raise Schema("Binance sent no list of tickers.")
    rows: list[Ticker] = []
    errors: list[RowError] = []
    for number, item in enumerate(content):
        try:
            rows.append(
                Ticker(
                    symbol=item["symbol"],
                    price=_price(item["lastPrice"]),
                    at=_instant(item["closeTime"]),
                )
            )
        except (KeyError, TypeError, ValueError, OverflowError, OSError, InvalidOperation):
            errors.append(RowError(f"ticker {number}", "this is no ticker."))
    return Parsed(rows=rows, errors=errors)


def _reason(error: Any) -> str:
    return str(error.get("msg", "untold"))[:200] if isinstance(error, Mapping) else "untold"


def _price(text: Any) -> Decimal:
    if not isinstance(text, str):
        raise TypeError("Prices are texts.")
    price = Decimal(text)
    if not price.is_finite() or price <= 0:
        raise ValueError("A price that isn't above zero.")
    return price


def _instant(milliseconds: Any) -> datetime:
    if type(milliseconds) is not int:
        raise TypeError("Times are whole numbers.")
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
