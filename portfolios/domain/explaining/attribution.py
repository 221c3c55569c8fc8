"""How the parts of a gain come about, position by position."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from marketdata.domain.fx import Rates
from portfolios.domain.attribution import Attribution, PositionGain
from portfolios.domain.books import Book
from portfolios.domain.explaining.formulas import Formula
from portfolios.domain.explaining.trees import Node, booked, given, made

_METHOD = "attribution"


@dataclass(frozen=True, slots=True)
class Attributed:
    """A gain, and everything that its parts were computed from.

    Attributes:
        prices: of one unit of each instrument, in its quotation currency.
        labels: what instruments are called.
        contributed: what it was that came from outside, as a tree.
    """

    found: Attribution
    book: Book
    prices: Mapping[str, Decimal]
    rates: Rates
    labels: Mapping[str, str]
    contributed: Node


def explain_attribution(gain: Attributed) -> dict[str, Node]:
    """Build the trees of the parts of a gain, each by its name."""
    base, totals = gain.book.base_currency, gain.book.totals
    parts = {key: _Parts(gain, key) for key in gain.book.positions}
    cash = [_Cash(gain, currency) for currency, amount in gain.book.cash.items()]
    holdings = _sum("Holdings", (each.value for each in parts.values()), base)
    worth = _sum("Cash", (each.value for each in cash), base)
    value = made("Value", Formula.SUM, "total", (holdings, worth), unit=base)
    return {
        "contributed": gain.contributed,
        "price": _sum("Prices", (each.price for each in parts.values()), base),
        "currency_effect": _sum("Currencies", (each.currency for each in parts.values()), base),
        "cash_currency": _sum("Currencies of cash", (each.currency for each in cash), base),
        "income": _booked("Income", "income", totals.income_base, gain, lambda each: each.income),
        "fees": _booked("Fees", "fees-and-taxes", totals.fees_base, gain, lambda each: each.fees),
        "taxes": _booked(
            "Taxes", "fees-and-taxes", totals.taxes_base, gain, lambda each: each.taxes
        ),
        "value": value,
        "gain": made("Gain", Formula.DIFFERENCE, _METHOD, (value, gain.contributed), unit=base),
    }


def explain_position_gain(gain: Attributed, key: str) -> Node:
    """Build the tree of what one position gained."""
    base, found, parts = gain.book.base_currency, gain.found.positions[key], _Parts(gain, key)
    earned = given("Income", found.income, "income", unit=base)
    label = gain.labels[key]
    whole = _sum(f"Prices, currencies and income of {label}", parts.all(earned), base)
    charges = (
        given("Fees", found.fees, "fees-and-taxes", unit=base),
        given("Taxes", found.taxes, "fees-and-taxes", unit=base),
    )
    return made(f"Gain of {label}", Formula.DIFFERENCE, _METHOD, (whole, *charges), unit=base)


class _Parts:
    """The trees of one position's part."""

    def __init__(self, gain: Attributed, key: str) -> None:
        self._position = position = gain.book.positions[key]
        self._found = found = gain.found.positions[key]
        self._label, self._base = gain.labels[key], gain.book.base_currency
        self._price = gain.prices.get(key)
        self._rate = gain.rates.find_rate(position.currency, self._base)
        self.value = self._worth()
        unrealized = self._unrealized()
        self.price = self._part("Prices", found.realized_price, unrealized)
        self.currency = self._part(
            "Currencies", found.realized_currency, self._unrealized_currency(unrealized)
        )

    def all(self, earned: Node) -> tuple[Node, ...]:
        """Return what makes up the gain before charges."""
        return self.price, self.currency, earned

    def _worth(self) -> Node:
        label = f"Value of {self._label}"
        if not self._position.quantity:
            return given(label, Decimal(0), "value", unit=self._base)
        inputs = self._local_inputs()
        if self._is_foreign:
            inputs.append(self._rate_node())
        return made(label, Formula.PRODUCT, "value", inputs, unit=self._base)

    def _unrealized(self) -> Node:
        """Explain what prices made of what is held."""
        label, position = "Held", self._position
        if not self._is_foreign:
            paid = given("Paid for it", position.invested_base, _METHOD, unit=self._base)
            return made(label, Formula.DIFFERENCE, _METHOD, (self.value, paid), unit=self._base)
        currency = position.currency
        paid = given("Paid for it", position.invested, _METHOD, unit=currency)
        worth = (
            made("Worth", Formula.PRODUCT, "value", self._local_inputs(), unit=currency)
            if position.quantity
            else given("Worth", Decimal(0), "value", unit=currency)
        )
        grown = made("Grown by", Formula.DIFFERENCE, _METHOD, (worth, paid), unit=currency)
        inputs = (grown, self._rate_node())
        return made(label, Formula.PRODUCT, _METHOD, inputs, unit=self._base)

    def _unrealized_currency(self, price: Node) -> Node:
        if not self._is_foreign:
            return given("Held", Decimal(0), _METHOD, unit=self._base)
        paid = given(
            "Paid for it, at the rates then",
            self._position.invested_base,
            _METHOD,
            unit=self._base,
        )
        inputs = (self.value, paid, price)
        return made("Held", Formula.DIFFERENCE, _METHOD, inputs, unit=self._base)

    def _part(self, what: str, realized: Decimal | None, held: Node) -> Node:
        sold = given("Sold", realized, _METHOD, unit=self._base)
        label = f"{what} of {self._label}"
        return made(label, Formula.SUM, _METHOD, (sold, held), unit=self._base)

    @property
    def _is_foreign(self) -> bool:
        return self._position.currency != self._base

    def _local_inputs(self) -> list[Node]:
        position = self._position
        inputs = [given("Quantity", position.quantity, "quantity")]
        if position.multiplier != 1:
            inputs.append(given("Multiplier", position.multiplier, "value"))
        inputs.append(given("Price", self._price, "price", unit=position.currency))
        return inputs

    def _rate_node(self) -> Node:
        # Of what is closed nothing is converted any more.
        rate = self._rate if self._position.quantity else Decimal(1)
        return given(f"{self._base} for one {self._position.currency}", rate, "exchange-rates")


class _Cash:
    """The trees of the balance of one currency."""

    def __init__(self, gain: Attributed, currency: str) -> None:
        base, amount = gain.book.base_currency, gain.book.cash[currency]
        rate = gain.rates.find_rate(currency, base) if amount else Decimal(1)
        self.value = made(
            f"{currency} in {base}",
            Formula.PRODUCT,
            "cash",
            (
                given(f"{currency} balance", amount, "cash", unit=currency),
                given(f"{base} for one {currency}", rate, "exchange-rates"),
            ),
            unit=base,
        )
        booked = given("When it was booked", gain.book.cash_base.get(currency), _METHOD, unit=base)
        inputs = (self.value, booked)
        self.currency = made(currency, Formula.DIFFERENCE, _METHOD, inputs, unit=base)


def _sum(label: str, inputs: Iterable[Node], unit: str) -> Node:
    return made(label, Formula.SUM, _METHOD, inputs, unit=unit)


def _booked(
    label: str,
    method: str,
    total: Decimal | None,
    gain: Attributed,
    amount: Callable[[PositionGain], Decimal | None],
) -> Node:
    found = [(gain.labels[key], amount(each)) for key, each in gain.found.positions.items()]
    return booked(label, method, total, found, unit=gain.book.base_currency)
