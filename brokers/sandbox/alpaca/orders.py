"""Alpaca's orders: each fill in the books was one, and is told when it happens.

Source: https://docs.alpaca.markets/reference/getallorders-1
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from brokers.sandbox.alpaca.books import AlpacaAccount
from brokers.sandbox.alpaca.questions import Refused, moment_of, size_of
from brokers.sandbox.world import ZERO

_LARGEST_PAGE, _USUAL_PAGE = 500, 50


def asset_id(symbol: str) -> str:
    """Return Alpaca's id of an asset."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, symbol))


def list_orders(account: AlpacaAccount, query: Mapping[str, str]) -> list[dict[str, Any]]:
    """List orders as asked; all of them are filled, so none is open."""
    if query.get("status", "open") == "open":
        return []
    size = size_of(query, "limit", usual=_USUAL_PAGE, largest=_LARGEST_PAGE)
    after, until = moment_of(query, "after"), moment_of(query, "until")
    symbols = {each for each in query.get("symbols", "").split(",") if each}
    found = [
        order
        for submitted_at, order in _orders(account)
        if (after is None or submitted_at > after)
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
    return sorted(orders, key=lambda each: (each[0], each[1]["id"]))


def order_of(fills: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Write the order that some fills belong to."""
    first, last = fills[0], fills[-1]
    units = sum((Decimal(each["qty"]) for each in fills), ZERO)
    spent = sum((Decimal(each["qty"]) * Decimal(each["price"]) for each in fills), ZERO)
    at = first["transaction_time"]
    nothing = (
        *("expired_at", "expires_at", "canceled_at", "failed_at", "replaced_at", "replaced_by"),
        *("replaces", "notional", "limit_price", "stop_price", "legs", "trail_percent"),
        *("trail_price", "hwm"),
    )
    return {
        **dict.fromkeys(nothing),
        "id": first["order_id"],
        "client_order_id": f"client-{first['order_id']}",
        "created_at": at,
        "updated_at": last["transaction_time"],
        "submitted_at": at,
        "filled_at": last["transaction_time"],
        "asset_id": asset_id(first["symbol"]),
        "symbol": first["symbol"],
        "asset_class": "us_equity",
        "qty": str(units),
        "filled_qty": str(units),
        "filled_avg_price": str(spent / units),
        "order_class": "",
        "order_type": "market",
        "type": "market",
        # What is sold short is sold, to an order.
        "side": "buy" if first["side"] == "buy" else "sell",
        "time_in_force": "day",
        "status": "filled",
        "extended_hours": False,
    }
