"""Kite Connect, version 3: bytes to trades and to what is held.

Source: https://kite.trade/docs/connect/v3/portfolio/ and .../orders/
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from brokers.adapters.contract import AccountName
from brokers.adapters.json_fields import (
    LONGEST_ID,
    Unreadable,
    figure_of,
    id_of,
    number_of,
    text_of,
)
from brokers.adapters.open_orders import orders_in, side_of
from brokers.domain.events import (
    BrokerEvent,
    HeldUnits,
    InstrumentName,
    Reading,
    RowError,
    Stream,
)
from brokers.domain.orders import OpenOrder
from common.remote.errors import Schema
from common.remote.http import read_json
from marketdata.domain.instruments import AssetClass
from portfolios.domain.kinds import Kind

#: All that Kite says of time is the wall clock there, and names no zone.
INDIA = ZoneInfo("Asia/Kolkata")
CURRENCY = "INR"
_WHO = "Kite"
_ZERO = Decimal(0)
_SIDES = {"BUY": Kind.BUY, "SELL": Kind.SELL}
#: Where shares, funds and bonds are traded; elsewhere it is futures and options.
_CASH_MARKETS = frozenset({"NSE", "BSE"})
#: What is delivered, and so becomes a holding the day after.
_DELIVERED = frozenset({"CNC", "MTF"})
#: An order in one of these states waits for nothing any more.
_ENDED = frozenset({"COMPLETE", "CANCELLED", "REJECTED"})
_WRITTEN = "%Y-%m-%d %H:%M:%S"


def read_trades(body: bytes) -> Reading:
    """Read the fills of the day."""
    events: list[BrokerEvent] = []
    errors: list[RowError] = []
    for row in _list(read_data(body)):
        try:
            events.append(_trade(row))
        except Unreadable as error:
            errors.append(_error(row, error, key=_known_key(row)))
    return Reading(events=tuple(events), errors=tuple(errors))


def read_held(body: bytes) -> Reading:
    """Read the holdings, a list, or the positions, an object with the lists `net` and `day`.

    What is owned is the sum of both: what was carried over night, and what today changed.
    """
    content = read_data(body)
    if isinstance(content, dict):
        rows, read, value = _list(content.get("net")), _position, _spent_today
    else:
        rows, read, value = _list(content), _holding, _spent
    held: list[HeldUnits] = []
    errors: list[RowError] = []
    for row in rows:
        try:
            if not isinstance(row, dict):
                raise Unreadable("The row is no object.")  # noqa: TRY301 - as any of its fields
            name, units, cost = _name(row), read(row), value(row)
        except Unreadable as error:
            errors.append(_error(row, error))
        else:
            held.append(HeldUnits(name, units, CURRENCY, cost=cost))
    return Reading(positions=tuple(held), errors=tuple(errors))


def read_orders(body: bytes) -> Reading:
    """Read the orders of the day, of which those count that are still open."""
    return orders_in(_list(read_data(body)), _order)


def read_account_name(body: bytes) -> AccountName:
    """Read whose profile it is.

    Raises:
        Schema: it is no profile.
    """
    return AccountName(_needed(body, "user_id")[:64], CURRENCY)


def read_access_token(body: bytes) -> str:
    """Read the token that a login gave.

    Raises:
        Schema: there is none.
    """
    return _needed(body, "access_token")


def read_data(body: bytes) -> Any:
    """Take an answer out of its envelope.

    Raises:
        Schema: it is no answer, or one that says what went wrong.
    """
    content = read_json(body, required=("status", "data"), who=_WHO)
    if content["status"] != "success":
        raise Schema("Kite sent an error as if it were an answer.")
    return content["data"]


def error_type(body: bytes) -> str:
    """Return which kind of error Kite says it is; empty where it doesn't say."""
    try:
        content = read_json(body, who=_WHO)
    except Schema:
        return ""
    told = content.get("error_type") if isinstance(content, dict) else None
    return told if isinstance(told, str) else ""


READERS: Mapping[Stream, Callable[[bytes], Reading]] = {
    Stream.ACTIVITIES: read_trades,
    Stream.POSITIONS: read_held,
    Stream.ORDERS: read_orders,
}


def external_id(*, exchange: str, order_id: str, trade_id: str, day: str) -> str:
    """Return the id of a fill: an exchange counts its trades anew, so the day belongs to it."""
    return f"{exchange}:{order_id}:{trade_id}:{day}"


def _trade(row: Any) -> BrokerEvent:
    if not isinstance(row, dict):
        raise Unreadable("The row is no object.")
    exchange, side = text_of(row, "exchange"), text_of(row, "transaction_type")
    key, moment = _key_of(row), _moment(row)
    known: dict[str, Any] = {
        "external_id": key,
        "trade_date": moment.astimezone(INDIA).date(),
        "executed_at": moment,
        "currency": CURRENCY,
        "instrument": _name(row),
        "quantity": number_of(row, "quantity", is_positive=True),
        "price": number_of(row, "average_price", is_float=True),
    }
    if side not in _SIDES:
        return BrokerEvent(kind=None, problem=f"A trade “{side[:40]}” isn't known here.", **known)
    if exchange not in _CASH_MARKETS:
        why = "Futures and options aren't booked; record it by hand."
        return BrokerEvent(kind=None, problem=why, **known)
    return BrokerEvent(kind=_SIDES[side], **known)


