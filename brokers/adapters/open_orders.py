"""Reads lists of open orders, whoever the broker is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from brokers.adapters.json_fields import Unreadable, text_of
from brokers.domain.events import Reading
from brokers.domain.orders import OpenOrder, Side


def orders_in(
    rows: Iterable[Any], read: Callable[[Mapping[str, Any]], OpenOrder | None]
) -> Reading:
    """Read each row; one that can't be read is told of, for it is nothing that can be booked.

    Args:
        read: returns None for an order that isn't open; raises `Unreadable`.
    """
    orders: list[OpenOrder] = []
    unreadable = 0
    for row in rows:
        try:
            if not isinstance(row, dict):
                raise Unreadable("The row is no object.")  # noqa: TRY301 - as any of its fields
            order = read(row)
        except Unreadable:
            unreadable += 1
        else:
            if order is not None:
                orders.append(order)
    notes = (f"Open orders that can't be read: {unreadable}.",) if unreadable else ()
    return Reading(orders=tuple(orders), notes=notes)


def side_of(row: Mapping[str, Any], name: str) -> Side:
    """Return which way an order goes.

    Raises:
        Unreadable: it says neither.
    """
    told = text_of(row, name).lower()
    try:
        return Side(told)
    except ValueError:
        raise Unreadable(f"“{name}” is neither buy nor sell.") from None
