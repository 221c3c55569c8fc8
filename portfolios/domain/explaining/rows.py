"""How it comes about what units were traded for: by quantity, price, charges and rate of a row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from common.money import exact
from marketdata.domain.fx import RateHistory
from portfolios.domain.explaining.formulas import Formula
from portfolios.domain.explaining.trees import Node, given, made
from portfolios.domain.policy import Charges, Policy
from portfolios.domain.transactions import Event

#: Amounts are stored with ten decimals.
_NOISE = Decimal("1e-8")
CARRIED = "As it came here: not by one trade alone, such as after a split, a delivery or a payment."
_UNKNOWN = "It isn't known."


@dataclass(frozen=True, slots=True)
class Traded:
    """A row of the ledger that traded units.

    Attributes:
        fee: what of it belongs to costs and proceeds, `tax` likewise.
        rates: of its currency in each other one that amounts are told in.
    """

    date: date
    quantity: Decimal
    multiplier: Decimal
    price: Decimal
    fee: Decimal
    tax: Decimal
    currency: str
    rates: Mapping[str, Decimal | None]


def traded(
    event: Event,
    *,
    instrument_id: str,
    units: Iterable[str],
    base: str,
    policy: Policy,
    rates: Callable[[], RateHistory],
) -> Traded | None:
    """Return a row as a trade of an instrument, if it is one.

    Args:
        units: the currencies that amounts are told in.
        base: the portfolio's currency, which a row may have been booked in at a rate of its own.
        rates: of the row's day; asked for only where they are needed.
    """
    if event.instrument_id != instrument_id or not event.quantity or event.price is None:
        return None

    def rate(unit: str) -> Decimal | None:
        if event.currency == unit:
            return Decimal(1)
        if event.fx_rate and unit == base and policy.uses_booked_rates:
            return event.fx_rate
        known = rates().on(event.trade_date, policy.max_rate_age_days)
        return known.find_rate(event.currency, unit)

    return Traded(
        date=event.trade_date,
        quantity=event.quantity,
        multiplier=event.multiplier,
        price=event.price,
        fee=event.fee if policy.fees is Charges.INCLUDED else Decimal(0),
        tax=event.tax if policy.taxes is Charges.INCLUDED else Decimal(0),
        currency=event.currency,
        rates={unit: rate(unit) for unit in units},
    )


def with_charges(row: Traded, quantity: Decimal, unit: str, *, label: str, method: str) -> Node:
    """Explain what some of a row's units cost: what they were traded for, and their charges."""
    return _part(row, quantity, unit, label, method, Formula.SUM)


def less_charges(row: Traded, quantity: Decimal, unit: str, *, label: str, method: str) -> Node:
    """Explain what some of a row's units brought: what they were traded for, less their charges."""
    return _part(row, quantity, unit, label, method, Formula.DIFFERENCE)


def without_charges(row: Traded, quantity: Decimal, unit: str, *, label: str, method: str) -> Node:
    """Explain what some of a row's units were traded for."""
    return _part(replace(row, fee=Decimal(0), tax=Decimal(0)), quantity, unit, label, method)


def charges(row: Traded, quantity: Decimal, unit: str, *, label: str, method: str) -> Node:
    """Explain what some of a row's units were charged."""
    whole = made("Charges", Formula.SUM, method, _charges(row), unit=row.currency)
    return _share(row, whole, quantity, unit, label)


def checked(
    tree: Node | None,
    label: str,
    method: str,
    stored: Decimal | None,
    unit: str,
    *,
    note: str,
) -> Node:
    """Return a tree where it comes to what is stored, else that as it is.

    Args:
        note: why there may be no such tree.
    """
    if stored is None:
        return given(label, None, method, unit=unit, note=_UNKNOWN)
    if tree is not None and tree.value is not None:
        with exact():
            is_close = abs(tree.value - stored) <= _NOISE * max(abs(stored), Decimal(1))
        if is_close:
            return tree
    return given(label, stored, method, unit=unit, note=note)


def _part(
    row: Traded,
    quantity: Decimal,
    unit: str,
    label: str,
    method: str,
    charged: Formula = Formula.SUM,
) -> Node:
    inputs = [given("Quantity", row.quantity, "quantity")]
    if row.multiplier != 1:
        inputs.append(given("Multiplier", row.multiplier, "value"))
    inputs.append(given("Price", row.price, "price", unit=row.currency))
    words = f"What was traded on {row.date.isoformat()}"
    node = made(words, Formula.PRODUCT, method, inputs, unit=row.currency)
    if apart := _charges(row):
        words = "With charges" if charged is Formula.SUM else "Less charges"
        node = made(words, charged, method, (node, *apart), unit=row.currency)
    return _share(row, node, quantity, unit, label)


def _charges(row: Traded) -> list[Node]:
    return [
        given(words, amount, "fees-and-taxes", unit=row.currency)
        for words, amount in (("Fee", row.fee), ("Tax", row.tax))
        if amount
    ]


def _share(row: Traded, node: Node, quantity: Decimal, unit: str, label: str) -> Node:
    """Take the part of some of a row's units, in another currency."""
    if quantity != row.quantity:
        parts = (given("Of this lot", quantity, "lots"), given("Of all", row.quantity, "quantity"))
        words = f"Part of all units traded on {row.date.isoformat()}"
        inputs = (node, made(words, Formula.SHARE, "lots", parts))
        node = made("Part of this lot", Formula.PRODUCT, node.method, inputs, unit=row.currency)
    if unit != row.currency:
        words = f"{unit} for one {row.currency} then"
        rate = given(words, row.rates.get(unit), "exchange-rates")
        node = made(label, Formula.PRODUCT, node.method, (node, rate), unit=unit)
    return replace(node, label=label)
