"""How it comes about what sales brought in a year."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from portfolios.domain.explaining.formulas import Formula
from portfolios.domain.explaining.trees import Node, given, made
from portfolios.domain.tax_years import LONG_TERM_DAYS, is_long_term

_METHOD, _GAIN = "gains-by-year", "realized-gain"
#: Of a year with more sales each is told by what it came to only; its lots are a list of their own.
MOST_SALES = 300


@dataclass(frozen=True, slots=True)
class LotSold:
    """The part of a lot that a sale took, in the portfolio's currency."""

    opened_on: date
    held_days: int
    proceeds: Decimal | None
    cost: Decimal | None


@dataclass(frozen=True, slots=True)
class Local:
    """What a sale brought in the instrument's currency, pence as pounds."""

    currency: str
    proceeds: Decimal | None
    cost: Decimal | None
    gain: Decimal | None


@dataclass(frozen=True, slots=True)
class SaleMade:
    """One sale, in the portfolio's currency.

    Attributes:
        gain: told by itself where a payment alone realized it, without any lots.
    """

    date: date
    symbol: str
    proceeds: Decimal | None
    cost: Decimal | None
    gain: Decimal | None
    lots: Sequence[LotSold]
    local: Local

    @property
    def label(self) -> str:
        """Return what it is called."""
        return f"{self.symbol} on {self.date.isoformat()}"


@dataclass(frozen=True, slots=True)
class CurrencyTrees:
    """The trees of what sales in instruments of one currency brought, in it."""

    proceeds: Node
    cost: Node
    gain: Node


@dataclass(frozen=True, slots=True)
class SalesTrees:
    """The trees of what the sales of a year brought."""

    proceeds: Node
    cost: Node
    gain: Node
    short_term: Node
    long_term: Node
    other: Node
    by_currency: Mapping[str, CurrencyTrees]


def explain_sales(year: int, sales: Sequence[SaleMade], unit: str) -> SalesTrees:
    """Build the trees of a year from its sales."""
    is_short_list = len(sales) <= MOST_SALES
    lots = [(sale, lot) for sale in sales for lot in sale.lots]

    def summed(label: str, inputs: Iterable[Node]) -> Node:
        return made(f"{label} {year}", Formula.SUM_KNOWN, _METHOD, inputs, unit=unit)

    def held(label: str, *, long: bool) -> Node:
        chosen = [each for each in lots if is_long_term(each[1].held_days) is long]
        return summed(label, (_lot_gain(*each, unit, whole=is_short_list) for each in chosen))

    return SalesTrees(
        proceeds=summed(
            "Proceeds of", (given(each.label, each.proceeds, _GAIN, unit=unit) for each in sales)
        ),
        cost=summed("Cost of", (given(each.label, each.cost, "cost", unit=unit) for each in sales)),
        gain=summed("Gain of", (_gain(each, unit, whole=is_short_list) for each in sales)),
        short_term=held(f"Held up to {LONG_TERM_DAYS} days,", long=False),
        long_term=held("Held longer,", long=True),
        other=summed(
            "Without a sale,",
            (given(each.label, each.gain, _GAIN, unit=unit) for each in sales if not each.lots),
        ),
        by_currency={
            currency: _in_currency(year, currency, sales)
            for currency in sorted({each.local.currency for each in sales})
        },
    )


def explain_realized(sales: Sequence[SaleMade], unit: str) -> Node:
    """Explain what sales realized in all: unknown where one of them is."""
    is_short_list = len(sales) <= MOST_SALES
    gains = (_gain(each, unit, whole=is_short_list) for each in sales)
    return made("Realized by sales", Formula.SUM, _GAIN, gains, unit=unit)


def _in_currency(year: int, currency: str, sales: Sequence[SaleMade]) -> CurrencyTrees:
    chosen = [each for each in sales if each.local.currency == currency]

    def summed(label: str, method: str, amount: Callable[[Local], Decimal | None]) -> Node:
        parts = (given(each.label, amount(each.local), method, unit=currency) for each in chosen)
        words = f"{label} {year}, in {currency}"
        return made(words, Formula.SUM_KNOWN, _METHOD, parts, unit=currency)

    return CurrencyTrees(
        proceeds=summed("Proceeds of", _GAIN, lambda each: each.proceeds),
        cost=summed("Cost of", "cost", lambda each: each.cost),
        gain=summed("Gain of", _GAIN, lambda each: each.gain),
    )


def _gain(sale: SaleMade, unit: str, *, whole: bool) -> Node:
    if not sale.lots or not whole:
        return given(sale.label, sale.gain, _GAIN, unit=unit)
    return _difference(sale.label, sale.proceeds, sale.cost, unit)


def _lot_gain(sale: SaleMade, lot: LotSold, unit: str, *, whole: bool) -> Node:
    label = f"{sale.label}, {lot.held_days} days since {lot.opened_on.isoformat()}"
    node = _difference(label, lot.proceeds, lot.cost, unit)
    return node if whole else given(label, node.value, _GAIN, unit=unit)


def _difference(label: str, proceeds: Decimal | None, cost: Decimal | None, unit: str) -> Node:
    inputs = (
        given("Proceeds", proceeds, _GAIN, unit=unit),
        given("Cost", cost, "cost", unit=unit),
    )
    return made(label, Formula.DIFFERENCE, _GAIN, inputs, unit=unit)
