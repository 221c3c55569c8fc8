"""Alpaca's Trading API, version 2: bytes to events, positions and cash.

Source: https://docs.alpaca.markets/reference/getaccountactivities-2
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from brokers.adapters.alpaca.vocabulary import CASH_KINDS, OTHER_KINDS, SIDES
from brokers.adapters.contract import AccountName
from brokers.domain.events import (
    BrokerEvent,
    HeldCash,
    HeldUnits,
    InstrumentName,
    Reading,
    RowError,
    Stream,
)
from common.clock import to_milliseconds
from common.money import fits
from common.remote.errors import Schema
from common.remote.http import read_json
from marketdata.domain.instruments import AssetClass
from portfolios.domain.kinds import Kind

_NEW_YORK = ZoneInfo("America/New_York")
_ZERO = Decimal(0)
#: The symbols of options: root, expiry, side and strike.
_OPTION = re.compile(r"[A-Z]{1,6}\d{6}[CP]\d{8}")
_LONGEST_ID = 100
_ON_INSTRUMENT = frozenset({Kind.DIVIDEND, Kind.RETURN_OF_CAPITAL})


class _Unreadable(ValueError):
    """A field isn't what it is described to be."""


def read_activities(body: bytes) -> Reading:
    """Read a page of account activities."""
    events: list[BrokerEvent] = []
    errors: list[RowError] = []
    for row in _rows(body):
        try:
            events.append(_event(row))
        except _Unreadable as error:
            errors.append(RowError(_id_of(row), str(error), row if isinstance(row, dict) else {}))
    return Reading(events=tuple(events), errors=tuple(errors))


def read_positions(body: bytes) -> Reading:
    """Read the list of positions."""
    held: list[HeldUnits] = []
    errors: list[RowError] = []
    for row in _rows(body):
        try:
            held.append(_position(row))
        except _Unreadable as error:
            errors.append(RowError(_id_of(row), str(error), row if isinstance(row, dict) else {}))
    return Reading(positions=tuple(held), errors=tuple(errors))


def read_cash(body: bytes) -> Reading:
    """Read the cash of the account."""
    content = read_json(body, required=("cash", "currency"), who="Alpaca")
    try:
        coming = _number(content, "pending_transfer_in", default=_ZERO)
        leaving = _number(content, "pending_transfer_out", default=_ZERO)
        accrued = _number(content, "accrued_fees", default=_ZERO)
        cash = HeldCash(
            currency=_text(content, "currency"),
            amount=_number(content, "cash"),
            pending=coming - leaving - accrued,
        )
    except _Unreadable as error:
        raise Schema(f"Alpaca sent an account that can't be read: {error}") from error
    return Reading(cash=(cash,))


def read_account_name(body: bytes) -> AccountName:
    """Read which account a key opens.

    Raises:
        Schema: it is no account.
    """
    content = read_json(body, required=("id", "status"), who="Alpaca")
    try:
        number = _text(content, "account_number", default="") or _text(content, "id")
        return AccountName(number[:64], _text(content, "currency", default="USD"))
    except _Unreadable as error:
        raise Schema(f"Alpaca sent an account that can't be read: {error}") from error


def next_token(body: bytes) -> str | None:
    """Return what asks for the page after this one: the id of its last row, if it has one.

    Raises:
        Schema: it is no page, or its last row has no id.
    """
    rows = _rows(body)
    if not rows:
        return None
    last = rows[-1]
    if not isinstance(last, dict) or not isinstance(last.get("id"), str) or not last["id"]:
        raise Schema("Alpaca sent a page whose last row has no id.")
    return str(last["id"])


READERS: Mapping[Stream, Callable[[bytes], Reading]] = {
    Stream.ACTIVITIES: read_activities,
    Stream.POSITIONS: read_positions,
    Stream.CASH: read_cash,
}


def _rows(body: bytes) -> list[Any]:
    content = read_json(body, who="Alpaca")
    if not isinstance(content, list):
        raise Schema("Alpaca sent no list.")
    return content


def _event(row: Any) -> BrokerEvent:
    if not isinstance(row, dict):
        raise _Unreadable("The row is no object.")
    kind = _text(row, "activity_type")
    return _fill(row) if kind in ("FILL", "TRD") else _other(row, kind)


def _fill(row: Mapping[str, Any]) -> BrokerEvent:
    side = _text(row, "side")
    symbol = _text(row, "symbol")
    moment = _moment(row, "transaction_time")
    known: dict[str, Any] = {
        **_identity(row),
        "trade_date": moment.astimezone(_NEW_YORK).date(),
        "executed_at": moment,
        "currency": _text(row, "currency", default="USD"),
        "instrument": _instrument(symbol),
        "quantity": _number(row, "qty", is_positive=True),
        "price": _number(row, "price"),
        "order": (_text(row, "order_id", default=""), _number(row, "cum_qty", default=_ZERO)),
    }
    if _text(row, "execution_type", default="") == "trade_bust":
        known["is_canceled"] = True
    if side not in SIDES:
        return _unmapped(known, f"A fill on the side “{side[:40]}” isn't known here.")
    if _OPTION.fullmatch(symbol):
        return _unmapped(known, "Options aren't booked; record it by hand.")
    return BrokerEvent(kind=SIDES[side], **known)


