"""Alpaca's streamed market data and its snapshots: their words to ours.

Sources: https://docs.alpaca.markets/docs/streaming-market-data,
https://docs.alpaca.markets/docs/real-time-stock-pricing-data and
https://docs.alpaca.markets/reference/stocksnapshots-1
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from common.remote.errors import (
    AuthExpired,
    BadRequest,
    Forbidden,
    RemoteFailure,
    Schema,
    Transient,
)
from common.remote.http import read_json
from marketdata.adapters.base import TooManyInstruments
from marketdata.domain.hours import NEW_YORK
from marketdata.domain.sources import Parsed, RowError

#: Conditions of trades that set no last price by the rules of the consolidated tapes: averages,
#: late reports, official prices said again, odd lots, and those outside of a regular session.
_NO_LAST = frozenset("BCHIMNPQRTUVWZ479")
_FRACTION = re.compile(r"\.(\d{6})\d+")
_HALTED, _RESUMED = {"H", "2"}, {"T", "3"}
#: What becomes of a connection after each code; what isn't listed may pass.
_ERRORS: Mapping[int, tuple[type[RemoteFailure], str]] = {
    400: (BadRequest, "doesn't understand what it was sent"),
    401: (AuthExpired, "wants a key before anything else"),
    402: (AuthExpired, "refuses the key"),
    403: (BadRequest, "was sent the key twice"),
    404: (Transient, "was sent the key too late"),
    405: (TooManyInstruments, "doesn't send so many symbols at once"),
    406: (Transient, "allows no other connection with this key"),
    407: (Transient, "was read too slowly"),
    408: (Forbidden, "doesn't stream for this key"),
    409: (Forbidden, "doesn't stream this for this plan"),
    500: (Transient, "has an error of its own"),
}


@dataclass(frozen=True, slots=True)
class Trade:
    """A trade that sets the last price."""

    symbol: str
    price: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class Halt:
    """Trading in a symbol was halted, or goes on."""

    symbol: str
    is_halted: bool


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The symbols that are sent from now on: all of them, not those that were added."""

    symbols: frozenset[str]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The last trade of a symbol, and the close of the trading day before it."""

    trade: Trade
    #: Of the trading day before the trade's.
    previous_close: Decimal | None


Event = Trade | Halt | Acknowledged


def read_greeting(message: Any, *, expected: str) -> None:
    """Check that a control message says what comes next in signing in.

    Raises:
        RemoteFailure: it is an error, or anything else.
    """
    for item in _items(message):
        _raise_error(item)
        if item.get("T") == "success" and item.get("msg") == expected:
            return
    raise Schema(f"Alpaca didn't say that it is {expected}.")


def read_events(message: Any) -> Parsed[Event]:
    """Read one message, which may hold many events; kinds that nobody asked for are passed over.

    Raises:
        RemoteFailure: it says that something went wrong.
        Schema: it is no such message.
    """
    events: list[Event] = []
    errors: list[RowError] = []
    for item in _items(message):
        _raise_error(item)
        try:
            event = _event(item)
        except (KeyError, TypeError, ValueError, InvalidOperation):
            errors.append(RowError(str(item.get("S", "?")), f"this is no {item.get('T')}."))
            continue
        if event is not None:
            events.append(event)
    return Parsed(rows=events, errors=errors)


def read_snapshots(body: bytes, *, symbols: Collection[str]) -> Parsed[Snapshot]:
    """Read the newest trades of some symbols; those that are unknown have none.

    Raises:
        Schema: it isn't a map of snapshots.
    """
    content = read_json(body, who="Alpaca")
    if not isinstance(content, dict):
        raise Schema("Alpaca sent no map of snapshots.")
    rows: list[Snapshot] = []
    errors: list[RowError] = []
    for symbol in symbols:
        found = content.get(symbol)
        if found is None or found.get("latestTrade") is None:
            continue
        try:
            rows.append(_snapshot(symbol, found))
        except (AttributeError, KeyError, TypeError, ValueError, InvalidOperation):
            errors.append(RowError(symbol, "this is no snapshot."))
    return Parsed(rows=rows, errors=errors)


def day_of(moment: datetime) -> date:
    """Return the trading day that a moment belongs to."""
    return moment.astimezone(NEW_YORK).date()


def _items(message: Any) -> list[dict[str, Any]]:
    if not isinstance(message, list) or not all(isinstance(each, dict) for each in message):
        raise Schema("Alpaca sent no list of messages.")
    return message


def _raise_error(item: Mapping[str, Any]) -> None:
    if item.get("T") != "error":
        return
    code = item.get("code")
    kind, text = _ERRORS.get(code if isinstance(code, int) else 0, (Transient, "failed"))
    raise kind(f"Alpaca {text} ({code}).")


def _event(item: Mapping[str, Any]) -> Event | None:
    match item.get("T"):
        case "t":
            return None if _NO_LAST.intersection(item.get("c") or ()) else _trade(item["S"], item)
        case "s":
            return _halt(item)
        case "subscription":
            return Acknowledged(frozenset(item["trades"]))
        case _:
            return None


def _halt(item: Mapping[str, Any]) -> Halt | None:
    code = item["sc"]
    return Halt(item["S"], code in _HALTED) if code in _HALTED | _RESUMED else None


def _trade(symbol: str, item: Mapping[str, Any]) -> Trade:
    return Trade(symbol=symbol, price=_price(item["p"]), at=_instant(item["t"]))


def _last_trade(symbol: str, found: Mapping[str, Any]) -> Trade:
    latest, minute = found["latestTrade"], found.get("minuteBar")
    if minute is not None and _NO_LAST.intersection(latest.get("c") or ()):
        # The last that counts closed the last minute's bar.
        return Trade(symbol=symbol, price=_price(minute["c"]), at=_instant(minute["t"]))
    return _trade(symbol, latest)


def _snapshot(symbol: str, found: Mapping[str, Any]) -> Snapshot:
    trade = _last_trade(symbol, found)
    today, before = found.get("dailyBar"), found.get("prevDailyBar")
    # Before the first trade of a day, the day's bar is still that of the day before.
    is_same_day = today and day_of(_instant(today["t"])) >= day_of(trade.at)
    bar = before if is_same_day else today
    return Snapshot(trade, None if bar is None else _price(bar["c"]))


def _price(number: Any) -> Decimal:
    # Numbers in JSON only: a text or a truth value would be another format.
    if type(number) not in {int, Decimal}:
        raise TypeError("A price that is no number.")
    price = Decimal(number)
    if not price.is_finite() or price <= 0:
        raise ValueError("A price that isn't above zero.")
    return price


def _instant(text: str) -> datetime:
    """Read an instant in RFC 3339, whose nanoseconds are more than Python keeps."""
    moment = datetime.fromisoformat(_FRACTION.sub(r".\1", text))
    if moment.tzinfo is None:
        raise ValueError("An instant without a time zone.")
    return moment.astimezone(UTC)
