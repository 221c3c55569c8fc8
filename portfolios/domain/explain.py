"""How a figure comes about: a tree of the numbers it is made of, down to what was stored or quoted.

Each node says by which formula its value follows from those of its inputs, so that a person can
recompute it by hand, and `recomputed` does so to the last digit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from common.money import exact
from portfolios.domain.unknowns import PartialSum, known_sum

_ZERO = Decimal(0)


class Formula(StrEnum):
    """What is done with the inputs; unknown ones make the result unknown, save in `SUM_KNOWN`."""

    #: Nothing: it was booked, quoted or stored like this.
    GIVEN = "given"
    #: All inputs added up; one that is unknown makes the sum unknown.
    SUM = "sum"
    #: Those inputs added up that are known.
    SUM_KNOWN = "sum of what is known"
    PRODUCT = "product"
    #: The first less all others.
    DIFFERENCE = "difference"
    #: The first divided by the second; there is none where that isn't above zero.
    SHARE = "share"
    #: The first divided by the second, whatever its sign; there is none of zero.
    QUOTIENT = "quotient"


@dataclass(frozen=True, slots=True)
class Node:
    """One number, and what it is made of.

    Attributes:
        method: the anchor of the methods that explains it.
        unit: a currency, or empty for quantities, rates and fractions.
    """

    label: str
    formula: Formula
    method: str
    value: Decimal | None
    unit: str = ""
    inputs: tuple[Node, ...] = ()


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
    previous_close: Decimal | None
    previous_rate: Decimal | None
    lots: Sequence[LotInput]
    realized: Decimal | None
    income: Decimal | None
    fees: Decimal | None
    taxes: Decimal | None


@dataclass(frozen=True, slots=True)
class CashInput:
    """The balance of one currency."""

    currency: str
    balance: Decimal
    rate: Decimal | None
    previous_rate: Decimal | None


@dataclass(frozen=True, slots=True)
class TotalInput:
    """A sum over all rows that was stored, and what of it belongs to no position."""

    realized: Decimal | None
    income: Decimal | None
    fees: Decimal | None
    taxes: Decimal | None


@dataclass(frozen=True, slots=True)
class PositionTrees:
    """The trees of one position's figures."""

    value: Node
    cost: Node
    average_cost: Node
    unrealized: Node
    weight: Node


@dataclass(frozen=True, slots=True)
class Trees:
    """The trees of a summary's figures; `positions` by instrument, those that are held."""

    total: Node
    holdings_value: Node
    #: None where it isn't tracked.
    cash: Node | None
    day_change: Node
    unrealized: Node
    realized: Node
    income: Node
    fees: Node
    taxes: Node
    positions: Mapping[str, PositionTrees]


def made(
    label: str, formula: Formula, method: str, inputs: Iterable[Node], *, unit: str = ""
) -> Node:
    """Make a node whose value follows from its inputs."""
    found = tuple(inputs)
    return Node(label, formula, method, evaluate(formula, found), unit, found)


def given(label: str, value: Decimal | None, method: str, *, unit: str = "") -> Node:
    """Make a node that rests on nothing else here."""
    return Node(label, Formula.GIVEN, method, value, unit)


def evaluate(formula: Formula, inputs: Sequence[Node]) -> Decimal | None:
    """Compute what a formula makes of its inputs."""
    values = [each.value for each in inputs]
    with exact():
        if formula is Formula.SUM_KNOWN:
            total = PartialSum()
            for value in values:
                total.add(value)
            return total.known()
        known = [value for value in values if value is not None]
        return _FORMULAS[formula](known) if len(known) == len(values) else None


def recomputed(node: Node) -> Decimal | None:
    """Compute a node's value anew from its inputs; what is given is taken as it is."""
    return node.value if node.formula is Formula.GIVEN else evaluate(node.formula, node.inputs)


def _product(values: Sequence[Decimal]) -> Decimal:
    product = values[0]
    for value in values[1:]:
        product *= value
    return product


def _difference(values: Sequence[Decimal]) -> Decimal:
    rest = values[0]
    for value in values[1:]:
        rest -= value
    return rest


_FORMULAS: Mapping[Formula, Callable[[Sequence[Decimal]], Decimal | None]] = {
    Formula.SUM: known_sum,
    Formula.PRODUCT: _product,
    Formula.DIFFERENCE: _difference,
    Formula.SHARE: lambda values: values[0] / values[1] if values[1] > 0 else None,
    Formula.QUOTIENT: lambda values: values[0] / values[1] if values[1] else None,
}


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
    values = {each.key: _value(each, base) for each in held}
    balances = [_balance(each, base) for each in cash or () if each.balance]
    holdings = made("Holdings", Formula.SUM_KNOWN, "holdings", values.values(), unit=base)
    worth = made("Cash", Formula.SUM_KNOWN, "cash", balances, unit=base)
    parts = [*([holdings] if held else ()), *([worth] if balances else ())]
    total = made("Total", Formula.SUM_KNOWN, "total", parts, unit=base)
    found = {each.key: _position(each, values[each.key], total, base) for each in held}
    return Trees(
        total=total,
        holdings_value=holdings,
        cash=None if cash is None else worth,
        day_change=made(
            "Day",
            Formula.SUM_KNOWN,
            "day",
            [
                *(_change(each, values[each.key], base) for each in held),
                *(_cash_change(each, base) for each in cash or () if each.balance),
            ],
            unit=base,
        ),
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
        positions=found,
    )


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
    return PositionTrees(
        value=value,
        cost=cost,
        average_cost=made(
            f"Average cost of {each.label}",
            Formula.QUOTIENT,
            "average-cost",
            [local, quantity],
            unit=each.currency,
        ),
        unrealized=_unrealized(each, value, cost, base),
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
    """Add up what positions brought, and what was booked on none of them."""
    total: Decimal | None = getattr(totals, name)
    lines = [
        given(f"{label} of {each.label}", getattr(each, name), method, unit=base)
        for each in positions
        if getattr(each, name) != 0
    ]
    if total is None:
        if all(each.value is not None for each in lines):
            lines.append(given("On no instrument", None, method, unit=base))
        return made(label, Formula.SUM, method, lines, unit=base)
    with exact():
        rest = total - sum((each.value or _ZERO for each in lines), _ZERO)
    if rest:
        lines.append(given("On no instrument", rest, method, unit=base))
    return made(label, Formula.SUM, method, lines, unit=base)
