"""How it comes about what one sale brought: from the rows that opened and closed its lots."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from operator import attrgetter
from typing import NamedTuple

from portfolios.domain.explaining.formulas import Formula
from portfolios.domain.explaining.rows import (
    CARRIED,
    Traded,
    charges,
    checked,
    less_charges,
    with_charges,
    without_charges,
)
from portfolios.domain.explaining.trees import Node, given, made, told
from portfolios.domain.figures import Figure

_GAIN, _COST, _PARTS = "realized-gain", "cost", "price-and-currency"
#: Of a sale with more lots each is told by what it came to only; of one it can be asked.
MOST_LOTS = 300
_NO_UNITS = "A payment realized it, without any units going."


class Amounts(NamedTuple):
    """An amount in the instrument's and in the portfolio's currency; None is unknown.

    The two may differ though the currency is one: what was paid in a third goes by other rates.
    """

    local: Decimal | None
    base: Decimal | None


@dataclass(frozen=True, slots=True)
class LotClosed:
    """The part of a lot that a sale took, or a purchase covered.

    Attributes:
        opened: the row that it came by, where that is a trade.
    """

    opened_on: date
    held_days: int
    quantity: Decimal
    opened: Traded | None
    proceeds: Amounts
    cost: Amounts


@dataclass(frozen=True, slots=True)
class Closed:
    """One disposal.

    Attributes:
        label: what it is called.
        closed: the row that made it, where that is a trade.
        gain: of all its lots, of which there may be none.
        return_rate: the return of the trade, which says why there is none.
        price_gain: what of the gain the price made, in the portfolio's currency; `currency_gain`
            what the exchange rate did, and `charges` what is taken off both.
    """

    label: str
    currency: str
    base: str
    is_short: bool
    closed: Traded | None
    lots: Sequence[LotClosed]
    gain: Amounts
    return_rate: Figure
    price_gain: Decimal | None
    currency_gain: Decimal | None
    charges: Decimal | None


@dataclass(frozen=True, slots=True)
class LotTrees:
    """The trees of one lot of a disposal; `…_base` is in the portfolio's currency."""

    proceeds: Node
    cost: Node
    gain: Node
    proceeds_base: Node
    cost_base: Node
    gain_base: Node


@dataclass(frozen=True, slots=True)
class SaleTrees(LotTrees):
    """The same of a whole sale, made or considered.

    Attributes:
        lots: by their place; of more than `MOST_LOTS` only the one that was asked for.
    """

    lots: Mapping[str, LotTrees]


@dataclass(frozen=True, slots=True)
class DisposalTrees(SaleTrees):
    """The trees of one disposal."""

    return_rate: Node
    price_gain_base: Node
    currency_gain_base: Node
    charges_base: Node


def explain_disposal(disposal: Closed, *, wanted: str = "") -> DisposalTrees:
    """Build the trees of one disposal, and of each of its lots.

    Args:
        wanted: the place of a lot that is told also where there are many.
    """
    is_short_list = len(disposal.lots) <= MOST_LOTS
    lots = [_lot(disposal, lot, whole=is_short_list) for lot in disposal.lots]
    gain, names = disposal.gain, ("proceeds", "cost")
    local = _whole(disposal, lots, disposal.currency, gain.local, *names)
    names = ("proceeds_base", "cost_base")
    base = _whole(disposal, lots, disposal.base, gain.base, *names)
    entry = base[0] if disposal.is_short else base[1]
    rate = made(f"Return of {disposal.label}", Formula.SHARE, "return-of-a-trade", (base[2], entry))
    figure = disposal.return_rate
    return DisposalTrees(
        *local,
        *base,
        return_rate=told(rate, figure.value, figure.explanation),
        **_parted(disposal, whole=is_short_list),
        lots={
            f"{place}": _lot(disposal, lot, whole=True)
            for place, lot in enumerate(disposal.lots)
            if is_short_list or wanted == f"{place}"
        },
    )


def _whole(
    disposal: Closed, lots: Sequence[LotTrees], unit: str, gain: Decimal | None, *names: str
) -> tuple[Node, Node, Node]:
    """Explain proceeds, cost and gain in one currency by those of the lots."""
    if not lots:
        proceeds = given(f"Proceeds of {disposal.label}", gain, _GAIN, unit=unit, note=_NO_UNITS)
        cost = given(f"Cost of {disposal.label}", Decimal(0), _COST, unit=unit, note=_NO_UNITS)
    else:
        proceeds, cost = (
            _together(f"{words} of {disposal.label}", method, [getattr(lot, name) for lot in lots])
            for words, method, name in zip(("Proceeds", "Cost"), (_GAIN, _COST), names, strict=True)
        )
    return proceeds, cost, _difference(disposal.label, proceeds, cost)


