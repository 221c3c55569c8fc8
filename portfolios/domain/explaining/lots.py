"""How it comes about what open lots cost and are worth, each and all of a position."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from portfolios.domain.explaining.formulas import Formula
from portfolios.domain.explaining.rows import (
    CARRIED,
    Traded,
    checked,
    less_charges,
    with_charges,
)
from portfolios.domain.explaining.trees import Node, given, made
from portfolios.domain.open_lots import OpenLot

#: Of a position with more lots each is told by its amount only; of one it can be asked.
MOST_LOTS = 300


@dataclass(frozen=True, slots=True)
class Held:
    """A position at one price.

    Attributes:
        unit_price: what one unit is worth in the portfolio's currency.
        opened: the row that a lot came by, where that is a trade.
    """

    label: str
    currency: str
    base: str
    unit_price: Node
    lots: Sequence[OpenLot]
    opened: Callable[[OpenLot], Traded | None]


@dataclass(frozen=True, slots=True)
class LotTrees:
    """The trees of one lot; `…_base` is in the portfolio's currency."""

    cost: Node
    cost_base: Node
    value_base: Node
    unrealized_base: Node


@dataclass(frozen=True, slots=True)
class LotsTrees:
    """The trees of all lots of a position together, and of each.

    Attributes:
        lots: by their place; of more than `MOST_LOTS` only the one that was asked for.
    """

    cost: Node
    cost_base: Node
    value_base: Node
    unrealized_base: Node
    lots: Mapping[str, LotTrees]


def explain_lots(held: Held, *, wanted: str = "") -> LotsTrees:
    """Build the trees of open lots and their sums.

    Args:
        wanted: the place of a lot that is told also where there are many.
    """
    is_short_list = len(held.lots) <= MOST_LOTS
    lots = [_lot(held, each, whole=is_short_list) for each in held.lots]
    cost, cost_base, value = (
        made(f"{words} of {held.label}", Formula.SUM, method, inputs, unit=inputs[0].unit)
        for words, method, inputs in (
            ("Cost", "cost", [each.cost for each in lots]),
            ("Cost", "cost", [each.cost_base for each in lots]),
            ("Value", "value", [each.value_base for each in lots]),
        )
    )
    return LotsTrees(
        cost=cost,
        cost_base=cost_base,
        value_base=value,
        unrealized_base=_unrealized(held.label, value, cost_base),
        lots={
            f"{place}": _lot(held, each, whole=True)
            for place, each in enumerate(held.lots)
            if is_short_list or wanted == f"{place}"
        },
    )


def _lot(held: Held, lot: OpenLot, *, whole: bool) -> LotTrees:
    name = f"{held.label}, lot of {lot.opened_on.isoformat()}"
    cost, cost_base = (
        _cost(held, lot, stored, unit, f"Cost of {name}", whole=whole)
        for stored, unit in ((lot.cost, held.currency), (lot.cost_base, held.base))
    )
    quantity = given("Quantity", lot.quantity, "quantity")
    inputs = (quantity, held.unit_price)
    value = made(f"Value of {name}", Formula.PRODUCT, "value", inputs, unit=held.base)
    if not whole:
        value = given(value.label, value.value, "value", unit=held.base)
    return LotTrees(cost, cost_base, value, _unrealized(name, value, cost_base))


def _cost(
    held: Held, lot: OpenLot, stored: Decimal | None, unit: str, label: str, *, whole: bool
) -> Node:
    row = held.opened(lot) if whole else None
    tree = None if row is None else _traded(row, lot, unit, label)
    return checked(tree, label, "cost", stored, unit, note=CARRIED if whole else "")


def _traded(row: Traded, lot: OpenLot, unit: str, label: str) -> Node:
    """Explain what was paid for units, or received where they were sold short."""
    if lot.quantity >= 0:
        return with_charges(row, lot.quantity, unit, label=label, method="cost")
    brought = less_charges(row, -lot.quantity, unit, label="What they brought", method="cost")
    sign = given("Sold short: below zero", Decimal(-1), "cost")
    return made(label, Formula.PRODUCT, "cost", (brought, sign), unit=unit)


def _unrealized(name: str, value: Node, cost: Node) -> Node:
    label = f"Unrealized gain of {name}"
    return made(label, Formula.DIFFERENCE, "unrealized-gain", (value, cost), unit=value.unit)
