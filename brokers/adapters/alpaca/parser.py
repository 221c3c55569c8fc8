"""Alpaca's Trading API, version 2: bytes to events, positions and cash.

Source: https://docs.alpaca.markets/reference/getaccountactivities-2
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from brokers.adapters.alpaca import legs, options
from brokers.adapters.alpaca.vocabulary import CASH_KINDS, OTHER_KINDS, SIDES, SPLITS
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
from brokers.domain.equity import DayEquity
from brokers.domain.events import (
    BrokerEvent,
    HeldCash,
    HeldUnits,
    InstrumentName,
    Reading,
    RowError,
    Stream,
)
from brokers.domain.orders import OpenOrder
from common.clock import to_milliseconds
from common.remote.errors import Schema
from common.remote.http import read_json
from marketdata.domain.instruments import AssetClass
from portfolios.domain.kinds import Kind

_NEW_YORK = ZoneInfo("America/New_York")
_ZERO = Decimal(0)
_ON_INSTRUMENT = frozenset({Kind.DIVIDEND, Kind.RETURN_OF_CAPITAL})


def read_activities(body: bytes) -> Reading:
    """Read a page of account activities."""
    told: list[legs.Told] = []
    errors: list[RowError] = []
    for row in _rows(body):
        try:
            told.append((row, _event(row)))
        except Unreadable as error:
            errors.append(RowError(id_of(row), str(error), row if isinstance(row, dict) else {}))
    exercised, rest = options.joined(told)
    return Reading(events=(*legs.joined(rest), *exercised), errors=tuple(errors))


def read_positions(body: bytes) -> Reading:
    """Read the list of positions."""
    held: list[HeldUnits] = []
    errors: list[RowError] = []
    for row in _rows(body):
        try:
            held.append(_position(row))
        except Unreadable as error:
            errors.append(RowError(id_of(row), str(error), row if isinstance(row, dict) else {}))
    return Reading(positions=tuple(held), errors=tuple(errors))


def read_cash(body: bytes) -> Reading:
    """Read the cash of the account."""
    content = read_json(body, required=("cash", "currency"), who="Alpaca")
    try:
        coming = number_of(content, "pending_transfer_in", default=_ZERO)
        leaving = number_of(content, "pending_transfer_out", default=_ZERO)
        accrued = number_of(content, "accrued_fees", default=_ZERO)
        cash = HeldCash(
            currency=text_of(content, "currency"),
            amount=number_of(content, "cash"),
            pending=coming - leaving - accrued,
        )
    except Unreadable as error:
        raise Schema(f"Alpaca sent an account that can't be read: {error}") from error
    # Accounts have one currency.
    return Reading(cash=(cash,), is_cash_whole=True)


def read_orders(body: bytes) -> Reading:
    """Read a page of open orders."""
    return orders_in(_rows(body), _order)


def read_equity(body: bytes) -> Reading:
    """Read what the account was worth day by day; each point is stamped when its day ended.

    Nothing is told of the days before there was money.

    Source: https://docs.alpaca.markets/reference/getaccountportfoliohistory-1, and for the stamps
    https://github.com/alpacahq/alpaca-py/pull/555
    """
    content = read_json(body, required=("timestamp", "equity"), who="Alpaca")
    stamps, worths = content["timestamp"], content["equity"]
    is_daily = content.get("timeframe", "1D") == "1D"
    if not isinstance(stamps, list) or not isinstance(worths, list) or not is_daily:
        raise Schema("Alpaca sent no history of days.")
    if len(stamps) != len(worths):
        raise Schema("Alpaca sent a history whose days and values don't match.")
    days: list[DayEquity] = []
    for stamp, worth in zip(stamps, worths, strict=True):
        amount = figure_of({"equity": worth}, "equity")
        if amount is not None and (amount or days):
            days.append(DayEquity(_day_of(stamp), amount, "USD"))
    return Reading(equity=tuple(days))


def _day_of(stamp: Any) -> date:
    try:
        return datetime.fromtimestamp(int(stamp), tz=UTC).astimezone(_NEW_YORK).date()
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise Schema("Alpaca sent a history with a day that can't be read.") from error


def end_of_orders(body: bytes) -> tuple[int, str]:
    """Return how many orders a page has, and when the last of them was submitted.

    Raises:
        Schema: it is no page, or its last order doesn't say when.
    """
    rows = _rows(body)
    last = rows[-1] if rows else {"submitted_at": "never"}
    if not isinstance(last, dict) or not isinstance(last.get("submitted_at"), str):
        raise Schema("Alpaca sent a page whose last order doesn't say when it was submitted.")
    return len(rows), str(last["submitted_at"])


def read_account_name(body: bytes) -> AccountName:
    """Read which account a key opens.

    Raises:
        Schema: it is no account.
    """
    content = read_json(body, required=("id", "status"), who="Alpaca")
    try:
        number = text_of(content, "account_number", default="") or text_of(content, "id")
        return AccountName(number[:64], text_of(content, "currency", default="USD"))
    except Unreadable as error:
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
    Stream.ORDERS: read_orders,
    Stream.EQUITY: read_equity,
}


def _rows(body: bytes) -> list[Any]:
    content = read_json(body, who="Alpaca")
    if not isinstance(content, list):
        raise Schema("Alpaca sent no list.")
    return content


def _event(row: Any) -> BrokerEvent:
    if not isinstance(row, dict):
        raise Unreadable("The row is no object.")
    kind = text_of(row, "activity_type")
    return _fill(row) if kind in ("FILL", "TRD") else _other(row, kind)


def _fill(row: Mapping[str, Any]) -> BrokerEvent:
    side = text_of(row, "side")
    symbol = text_of(row, "symbol")
    moment = _moment(row, "transaction_time")
    known: dict[str, Any] = {
        **_identity(row),
        "trade_date": moment.astimezone(_NEW_YORK).date(),
        "executed_at": moment,
        "currency": text_of(row, "currency", default="USD"),
        "instrument": _instrument(symbol),
        "quantity": number_of(row, "qty", is_positive=True),
        "price": number_of(row, "price"),
        "order": (text_of(row, "order_id", default=""), number_of(row, "cum_qty", default=_ZERO)),
    }
    if text_of(row, "execution_type", default="") == "trade_bust":
        known["is_canceled"] = True
    if side not in SIDES:
        return _unmapped(known, f"A fill on the side “{side[:40]}” isn't known here.")
    kind, contract = SIDES[side], options.contract_of(symbol)
    if contract is not None and contract.is_adjusted:
        return _unmapped(known, options.ADJUSTED)
    if contract is not None:
        kind = options.side_of(kind, text_of(row, "position_intent", default=""))
    return BrokerEvent(kind=kind, **known)


def _other(row: Mapping[str, Any], activity: str) -> BrokerEvent:
    sub_type = text_of(row, "activity_sub_type", default="")
    symbol = text_of(row, "symbol", default="")
    amount = number_of(row, "net_amount", default=_ZERO)
    known: dict[str, Any] = {
        **_identity(row),
        "trade_date": _day(row, "date"),
        "currency": text_of(row, "currency", default="USD"),
        "instrument": _instrument(symbol) if symbol else None,
        "note": _note(activity, sub_type, text_of(row, "description", default="")),
    }
    if activity not in CASH_KINDS:
        return _moved(row, activity, known, amount=amount or None)
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


def _moved(
    row: Mapping[str, Any], activity: str, known: Mapping[str, Any], *, amount: Decimal | None
) -> BrokerEvent:
    """Read what moves more than money."""
    name = known["instrument"]
    if activity in SPLITS:
        return _split(row, known)
    if activity in options.ENDS:
        contract = options.contract_of(name.symbol) if name else None
        return options.read_end(
            activity, number_of(row, "qty"), {**known, "amount": amount}, contract
        )
    quantity = number_of(row, "qty", default=None)
    if activity in legs.RENAMES and name and quantity:
        return _unmapped({**known, "quantity": quantity, "is_half": True}, legs.ALONE)
    why = OTHER_KINDS.get(activity, f"Alpaca's activity {activity[:24]} isn't known here.")
    return _unmapped({**known, "quantity": quantity, "amount": amount}, why)


def _split(row: Mapping[str, Any], known: Mapping[str, Any]) -> BrokerEvent:
    came = number_of(row, "qty", default=None)
    if known["instrument"] is None or not came:
        return _unmapped(known, "A split that doesn't say how many of which shares came.")
    if text_of(row, "group_id", default=""):
        # One half: how many came doesn't tell the ratio while the others are still there.
        return _unmapped({**known, "quantity": came, "is_half": True}, legs.ALONE)
    return BrokerEvent(kind=Kind.SPLIT, **known, quantity=came)


def _unmapped(known: Mapping[str, Any], problem: str) -> BrokerEvent:
    return BrokerEvent(kind=None, problem=problem, **known)


def _identity(row: Mapping[str, Any]) -> dict[str, Any]:
    key = text_of(row, "id")
    if len(key) > LONGEST_ID:
        raise Unreadable("The id is too long.")
    return {
        "external_id": key,
        # Corrections name what they correct by the second half.
        "alias": key.partition("::")[2],
        "replaces": text_of(row, "previous_id", default="")[:LONGEST_ID],
        "is_canceled": text_of(row, "status", default="") == "canceled",
    }


def _instrument(symbol: str) -> InstrumentName:
    base, slash, _ = symbol.partition("/")
    if slash:
        return InstrumentName(base.upper(), AssetClass.CRYPTO)
    contract = options.contract_of(symbol)
    return options.name_of(symbol, contract) if contract else InstrumentName(symbol.upper())


def _position(row: Any) -> HeldUnits:
    if not isinstance(row, dict):
        raise Unreadable("The row is no object.")
    symbol = text_of(row, "symbol")
    quantity = number_of(row, "qty")
    if text_of(row, "side", default="long") == "short":
        quantity = -abs(quantity)
    name = _instrument(symbol)
    if text_of(row, "asset_class", default="") == "crypto":
        # Activities write BTC/USD, positions BTCUSD.
        name = InstrumentName(name.symbol.removesuffix("USD"), AssetClass.CRYPTO)
    return HeldUnits(name, quantity, "USD", cost=figure_of(row, "cost_basis"))


def _order(row: Mapping[str, Any]) -> OpenOrder:
    return OpenOrder(
        external_id=text_of(row, "id"),
        symbol=text_of(row, "symbol"),
        side=side_of(row, "side"),
        kind=text_of(row, "type", default="").replace("_", " "),
        placed_at=_moment(row, "submitted_at"),
        quantity=number_of(row, "qty", default=None),
        amount=number_of(row, "notional", default=None),
        filled=number_of(row, "filled_qty", default=_ZERO),
        limit=number_of(row, "limit_price", default=None),
        stop=number_of(row, "stop_price", default=None),
        currency="USD",
    )


def _note(activity: str, sub_type: str, description: str) -> str:
    kind = f"{activity}/{sub_type}" if sub_type else activity
    return " ".join(f"{kind} {description}".split())[:500]


def _moment(row: Mapping[str, Any], name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text_of(row, name))
    except ValueError as error:
        raise Unreadable(f"“{name}” is no time.") from error
    if moment.tzinfo is None:
        raise Unreadable(f"“{name}” lacks its time zone.")
    return to_milliseconds(moment.astimezone(UTC))


def _day(row: Mapping[str, Any], name: str) -> date:
    try:
        return date.fromisoformat(text_of(row, name))
    except ValueError as error:
        raise Unreadable(f"“{name}” is no day.") from error