def _together(label: str, method: str, parts: Sequence[Node]) -> Node:
    if len(parts) == 1:
        return replace(parts[0], label=label)
    return made(label, Formula.SUM, method, parts, unit=parts[0].unit)


def _difference(label: str, proceeds: Node, cost: Node) -> Node:
    inputs = (proceeds, cost)
    return made(f"Gain of {label}", Formula.DIFFERENCE, _GAIN, inputs, unit=proceeds.unit)


def _lot(disposal: Closed, lot: LotClosed, *, whole: bool) -> LotTrees:
    name = f"{disposal.label}, {lot.held_days} days since {lot.opened_on.isoformat()}"
    sold, bought = _sides(disposal, lot) if whole else (None, None)
    note = CARRIED if whole else ""

    def trees(unit: str, amount_of: Callable[[Amounts], Decimal | None]) -> Iterator[Node]:
        label, tree = f"Proceeds of {name}", None
        if sold:
            tree = less_charges(sold, lot.quantity, unit, label=label, method=_GAIN)
        proceeds = checked(tree, label, _GAIN, amount_of(lot.proceeds), unit, note=note)
        label, tree = f"Cost of {name}", None
        if bought:
            tree = with_charges(bought, lot.quantity, unit, label=label, method=_COST)
        cost = checked(tree, label, _COST, amount_of(lot.cost), unit, note=note)
        yield from (proceeds, cost, _difference(name, proceeds, cost))

    return LotTrees(
        *trees(disposal.currency, attrgetter("local")), *trees(disposal.base, attrgetter("base"))
    )


def _sides(disposal: Closed, lot: LotClosed) -> tuple[Traded | None, Traded | None]:
    """Return the rows that sold the units of a lot, and that bought them."""
    if disposal.is_short:
        return lot.opened, disposal.closed
    return disposal.closed, lot.opened


def _parted(disposal: Closed, *, whole: bool) -> dict[str, Node]:
    """Explain what the price and the rate made of a gain, and what was charged."""
    unit, label = disposal.base, disposal.label
    total = _bare(disposal, unit) if whole else None
    price = _price_gain(disposal, total) if whole else None
    charged = _charged(disposal) if whole else None
    note = CARRIED if whole else f"It has more than {MOST_LOTS} lots."
    currency = (
        made("Currency", Formula.DIFFERENCE, _PARTS, (total, price), unit=unit)
        if total and price
        else None
    )
    stored = {
        "price_gain_base": ("Price", price, disposal.price_gain),
        "currency_gain_base": ("Currency", currency, disposal.currency_gain),
        "charges_base": ("Charges", charged, disposal.charges),
    }
    return {
        name: checked(tree, f"{words} in the gain of {label}", _PARTS, amount, unit, note=note)
        for name, (words, tree, amount) in stored.items()
    }


def _price_gain(disposal: Closed, total: Node | None) -> Node | None:
    """Explain what the price made, at the rate of the day on which it was closed."""
    closed = disposal.closed
    if closed is None or disposal.currency == disposal.base:
        return total
    local, known = _bare(disposal, disposal.currency), closed.rates
    if local is None:
        return None
    rates = [
        given(f"{unit} for one {closed.currency} then", known.get(unit), "exchange-rates")
        for unit in (disposal.base, disposal.currency)
    ]
    label = f"{disposal.base} for one {disposal.currency} then"
    rate = made(label, Formula.QUOTIENT, "exchange-rates", rates)
    return made("Price", Formula.PRODUCT, _PARTS, (local, rate), unit=disposal.base)


def _bare(disposal: Closed, unit: str) -> Node | None:
    """Explain the gain before charges, where every lot came by trades."""
    proceeds: list[Node] = []
    costs: list[Node] = []
    for lot in disposal.lots:
        sold, bought = _sides(disposal, lot)
        if sold is None or bought is None:
            return None
        day = lot.opened_on.isoformat()
        for found, row, words in ((proceeds, sold, "Brought"), (costs, bought, "Paid")):
            label = f"{words}, lot of {day}"
            node = without_charges(row, lot.quantity, unit, label=label, method=_PARTS)
            found.append(node)
    if not proceeds:
        return None
    inputs = (
        _together("Brought", _PARTS, proceeds),
        _together("Paid", _PARTS, costs),
    )
    label = f"Gain before charges, in {unit}"
    return made(label, Formula.DIFFERENCE, _PARTS, inputs, unit=unit)


def _charged(disposal: Closed) -> Node | None:
    """Explain what was charged for units, when they were bought and when they were sold."""
    found = []
    for lot in disposal.lots:
        for row in _sides(disposal, lot):
            if row is None:
                return None
            label = f"Charged on {row.date.isoformat()}"
            found.append(charges(row, lot.quantity, disposal.base, label=label, method=_PARTS))
    label = "Charges of purchase and sale"
    return made(label, Formula.SUM, _PARTS, found, unit=disposal.base)
