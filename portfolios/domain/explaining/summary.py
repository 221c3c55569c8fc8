"""How the figures of a summary come about: what everything is worth, cost, and brought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from portfolios.domain.explaining.formulas import Formula
from portfolios.domain.explaining.trees import Ask, Node, booked, given, made


@dataclass(frozen=True, slots=True)
class LotInput:
    """What is stored of an open lot."""

    label: str
    quantity: Decimal
    cost: Decimal | None
    cost_base: Decimal | None


@dataclass(frozen=True, slots=True)
class PositionInput:
    """What a position's figures are made of; `rate` turns the price's currency into the base.

    Attributes:
        realized: what sales brought; `income`, `fees` and `taxes` likewise, in the base.
    """

    key: str
    label: str
    currency: str
    quantity: Decimal
    multiplier: Decimal
    price: Decimal | None
    price_currency: str
    rate: Decimal | None
    previous_close: Decimal | None = None
    previous_rate: Decimal | None = None
    lots: Sequence[LotInput] = ()
    realized: Decimal | None = None
    income: Decimal | None = None
    fees: Decimal | None = None
    taxes: Decimal | None = None


@dataclass(frozen=True, slots=True)
class CashInput:
    """The balance of one currency."""

    currency: str
    balance: Decimal
    rate: Decimal | None
    previous_rate: Decimal | None = None


@dataclass(frozen=True, slots=True)
class TotalInput:
    """A sum over all rows that was stored, and what of it belongs to no position."""

    realized: Decimal | None
    income: Decimal | None
    fees: Decimal | None
    taxes: Decimal | None


@dataclass(frozen=True, slots=True)
class Worth:
    """The trees of what everything is worth.

    Attributes:
        values: by instrument, of those that are held; `balances` by currency.
    """

    total: Node
    holdings: Node
    cash: Node
    values: Mapping[str, Node]
    balances: Mapping[str, Node]


@dataclass(frozen=True, slots=True)
class PositionTrees:
    """The trees of one position's figures; `value_local` in the currency of the price."""

    value: Node
    value_local: Node
    cost: Node
    average_cost: Node
    unrealized: Node
    unrealized_rate: Node
    day_change: Node
    day_change_rate: Node
    weight: Node


@dataclass(frozen=True, slots=True)
class Trees:
    """The trees of a summary's figures.

    Attributes:
        cash: None where it isn't tracked; `balances` by currency.
        positions: by instrument, of those that are held.
    """

    total: Node
    holdings_value: Node
    cash: Node | None
    day_change: Node
    day_change_rate: Node
    unrealized: Node
    realized: Node
    income: Node
    fees: Node
    taxes: Node
    balances: Mapping[str, Node]
    positions: Mapping[str, PositionTrees]


def explain(
    base: str,
    *,
    positions: Sequence[PositionInput],
    cash: Sequence[CashInput] | None,
    totals: TotalInput,
) -> Trees:
    """Build the trees of a summary's figures from what it is computed from.

    Args:
        base: the portfolio's currency.
        positions: all, those that are closed too.
        cash: None where it isn't tracked.
    """
    held = [each for each in positions if each.quantity]
    worth = explain_worth(base, positions=positions, cash=cash)
    total, values = worth.total, worth.values
    found = {each.key: _position(each, values[each.key], total, base) for each in held}
    changes = [
        *(each.day_change for each in found.values()),
        *(_cash_change(each, base) for each in cash or () if each.balance),
    ]
    day = made("Day", Formula.SUM_KNOWN, "day", changes, unit=base)
    return Trees(
        total=total,
        holdings_value=worth.holdings,
        cash=None if cash is None else worth.cash,
        day_change=day,
        day_change_rate=_day_rate(day, changes),
        unrealized=made(
            "Unrealized gain",
            Formula.SUM_KNOWN,
            "unrealized-gain",
            (each.unrealized for each in found.values()),
            unit=base,
        ),
        realized=_booked("Realized gain", "realized-gain", "realized", positions, totals, base),
        income=_booked("Income", "income", "income", positions, totals, base),
        fees=_booked("Fees", "fees-and-taxes", "fees", positions, totals, base),
        taxes=_booked("Taxes", "fees-and-taxes", "taxes", positions, totals, base),
        balances=worth.balances,
        positions=found,
    )


def explain_together(currency: str, totals: Sequence[tuple[str, str, Decimal | None]]) -> Node:
    """Explain what portfolios of one currency are worth together.

    Args:
        totals: the id of each portfolio, its name, and what it is worth.
    """
    inputs = [
        given(name, total, "total", unit=currency, ask=Ask("total", portfolio=key))
        for key, name, total in totals
    ]
    return made(f"All portfolios in {currency}", Formula.SUM, "total", inputs, unit=currency)