def _other(row: Mapping[str, Any], activity: str) -> BrokerEvent:
    sub_type = _text(row, "activity_sub_type", default="")
    symbol = _text(row, "symbol", default="")
    amount = _number(row, "net_amount", default=_ZERO)
    known: dict[str, Any] = {
        **_identity(row),
        "trade_date": _day(row, "date"),
        "currency": _text(row, "currency", default="USD"),
        "instrument": _instrument(symbol) if symbol else None,
        "note": _note(activity, sub_type, _text(row, "description", default="")),
    }
    if activity not in CASH_KINDS:
        known |= {"amount": amount or None, "quantity": _number(row, "qty", default=None)}
        why = OTHER_KINDS.get(activity, f"Alpaca's activity {activity[:24]} isn't known here.")
        return _unmapped(known, why)
    incoming, outgoing = CASH_KINDS[activity]
    kind = outgoing if amount < 0 and outgoing is not None else incoming
    if kind in _ON_INSTRUMENT and not symbol:
        return _unmapped(known | {"amount": amount}, "It doesn't say which security paid it.")
    if not amount:
        return _unmapped(known, "It moved no money.")
    if kind in (Kind.DEPOSIT, Kind.WITHDRAWAL):
        known["instrument"] = None
    # A dividend that is taken back stays a dividend, below zero.
    is_taken_back = kind is incoming and amount < 0
    known["amount"] = amount if is_taken_back else abs(amount)
    return BrokerEvent(kind=kind, **known)


def _unmapped(known: Mapping[str, Any], problem: str) -> BrokerEvent:
    return BrokerEvent(kind=None, problem=problem, **known)


def _identity(row: Mapping[str, Any]) -> dict[str, Any]:
    key = _text(row, "id")
    if len(key) > _LONGEST_ID:
        raise _Unreadable("The id is too long.")
    return {
        "external_id": key,
        # Corrections name what they correct by the second half.
        "alias": key.partition("::")[2],
        "replaces": _text(row, "previous_id", default="")[:_LONGEST_ID],
        "is_canceled": _text(row, "status", default="") == "canceled",
    }


def _instrument(symbol: str) -> InstrumentName:
    base, slash, _ = symbol.partition("/")
    if slash:
        return InstrumentName(base.upper(), AssetClass.CRYPTO)
    return InstrumentName(symbol.upper())


def _position(row: Any) -> HeldUnits:
    if not isinstance(row, dict):
        raise _Unreadable("The row is no object.")
    symbol = _text(row, "symbol")
    quantity = _number(row, "qty")
    if _text(row, "side", default="long") == "short":
        quantity = -abs(quantity)
    name = _instrument(symbol)
    if _text(row, "asset_class", default="") == "crypto":
        # Activities write BTC/USD, positions BTCUSD.
        name = InstrumentName(name.symbol.removesuffix("USD"), AssetClass.CRYPTO)
    return HeldUnits(name, quantity, "USD")


def _note(activity: str, sub_type: str, description: str) -> str:
    kind = f"{activity}/{sub_type}" if sub_type else activity
    return " ".join(f"{kind} {description}".split())[:500]


_MISSING: Any = object()


def _text(row: Mapping[str, Any], name: str, *, default: Any = _MISSING) -> str:
    value = row.get(name)
    if value is None or value == "":
        if default is _MISSING:
            raise _Unreadable(f"“{name}” is missing.")
        return str(default)
    if not isinstance(value, str):
        raise _Unreadable(f"“{name}” is no text.")
    return value


def _number(
    row: Mapping[str, Any], name: str, *, default: Any = _MISSING, is_positive: bool = False
) -> Any:
    value = row.get(name)
    if value is None or value == "":
        if default is _MISSING:
            raise _Unreadable(f"“{name}” is missing.")
        return default
    if type(value) not in {str, int, Decimal}:
        raise _Unreadable(f"“{name}” is no number.")
    try:
        number = Decimal(value)
    except InvalidOperation as error:
        raise _Unreadable(f"“{name}” is no number.") from error
    if not number.is_finite() or not fits(number):
        raise _Unreadable(f"“{name}” is out of range.")
    if is_positive and number <= 0:
        raise _Unreadable(f"“{name}” isn't more than 0.")
    return number


def _moment(row: Mapping[str, Any], name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(_text(row, name))
    except ValueError as error:
        raise _Unreadable(f"“{name}” is no time.") from error
    if moment.tzinfo is None:
        raise _Unreadable(f"“{name}” lacks its time zone.")
    return to_milliseconds(moment.astimezone(UTC))


def _day(row: Mapping[str, Any], name: str) -> date:
    try:
        return date.fromisoformat(_text(row, name))
    except ValueError as error:
        raise _Unreadable(f"“{name}” is no day.") from error


def _id_of(row: Any) -> str:
    """Return a row's own id, or one that equal rows share."""
    if isinstance(row, dict) and isinstance(row.get("id"), str) and row["id"]:
        return str(row["id"])[:_LONGEST_ID]
    text = json.dumps(row, sort_keys=True, default=str)
    return f"row:{hashlib.sha256(text.encode()).hexdigest()[:32]}"
