"""Binance's spot and wallet API: bytes to events, units and money.

An answer comes in an envelope that says what was asked: rows of trades name their pair by one
word, which can't be taken apart, and most lists don't say what they are lists of.

Source: https://developers.binance.com/docs/binance-spot-api-docs/rest-api and .../docs/wallet/
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from brokers.adapters.binance.rows import (
    Row,
    asset_of,
    charged,
    earned,
    key_of,
    moment_of,
    when,
    whole_of,
)
from brokers.adapters.binance.trades import id_of_dust, id_of_fill, read_dust, read_fill
from brokers.adapters.binance.vocabulary import (
    ALWAYS_TOLD,
    DEPOSITED,
    MONEY,
    QUOTED_IN,
    WITHDRAWN,
    coin,
    is_earn_shadow,
)
from brokers.adapters.contract import AccountName
from brokers.adapters.json_fields import Unreadable, id_of, number_of, text_of
from brokers.adapters.open_orders import orders_in, side_of
from brokers.domain.events import BrokerEvent, HeldCash, HeldUnits, Reading, RowError, Stream
from brokers.domain.orders import OpenOrder
from common.remote.errors import Schema
from common.remote.http import read_json
from portfolios.domain.kinds import Kind

ACCOUNT, TRADES, ORDERS = "/api/v3/account", "/api/v3/myTrades", "/api/v3/openOrders"
DEPOSITS, WITHDRAWALS = "/sapi/v1/capital/deposit/hisrec", "/sapi/v1/capital/withdraw/history"
DUST, DIVIDENDS = "/sapi/v1/asset/dribblet", "/sapi/v1/asset/assetDividend"
EARN = "/sapi/v1/simple-earn/flexible/position"
REWARDS = "/sapi/v1/simple-earn/flexible/history/rewardsRecord"
WHO = "Binance"
_ZERO = Decimal(0)
#: Of rewards that nothing else tells apart: which of them it is.
_PLACE = "_place"


def enveloped(asked: str, body: bytes, **more: str) -> bytes:
    """Put an answer, as it came, beside what was asked."""
    told = json.dumps({"asked": asked, **more}).encode()
    return told[:-1] + b', "answer": ' + body + b"}"


def read_activities(body: bytes) -> Reading:
    """Read the answer to one question of what happened."""
    asked, content, answer = _open(body)
    if asked == TRADES:
        base, quote = content.get("base"), content.get("quote")
        if not (isinstance(base, str) and base and isinstance(quote, str) and quote):
            raise Schema("The trades don't say of which pair they are.")
        return _each(
            answer,
            lambda row: read_fill(row, base=base, quote=quote),
            # One of another pair isn't that pair's own row.
            name=lambda row: id_of_fill(row) if row.get("symbol") == base + quote else "",
        )
    if asked not in _ROWS:
        raise Schema("It isn't known here what was asked.")
    reader, name = _ROWS[asked]
    rows = _list_in(asked, answer)
    return _each(_told_apart(rows) if asked == REWARDS else rows, reader, name=name)


def read_held(body: bytes) -> Reading:
    """Read the balances, or what lies in Earn; what is held is the sum of both."""
    asked, _, answer = _open(body)
    if asked not in (ACCOUNT, EARN):
        raise Schema("It isn't known here what was asked.")
    rows = answer.get("balances" if asked == ACCOUNT else "rows") if _is_object(answer) else None
    if not isinstance(rows, list):
        raise Schema("Binance sent no balances.")
    units: list[HeldUnits] = []
    cash: list[HeldCash] = []
    errors: list[RowError] = []
    for row in rows:
        try:
            asset, amount = _balance(row, is_earn=asked == EARN)
        except Unreadable as error:
            errors.append(_error(row, error))
            continue
        if asset in MONEY and (amount or asset in ALWAYS_TOLD):
            cash.append(HeldCash(asset, amount))
        elif asset not in MONEY and amount:
            units.append(HeldUnits(coin(asset), amount, QUOTED_IN))
    return Reading(
        positions=tuple(units),
        cash=tuple(cash),
        # What lies in Earn isn't all.
        is_cash_whole=asked == ACCOUNT,
        errors=tuple(errors),
    )


def read_orders(body: bytes) -> Reading:
    """Read the open orders of all pairs."""
    asked, _, answer = _open(body)
    if asked != ORDERS or not isinstance(answer, list):
        raise Schema("Binance sent no orders.")
    return orders_in(answer, _order)


def read_account_name(body: bytes) -> AccountName:
    """Read whose account it is, from an answer without its envelope.

    Raises:
        Schema: it is no account.
    """
    content = read_json(body, required=("uid", "balances"), who=WHO)
    if type(content["uid"]) not in (int, str) or not str(content["uid"]):
        raise Schema("Binance sent an account without a number.")
    return AccountName(str(content["uid"])[:64], QUOTED_IN)


def error_code(body: bytes) -> int:
    """Return the number of the error that Binance tells; 0 where it tells none."""
    try:
        content = read_json(body, who=WHO)
    except Schema:
        return 0
    code = content.get("code") if isinstance(content, dict) else None
    return code if type(code) is int else 0


READERS: Mapping[Stream, Callable[[bytes], Reading]] = {
    Stream.ACTIVITIES: read_activities,
    Stream.POSITIONS: read_held,
    Stream.ORDERS: read_orders,
}


def _order(row: Row) -> OpenOrder:
    return OpenOrder(
        external_id=key_of(text_of(row, "symbol"), whole_of(row, "orderId")),
        symbol=text_of(row, "symbol"),
        side=side_of(row, "side"),
        kind=text_of(row, "type", default="").replace("_", " ").lower(),
        placed_at=moment_of(row, "time"),
        # Zero stands for none: of an order for as much as some money buys, too.
        quantity=number_of(row, "origQty", default=None) or None,
        amount=number_of(row, "origQuoteOrderQty", default=None) or None,
        filled=number_of(row, "executedQty", default=_ZERO),
        limit=number_of(row, "price", default=None) or None,
        stop=number_of(row, "stopPrice", default=None) or None,
    )


def _deposit(row: Row) -> list[BrokerEvent]:
    if whole_of(row, "status") not in DEPOSITED:
        # On its way, or refused: nothing came, and it is asked for again.
        return []
    asset, amount = asset_of(row, "coin"), number_of(row, "amount", is_positive=True)
    known: dict[str, Any] = {"external_id": _id_of_deposit(row)}
    known |= when(moment_of(row, "insertTime"))
    if asset in MONEY:
        return [BrokerEvent(kind=Kind.DEPOSIT, currency=asset, amount=amount, **known)]
    return [_delivery(Kind.TRANSFER_IN, asset, amount, known)]


def _withdrawal(row: Row) -> list[BrokerEvent]:
    if whole_of(row, "status") not in WITHDRAWN:
        return []
    asset, amount = asset_of(row, "coin"), number_of(row, "amount", is_positive=True)
    # What leaves is told without the fee.
    fee = number_of(row, "transactionFee", default=_ZERO)
    key, moment = _id_of_withdrawal(row), moment_of(row, "applyTime")
    known: dict[str, Any] = {"external_id": key, **when(moment)}
    if asset in MONEY:
        event = BrokerEvent(kind=Kind.WITHDRAWAL, currency=asset, amount=amount, **known)
    else:
        event = _delivery(Kind.TRANSFER_OUT, asset, amount, known)
    return [event, *charged(asset, fee, key=key, at=moment, note=f"Withdrawal of {asset}")]


def _dividend(row: Row) -> list[BrokerEvent]:
    asset, amount = asset_of(row, "asset"), number_of(row, "amount", is_positive=True)
    key, moment = _id_of_dividend(row), moment_of(row, "divTime")
    note = text_of(row, "enInfo", default="")[:500]
    if "flexible" in note.lower():
        why = "It may be among the rewards of Earn, which are booked; record it by hand if not."
        known: dict[str, Any] = {"external_id": key, "note": note, "problem": why, **when(moment)}
        event = BrokerEvent(
            kind=None, currency=QUOTED_IN, instrument=coin(asset), quantity=amount, **known
        )
        return [event]
    return earned(asset, amount, key=key, at=moment, note=note)


def _reward(row: Row) -> list[BrokerEvent]:
    asset, amount = asset_of(row, "asset"), number_of(row, "rewards", is_positive=True)
    kind, moment = text_of(row, "type"), moment_of(row, "time")
    return earned(asset, amount, key=_id_of_reward(row), at=moment, note=f"Earn {kind}"[:500])


def _delivery(kind: Kind, asset: str, units: Decimal, known: dict[str, Any]) -> BrokerEvent:
    return BrokerEvent(
        kind=kind, currency=QUOTED_IN, instrument=coin(asset), quantity=units, **known
    )


def _id_of_deposit(row: Row) -> str:
    return key_of("deposit", text_of(row, "id"))


def _id_of_withdrawal(row: Row) -> str:
    return key_of("withdrawal", text_of(row, "id"))


def _id_of_dividend(row: Row) -> str:
    return key_of("dividend", whole_of(row, "id"))


def _id_of_reward(row: Row) -> str:
    """Make an id of a reward, which has none of its own."""
    names = (text_of(row, "projectId"), asset_of(row, "asset"), text_of(row, "type"))
    place = (row[_PLACE],) if _PLACE in row else ()
    return key_of("earn", *names, whole_of(row, "time"), *place)


def _told_apart(rows: Any) -> Any:
    """Number the rewards that would have the same id, from the second on.

    All of one instant are in the same answer, for spans are told whole. They count by how much they
    are, so that it makes no difference in which order they are told.
    """
    if not isinstance(rows, list):
        return rows
    found, alike = [], Counter[str]()
    for row in sorted(rows, key=lambda row: str(row.get("rewards")) if _is_object(row) else ""):
        key = _known_id(row, _id_of_reward)
        alike[key] += 1
        found.append({**row, _PLACE: alike[key]} if key and alike[key] > 1 else row)
    return found


#: What reads a row, and what names it.
_ROWS: Mapping[str, tuple[Callable[[Row], list[BrokerEvent]], Callable[[Row], str]]] = {
    DEPOSITS: (_deposit, _id_of_deposit),
    WITHDRAWALS: (_withdrawal, _id_of_withdrawal),
    DUST: (read_dust, id_of_dust),
    DIVIDENDS: (_dividend, _id_of_dividend),
    REWARDS: (_reward, _id_of_reward),
}


def _balance(row: Any, *, is_earn: bool) -> tuple[str, Decimal]:
    """Return an asset and how much of it there is; nothing where it is in Earn as well."""
    if not isinstance(row, dict):
        raise Unreadable("The row is no object.")
    asset = asset_of(row, "asset")
    if is_earn:
        return asset, number_of(row, "totalAmount")
    if is_earn_shadow(asset):
        return asset, _ZERO
    return asset, number_of(row, "free") + number_of(row, "locked", default=_ZERO)


def _each(
    rows: Any, read: Callable[[Row], list[BrokerEvent]], *, name: Callable[[Row], str]
) -> Reading:
    """Read row by row; all that a row means, or nothing of it.

    Args:
        name: says by which id a row that can't be read is known once it can; empty is by none.
    """
    if not isinstance(rows, list):
        raise Schema("Binance sent no list.")
    events: list[BrokerEvent] = []
    errors: list[RowError] = []
    for row in rows:
        try:
            if not isinstance(row, dict):
                raise Unreadable("The row is no object.")  # noqa: TRY301 - as any of its fields
            events += read(row)
        except Unreadable as error:
            errors.append(_error(row, error, name))
    return Reading(events=tuple(events), errors=tuple(errors))


def _list_in(asked: str, answer: Any) -> Any:
    """Take the rows out of an answer."""
    if asked in (DEPOSITS, WITHDRAWALS):
        return answer
    if not _is_object(answer):
        raise Schema("Binance sent no object.")
    if asked != DUST:
        return answer.get("rows")
    batches = answer.get("userAssetDribblets")
    if not isinstance(batches, list):
        raise Schema("Binance sent no conversions.")
    found: list[Any] = []
    for batch in batches:
        rows = batch.get("userAssetDribbletDetails") if isinstance(batch, dict) else None
        # What can't be taken apart is named as it is.
        found += rows if isinstance(rows, list) else [batch]
    return found


def _open(body: bytes) -> tuple[str, Row, Any]:
    content = read_json(body, required=("asked", "answer"), who=WHO)
    if not isinstance(content["asked"], str):
        raise Schema("It isn't known here what was asked.")
    return content["asked"], content, content["answer"]


def _is_object(answer: Any) -> bool:
    return isinstance(answer, dict)


def _error(row: Any, error: Unreadable, name: Callable[[Row], str] | None = None) -> RowError:
    # Numbers are counted anew in each list, so a number alone is no id.
    key = (_known_id(row, name) if name else "") or id_of({"row": row})
    return RowError(key, str(error), row if isinstance(row, dict) else {})


def _known_id(row: Any, name: Callable[[Row], str]) -> str:
    """Return the id of a row, which may be unreadable otherwise; empty where it can't be told."""
    try:
        return name(row) if isinstance(row, dict) else ""
    except Unreadable:
        return ""
