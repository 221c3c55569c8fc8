"""Alpaca's orders: those that wait, and those that fills in the books belong to.

Source: https://docs.alpaca.markets/reference/getallorders-1
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from brokers.sandbox.alpaca.books import AlpacaAccount
from brokers.sandbox.alpaca.contracts import class_of
from brokers.sandbox.alpaca.questions import Refused, moment_of, size_of
from brokers.sandbox.world import ZERO

_LARGEST_PAGE, _USUAL_PAGE = 500, 50


def asset_id(symbol: str) -> str:
    """Return Alpaca's id of an asset."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, symbol))


def list_orders(account: AlpacaAccount, query: Mapping[str, str]) -> list[dict[str, Any]]:
    """List orders as asked."""
    status = query.get("status", "open")
    size = size_of(query, "limit", usual=_USUAL_PAGE, largest=_LARGEST_PAGE)
    after, until = moment_of(query, "after"), moment_of(query, "until")
    symbols = {each for each in query.get("symbols", "").split(",") if each}
    found = [
        order
        for submitted_at, order in _orders(account)
        if status in ("all", "closed" if order["status"] == "filled" else "open")
        and (after is None or submitted_at > after)
        and (until is None or submitted_at < until)
        and (not symbols or order["symbol"] in symbols)
        and query.get("side", order["side"]) == order["side"]
    ]
    if query.get("direction", "desc") == "desc":
        found.reverse()
    return found[:size]


def find_order(account: AlpacaAccount, **wanted: str) -> dict[str, Any]:
    """Return the order that has such a field; refuse where there is none."""
    for _, order in _orders(account):
        if all(order[name] == value for name, value in wanted.items()):
            return order
    raise Refused(404, {"code": 40410000, "message": "order not found"})


def _orders(account: AlpacaAccount) -> list[tuple[Any, dict[str, Any]]]:
    fills: dict[str, list[Any]] = {}
    for entry in account.entries:
        if entry.row["activity_type"] == "FILL":
            fills.setdefault(entry.row["order_id"], []).append(entry)
    orders = [
        (each[0].created_at, order_of([entry.row for entry in each])) for each in fills.values()
    ]
    orders += [
        (datetime.fromisoformat(each["submitted_at"]), _waiting(each))
        for each in account.waiting.values()
    ]
    return sorted(orders, key=lambda each: (each[0], each[1]["id"]))


def order_of(fills: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Write the order that some fills belong to."""
    first, last = fills[0], fills[-1]
    units = sum((Decimal(each["qty"]) for each in fills), ZERO)
    spent = sum((Decimal(each["qty"]) * Decimal(each["price"]) for each in fills), ZERO)
    return _order(
        first["order_id"],
        symbol=first["symbol"],
        # What is sold short is sold, to an order.
        side="buy" if first["side"] == "buy" else "sell",
        type="market",
        submitted_at=first["transaction_time"],
        updated_at=last["transaction_time"],
        filled_at=last["transaction_time"],
        qty=str(units),
        filled_qty=str(units),
        filled_avg_price=str(spent / units),
        status="filled",
    )


def _waiting(placed: Mapping[str, Any]) -> dict[str, Any]:
    known = {name: placed[name] for name in placed if name != "id"}
    return _order(
        placed["id"],
        **known,
        type="limit",
        filled_qty="0",
        status="new",
        updated_at=placed["submitted_at"],
    )


_MOSTLY_NULL = (
    *("expired_at", "expires_at", "canceled_at", "failed_at", "replaced_at", "replaced_by"),
    *("replaces", "notional", "limit_price", "stop_price", "legs", "trail_percent"),
    *("trail_price", "hwm", "filled_at", "filled_avg_price"),
)


def _order(key: str, **known: Any) -> dict[str, Any]:
    return {
        **dict.fromkeys(_MOSTLY_NULL),
        "id": key,
        "client_order_id": f"client-{key}",
        "created_at": known["submitted_at"],
        "asset_id": asset_id(known["symbol"]),
        "asset_class": class_of(known["symbol"]),
        "order_class": "",
        "order_type": known["type"],
        "time_in_force": "day",
        "extended_hours": False,
        **known,
    }
