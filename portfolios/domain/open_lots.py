"""What each open lot of a position is worth, and what all of them are together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from common.money import exact
from portfolios.domain.unknowns import known_sum, minus, times


@dataclass(frozen=True, slots=True)
class OpenLot:
    """An open lot as it was kept; below zero what was sold short.

    Attributes:
        event_id: the row that opened it; empty where that isn't known.
        cost: in the instrument's currency, `cost_base` in the portfolio's.
    """

    opened_on: date
    event_id: str
    quantity: Decimal
    cost: Decimal | None
    cost_base: Decimal | None


@dataclass(frozen=True, slots=True)
class Worth:
    """What some units cost and are worth; None is unknown."""

    quantity: Decimal
    cost: Decimal | None
    cost_base: Decimal | None
    value_base: Decimal | None
    unrealized_base: Decimal | None


@dataclass(frozen=True, slots=True)
class LotWorth(Worth):
    """The same of one open lot."""

    opened_on: date


def value_lots(
    lots: Sequence[OpenLot], unit_price: Decimal | None
) -> tuple[tuple[LotWorth, ...], Worth]:
    """Value lots one by one, and all together: a sum is unknown where a part of it is.

    Args:
        unit_price: what one unit is worth in the portfolio's currency.
    """
    with exact():
        found = tuple(_worth(each, unit_price) for each in lots)
        return found, Worth(
            quantity=sum((each.quantity for each in found), Decimal(0)),
            cost=known_sum(each.cost for each in found),
            cost_base=known_sum(each.cost_base for each in found),
            value_base=known_sum(each.value_base for each in found),
            unrealized_base=known_sum(each.unrealized_base for each in found),
        )


def _worth(lot: OpenLot, unit_price: Decimal | None) -> LotWorth:
    value = times(unit_price, lot.quantity)
    return LotWorth(
        quantity=lot.quantity,
        cost=lot.cost,
        cost_base=lot.cost_base,
        value_base=value,
        unrealized_base=minus(value, lot.cost_base),
        opened_on=lot.opened_on,
    )