def _key_of(row: Mapping[str, Any]) -> str:
    key = external_id(
        exchange=text_of(row, "exchange"),
        order_id=text_of(row, "order_id"),
        trade_id=text_of(row, "trade_id"),
        day=_moment(row).astimezone(INDIA).date().isoformat(),
    )
    if len(key) > LONGEST_ID:
        raise Unreadable("The id is too long.")
    return key


def _known_key(row: Any) -> str:
    """Return the id of a fill that can't be read, by which it is known once it can; else none."""
    try:
        return _key_of(row) if isinstance(row, dict) else ""
    except Unreadable:
        return ""


def _holding(row: Mapping[str, Any]) -> Decimal:
    """Return what was carried over night, whether it has been delivered, is pledged or financed.

    Whether `quantity` has what was bought yesterday in it isn't the same in all answers; what is
    delivered and what is on its way are told apart.
    """
    quantity = _units(row, "quantity")
    coming = _units(row, "t1_quantity")
    delivered = number_of(row, "realised_quantity", default=None, is_float=True)
    told = quantity + coming if delivered is None else delivered + coming
    lent = _units(_financed(row), "quantity")
    return Decimal(max(quantity, told) + _units(row, "collateral_quantity") + lent)


def _spent(row: Mapping[str, Any]) -> Decimal | None:
    """Return what was paid for what was carried over night; None where Kite doesn't tell."""
    financed = _financed(row)
    lent = _units(financed, "quantity")
    parts = ((row, _holding(row) - lent), (financed, lent))
    costs = [_at_average(told, units) for told, units in parts if units]
    known = [cost for cost in costs if cost is not None]
    return sum(known, _ZERO) if len(known) == len(costs) else None


def _at_average(told: Mapping[str, Any], units: Decimal) -> Decimal | None:
    average = figure_of(told, "average_price")
    return None if average is None else units * average


def _financed(row: Mapping[str, Any]) -> Mapping[str, Any]:
    told = row.get("mtf")
    return told if isinstance(told, dict) else {}


def _position(row: Mapping[str, Any]) -> Decimal:
    """Return what today changed of what is delivered, and of the rest all that is open."""
    if text_of(row, "product", default="") in _DELIVERED:
        return _units(row, "day_buy_quantity") - _units(row, "day_sell_quantity")
    return _units(row, "quantity")


def _spent_today(row: Mapping[str, Any]) -> Decimal | None:
    """Return what today's purchases cost; None after a sale, for that of the rest isn't told."""
    if not _position(row) and not _units(row, "day_sell_quantity"):
        return _ZERO
    is_simple = text_of(row, "product", default="") in _DELIVERED
    if not is_simple or _units(row, "day_sell_quantity"):
        return None
    return figure_of(row, "day_buy_value")


def _units(row: Mapping[str, Any], name: str) -> Decimal:
    return Decimal(number_of(row, name, default=_ZERO, is_float=True))


def _name(row: Mapping[str, Any]) -> InstrumentName:
    """Name what was traded; both exchanges list the same share under the same symbol."""
    is_cash = text_of(row, "exchange") in _CASH_MARKETS
    return InstrumentName(
        text_of(row, "tradingsymbol").upper(),
        AssetClass.STOCK if is_cash else AssetClass.OTHER,
        isin=text_of(row, "isin", default=""),
    )


def _order(row: Mapping[str, Any]) -> OpenOrder | None:
    if text_of(row, "status").upper() in _ENDED:
        return None
    return OpenOrder(
        external_id=text_of(row, "order_id"),
        symbol=text_of(row, "tradingsymbol"),
        side=side_of(row, "transaction_type"),
        kind=text_of(row, "order_type", default="").lower(),
        placed_at=_instant(row, "order_timestamp"),
        quantity=number_of(row, "quantity"),
        filled=number_of(row, "filled_quantity", default=_ZERO),
        # Zero stands for none.
        limit=number_of(row, "price", default=None, is_float=True) or None,
        stop=number_of(row, "trigger_price", default=None, is_float=True) or None,
        currency=CURRENCY,
    )


def _moment(row: Mapping[str, Any]) -> datetime:
    return _instant(row, "fill_timestamp" if row.get("fill_timestamp") else "exchange_timestamp")


def _instant(row: Mapping[str, Any], name: str) -> datetime:
    try:
        moment = datetime.strptime(text_of(row, name), _WRITTEN).replace(tzinfo=INDIA)
    except ValueError as error:
        raise Unreadable(f"“{name}” is no time.") from error
    return moment.astimezone(UTC)


def _list(content: Any) -> list[Any]:
    if not isinstance(content, list):
        raise Schema("Kite sent no list.")
    return content


def _needed(body: bytes, name: str) -> str:
    content = read_data(body)
    value = content.get(name) if isinstance(content, dict) else None
    if not isinstance(value, str) or not value:
        raise Schema(f"Kite sent an answer without {name}.")
    return value


def _error(row: Any, error: Unreadable, *, key: str = "") -> RowError:
    return RowError(key or id_of(row), str(error), row if isinstance(row, dict) else {})