def explain_worth(
    base: str, *, positions: Sequence[PositionInput], cash: Sequence[CashInput] | None
) -> Worth:
    """Build the trees of what positions and cash are worth, at the prices and rates given."""
    values = {each.key: _value(each, base) for each in positions if each.quantity}
    balances = {each.currency: _balance(each, base) for each in cash or () if each.balance}
    holdings = made("Holdings", Formula.SUM_KNOWN, "holdings", values.values(), unit=base)
    worth = made("Cash", Formula.SUM_KNOWN, "cash", balances.values(), unit=base)
    parts = [*([holdings] if values else ()), *([worth] if balances else ())]
    total = made("Total", Formula.SUM_KNOWN, "total", parts, unit=base)
    return Worth(total, holdings, worth, values, balances)


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit of something at its price; `rate` turns its currency into the base."""

    label: str
    price: Decimal | None
    currency: str
    multiplier: Decimal
    rate: Decimal | None


def explain_unit(unit: Unit, base: str) -> Node:
    """Explain what one unit is worth in the portfolio's currency."""
    label = f"Price of {unit.label}"
    inputs = [given(label, unit.price, "price", unit=unit.currency)]
    if unit.multiplier != 1:
        inputs.append(given("Multiplier", unit.multiplier, "value"))
    if unit.currency != base:
        inputs.append(_rate(unit.currency, base, unit.rate))
    if len(inputs) == 1:
        return inputs[0]
    return made(f"{label} in {base}", Formula.PRODUCT, "price", inputs, unit=base)


def _value(each: PositionInput, base: str) -> Node:
    inputs = [given("Quantity", each.quantity, "quantity")]
    if each.multiplier != 1:
        inputs.append(given("Multiplier", each.multiplier, "value"))
    inputs.append(given("Price", each.price, "price", unit=each.price_currency))
    if each.price_currency != base:
        inputs.append(_rate(each.price_currency, base, each.rate))
    return made(f"Value of {each.label}", Formula.PRODUCT, "value", inputs, unit=base)


def _rate(currency: str, base: str, rate: Decimal | None, when: str = "") -> Node:
    return given(f"{base} for one {currency}{when}", rate, "exchange-rates")


def _balance(each: CashInput, base: str) -> Node:
    balance = given(f"{each.currency} balance", each.balance, "cash", unit=each.currency)
    if each.currency == base:
        return balance
    inputs = [balance, _rate(each.currency, base, each.rate)]
    return made(f"{each.currency} in {base}", Formula.PRODUCT, "cash", inputs, unit=base)


def _position(each: PositionInput, value: Node, total: Node, base: str) -> PositionTrees:
    cost = _cost(each, base, "cost_base", base)
    local = _cost(each, each.currency, "cost", base)
    quantity = given("Quantity", each.quantity, "quantity")
    unrealized, change = _unrealized(each, value, cost, base), _change(each, value, base)
    return PositionTrees(
        value=value,
        value_local=_value(each, each.price_currency),
        cost=cost,
        average_cost=made(
            f"Average cost of {each.label}",
            Formula.QUOTIENT,
            "average-cost",
            [local, quantity],
            unit=each.currency,
        ),
        unrealized=unrealized,
        unrealized_rate=made(
            f"Unrealized gain of {each.label}, of its cost",
            Formula.SHARE,
            "unrealized-gain",
            (unrealized, cost),
        ),
        day_change=change,
        day_change_rate=_day_rate(change, [change]),
        weight=made(f"Weight of {each.label}", Formula.SHARE, "weight", [value, total]),
    )


def _cost(each: PositionInput, unit: str, name: str, base: str) -> Node:
    label = f"Cost of {each.label}"
    lots = [given(lot.label, getattr(lot, name), "lots", unit=unit) for lot in each.lots]
    return made(label, Formula.SUM, "cost", lots, unit=unit)


def _unrealized(each: PositionInput, value: Node, cost: Node, base: str) -> Node:
    label = f"Unrealized gain of {each.label}"
    return made(label, Formula.DIFFERENCE, "unrealized-gain", [value, cost], unit=base)


def _change(each: PositionInput, value: Node, base: str) -> Node:
    inputs = [given("Quantity", each.quantity, "quantity")]
    if each.multiplier != 1:
        inputs.append(given("Multiplier", each.multiplier, "value"))
    close = given("Previous close", each.previous_close, "day", unit=each.price_currency)
    inputs.append(close)
    if each.price_currency != base:
        inputs.append(_rate(each.price_currency, base, each.previous_rate, ", previous close"))
    before = made(f"{each.label} before", Formula.PRODUCT, "day", inputs, unit=base)
    label = f"Day of {each.label}"
    return made(label, Formula.DIFFERENCE, "day", [value, before], unit=base)


def _day_rate(change: Node, parts: Sequence[Node]) -> Node:
    """Explain a change of a day as a fraction of what that was worth before, where it is known."""
    befores = [each.inputs[1] for each in parts if each.value is not None]
    before = made("Before", Formula.SUM_KNOWN, "day", befores, unit=change.unit)
    return made(f"{change.label}, of what it was before", Formula.SHARE, "day", (change, before))


def _cash_change(each: CashInput, base: str) -> Node:
    now = _balance(each, base)
    if each.currency == base:
        before = given(f"{each.currency} balance before", each.balance, "cash", unit=base)
    else:
        inputs = [
            given(f"{each.currency} balance", each.balance, "cash", unit=each.currency),
            _rate(each.currency, base, each.previous_rate, ", previous close"),
        ]
        before = made(f"{each.currency} before", Formula.PRODUCT, "day", inputs, unit=base)
    return made(f"Day of {each.currency}", Formula.DIFFERENCE, "day", [now, before], unit=base)


def _booked(
    label: str,
    method: str,
    name: str,
    positions: Sequence[PositionInput],
    totals: TotalInput,
    base: str,
) -> Node:
    found = [(each.label, getattr(each, name)) for each in positions]
    return booked(label, method, getattr(totals, name), found, unit=base)
