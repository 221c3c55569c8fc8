"""Orders that wait at a broker: shown as they stand, and never booked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from common.money import plain

#: So many of an account are kept, the newest; a program may have placed thousands.
MOST_KEPT = 500


class Side(StrEnum):
    """What an order does."""

    BUY = "buy"
    SELL = "sell"

    @property
    def label(self) -> str:
        """Return the name shown to people."""
        return self.value.capitalize()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOrder:
    """An order that isn't filled yet, or not wholly.

    Attributes:
        symbol: as the broker writes it.
        kind: market, limit, stop and the like, in the broker's words, small.
        quantity: units ordered; None where `amount`, a sum of money, is.
        filled: units of it that were filled already.
        limit: the worst price of a unit that is taken; `stop`, at which it becomes active.
        currency: of all prices; empty where the broker doesn't say.
    """

    external_id: str
    symbol: str
    side: Side
    kind: str
    placed_at: datetime
    quantity: Decimal | None = None
    amount: Decimal | None = None
    filled: Decimal = Decimal(0)
    limit: Decimal | None = None
    stop: Decimal | None = None
    currency: str = ""


def newest(orders: Iterable[OpenOrder]) -> list[OpenOrder]:
    """Return the newest orders, each once, that one first; at most `MOST_KEPT`."""
    known = {each.external_id: each for each in orders}
    found = sorted(known.values(), key=lambda each: (each.placed_at, each.external_id))
    return found[::-1][:MOST_KEPT]


def as_contents(orders: Iterable[OpenOrder]) -> list[dict[str, str | None]]:
    """Write orders as texts, which is how they are stored."""
    return [
        {each.name: _text(getattr(order, each.name)) for each in fields(OpenOrder)}
        for order in orders
    ]


def as_orders(contents: Sequence[Mapping[str, Any]]) -> list[OpenOrder]:
    """Read back what `as_contents` wrote."""
    return [
        OpenOrder(**{name: _value(name, each) for name, each in row.items()}) for row in contents
    ]


def _text(value: Any) -> str | None:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return value if value is None else str(value)


def _value(name: str, text: str | None) -> Any:
    if text is None:
        return None
    if name in {"quantity", "amount", "filled", "limit", "stop"}:
        return Decimal(text)
    if name == "placed_at":
        return datetime.fromisoformat(text)
    return Side(text) if name == "side" else text
