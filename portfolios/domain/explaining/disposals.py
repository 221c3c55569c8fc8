"""How it comes about what one sale brought: from the rows that opened and closed its lots."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from common.money import exact
from marketdata.domain.fx import RateHistory
from portfolios.domain.explaining.formulas import Formula
from portfolios.domain.explaining.trees import Node, given, made, told
from portfolios.domain.figures import Figure
from portfolios.domain.policy import Charges, Policy
from portfolios.domain.transactions import Event

_GAIN, _COST, _RATES = "realized-gain", "cost", "exchange-rates"
#: Amounts are stored with ten decimals.
_NOISE = Decimal("1e-8")
_CARRIED = (
    "As it came here: not by one trade alone, such as after a split, a delivery or a payment."
)
_UNKNOWN = "It isn't known."
_NO_UNITS = "A payment realized it, without any units going."


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


@dataclass(frozen=True, slots=True)
class LotClosed:
    """The part of a lot that a sale took, or a purchase covered.

    Attributes:
        opened: the row that it came by, where that is a trade.
        proceeds: by currency, in the instrument's and the portfolio's; `cost` likewise.
    """

    opened_on: date
    held_days: int
    quantity: Decimal
    opened: Traded | None
    proceeds: Mapping[str, Decimal | None]
    cost: Mapping[str, Decimal | None]


@dataclass(frozen=True, slots=True)
class Closed:
    """One disposal.

    Attributes:
        label: what it is called.
        closed: the row that made it, where that is a trade.
        gain: by currency, like those of its lots, of which there may be none.
        return_rate: the return of the trade, which says why there is none.
    """

    label: str
    currency: str
    base: str
    is_short: bool
    closed: Traded | None
    lots: Sequence[LotClosed]
    gain: Mapping[str, Decimal | None]
    return_rate: Figure


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
class DisposalTrees:
    """The trees of one disposal.

    Attributes:
        lots: by their place.
    """

    proceeds: Node
    cost: Node
    gain: Node
    proceeds_base: Node
    cost_base: Node
    gain_base: Node
    return_rate: Node
    lots: Mapping[str, LotTrees]


def explain_disposal(disposal: Closed) -> DisposalTrees:
    """Build the trees of one disposal, and of each of its lots."""
    lots = [_lot(disposal, lot) for lot in disposal.lots]
    local = _whole(disposal, lots, disposal.currency, "proceeds", "cost")
    base = _whole(disposal, lots, disposal.base, "proceeds_base", "cost_base")
    entry = base[0] if disposal.is_short else base[1]
    rate = made(f"Return of {disposal.label}", Formula.SHARE, "return-of-a-trade", (base[2], entry))
    figure = disposal.return_rate
    return DisposalTrees(
        *local,
        *base,
        return_rate=told(rate, figure.value, figure.explanation),
        lots={f"{place}": each for place, each in enumerate(lots)},
    )


def _whole(
    disposal: Closed, lots: Sequence[LotTrees], unit: str, *names: str
) -> tuple[Node, Node, Node]:
    """Explain proceeds, cost and gain in one currency by those of the lots."""
    if not lots:
        gain = disposal.gain[unit]
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


def _lot(disposal: Closed, lot: LotClosed) -> LotTrees:
    name = f"{disposal.label}, {lot.held_days} days since {lot.opened_on.isoformat()}"
    sold, bought = disposal.closed, lot.opened
    if disposal.is_short:
        sold, bought = bought, sold

    def trees(unit: str) -> Iterator[Node]:
        proceeds = _amount(
            f"Proceeds of {name}", _GAIN, sold, lot, (unit, lot.proceeds[unit]), _less
        )
        cost = _amount(f"Cost of {name}", _COST, bought, lot, (unit, lot.cost[unit]), _more)
        yield from (proceeds, cost, _difference(name, proceeds, cost))

    return LotTrees(*trees(disposal.currency), *trees(disposal.base))


_Charged = Callable[[Node, list[Node]], Node]


def _amount(
    label: str,
    method: str,
    row: Traded | None,
    lot: LotClosed,
    stored: tuple[str, Decimal | None],
    charged: _Charged,
) -> Node:
    """Explain an amount of a lot by the row that brought it, where that comes to it."""
    unit, amount = stored
    if amount is None:
        return given(label, None, method, unit=unit, note=_UNKNOWN)
    tree = row and _by_row(label, method, row, lot.quantity, unit, charged)
    if tree and tree.value is not None:
        with exact():
            is_close = abs(tree.value - amount) <= _NOISE * max(abs(amount), Decimal(1))
        if is_close:
            return tree
    return given(label, amount, method, unit=unit, note=_CARRIED)


def _by_row(
    label: str, method: str, row: Traded, quantity: Decimal, unit: str, charged: _Charged
) -> Node | None:
    """Explain what some of a row's units were traded for, with their part of its charges."""
    inputs = [given("Quantity", row.quantity, "quantity")]
    if row.multiplier != 1:
        inputs.append(given("Multiplier", row.multiplier, "value"))
    inputs.append(given("Price", row.price, "price", unit=row.currency))
    traded = f"traded on {row.date.isoformat()}"
    node = made(f"What was {traded}", Formula.PRODUCT, method, inputs, unit=row.currency)
    charges = [
        given(words, amount, "fees-and-taxes", unit=row.currency)
        for words, amount in (("Fee", row.fee), ("Tax", row.tax))
        if amount
    ]
    if charges:
        node = charged(node, charges)
    if quantity != row.quantity:
        parts = (given("Of this lot", quantity, "lots"), given("Of all", row.quantity, "quantity"))
        part = made(f"Part of all units {traded}", Formula.SHARE, "lots", parts)
        node = made("Part of this lot", Formula.PRODUCT, method, (node, part), unit=row.currency)
    if unit != row.currency:
        rate = given(f"{unit} for one {row.currency} then", row.rates.get(unit), _RATES)
        node = made(label, Formula.PRODUCT, method, (node, rate), unit=unit)
    return replace(node, label=label)


def _less(worth: Node, charges: list[Node]) -> Node:
    inputs = (worth, *charges)
    return made("Less charges", Formula.DIFFERENCE, _GAIN, inputs, unit=worth.unit)


def _more(worth: Node, charges: list[Node]) -> Node:
    inputs = (worth, *charges)
    return made("With charges", Formula.SUM, _COST, inputs, unit=worth.unit)
