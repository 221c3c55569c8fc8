"""What holdings and cash are worth at given prices and rates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from common.money import exact
from marketdata.domain.fx import Rates, pair_name
from marketdata.domain.quotes import Quote
from portfolios.domain.status import Status
from portfolios.domain.unknowns import PartialSum, minus

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Holding:
    """What is held of one instrument, and what that cost in the portfolio's currency.

    Attributes:
        quantity: below zero where units are sold short.
        multiplier: what one unit at a price of 1 is worth.
    """

    instrument_id: str
    currency: str
    quantity: Decimal
    cost_base: Decimal | None
    multiplier: Decimal = Decimal(1)

    @property
    def factor(self) -> Decimal:
        """Return what the price is multiplied with, in the current decimal context."""
        return self.quantity if self.multiplier == 1 else self.quantity * self.multiplier


@dataclass(frozen=True, slots=True)
class PositionValue:
    """One holding's worth; `value` in the currency of the price, the rest in the portfolio's.

    Attributes:
        day_change_rate: the day's change as a fraction of what the holding was worth before.
        unrealized_rate: the unrealized gain as a fraction of what the holding cost.
        weight: the share in the portfolio's total, a fraction.
        status: partial with a price but no rate, unavailable without a price.
    """

    instrument_id: str
    price: Decimal | None
    price_currency: str | None
    value: Decimal | None
    value_base: Decimal | None
    day_change_base: Decimal | None
    day_change_rate: Decimal | None
    unrealized_base: Decimal | None
    unrealized_rate: Decimal | None
    weight: Decimal | None
    status: Status


@dataclass(frozen=True, slots=True)
class Valuation:
    """A portfolio's worth, in its currency; sums run over what is known.

    Attributes:
        total: holdings and, where it is tracked, cash.
        cash: None where it isn't tracked, or no rate for it is known.
        day_change: of what is held now, since the previous closes.
        day_change_rate: the same as a fraction of what that was worth then.
        missing: instruments without a price, and pairs of currencies without a rate.
        day_change_status: partial where a previous close or rate is missing.
    """

    currency: str
    total: Decimal | None
    holdings_value: Decimal | None
    cash: Decimal | None
    day_change: Decimal | None
    day_change_rate: Decimal | None
    unrealized: Decimal | None
    status: Status
    missing: tuple[str, ...]
    positions: tuple[PositionValue, ...]
    day_change_status: Status = Status.COMPLETE


def value(
    holdings: Iterable[Holding],
    cash: Mapping[str, Decimal] | None,
    *,
    quotes: Mapping[str, Quote],
    rates: Rates,
    previous_rates: Rates | None,
    base_currency: str,
) -> Valuation:
    """Value holdings and cash; nothing is rounded, and what is unknown is left out and named.

    Args:
        cash: the balance of each currency; None where it isn't tracked.
        quotes: by instrument; those without one count as missing.
        previous_rates: of the previous close; None takes today's, so that only prices change.
    """
    with exact():
        run = _Run(quotes, rates, previous_rates or rates, base_currency)
        lines = [run.line(holding) for holding in holdings if holding.quantity]
        for currency, balance in (cash or {}).items():
            run.add_cash(currency, balance)
        return run.valuation(lines, tracks_cash=cash is not None)


@dataclass(frozen=True, slots=True)
class _Line:
    """A holding's worth before the total is known, which its weight needs."""

    holding: Holding
    quote: Quote | None = None
    value: Decimal | None = None
    value_base: Decimal | None = None
    day_change: Decimal | None = None
    unrealized: Decimal | None = None


class _Run:
    """One valuation in the making; arithmetic happens in the caller's context."""

    __slots__ = (
        "_base",
        "_cash",
        "_changes",
        "_holdings",
        "_missing",
        "_previous",
        "_previous_rates",
        "_quotes",
        "_rates",
        "_unrealized",
    )

    def __init__(
        self, quotes: Mapping[str, Quote], rates: Rates, previous_rates: Rates, base: str
    ) -> None:
        self._quotes = quotes
        self._rates = rates
        self._previous_rates = previous_rates
        self._base = base
        self._holdings = PartialSum()
        self._cash = PartialSum()
        self._changes = PartialSum()
        self._unrealized = PartialSum()
        #: What everything whose change is known was worth before.
        self._previous = _ZERO
        #: A dictionary for its order.
        self._missing: dict[str, None] = {}

    def line(self, holding: Holding) -> _Line:
        quote = self._quotes.get(holding.instrument_id)
        if quote is None:
            self._missing[holding.instrument_id] = None
            made = _Line(holding)
        else:
            worth = holding.factor * quote.price
            worth_base = self._in_base(worth, quote.currency)
            cost = holding.cost_base
            made = _Line(
                holding,
                quote,
                worth,
                worth_base,
                self._change(worth_base, _worth_before(holding, quote), quote.currency),
                None if worth_base is None or cost is None else worth_base - cost,
            )
        self._holdings.add(made.value_base)
        self._changes.add(made.day_change)
        self._unrealized.add(made.unrealized)
        return made

    def add_cash(self, currency: str, balance: Decimal) -> None:
        if balance:
            worth = self._in_base(balance, currency)
            self._cash.add(worth)
            self._changes.add(self._change(worth, balance, currency))

    def valuation(self, lines: Sequence[_Line], *, tracks_cash: bool) -> Valuation:
        both = self._holdings.joined(self._cash)
        total, change, before = both.known(), self._changes.known(), self._previous
        return Valuation(
            currency=self._base,
            total=total,
            holdings_value=self._holdings.known(),
            cash=self._cash.known() if tracks_cash else None,
            day_change=change,
            day_change_rate=None if change is None or before <= 0 else change / before,
            unrealized=self._unrealized.known(),
            status=both.status(),
            missing=tuple(self._missing),
            positions=tuple(_position_value(line, total) for line in lines),
            day_change_status=self._changes.status(),
        )

    def _in_base(self, amount: Decimal, currency: str) -> Decimal | None:
        if currency == self._base:
            return amount
        rate = self._rates.find_rate(currency, self._base)
        if rate is None:
            self._missing[pair_name(currency, self._base)] = None
            return None
        return amount * rate

    def _change(
        self, worth: Decimal | None, worth_before: Decimal | None, currency: str
    ) -> Decimal | None:
        """Return what a worth in the portfolio's currency is more than one before in its own."""
        if worth is None or worth_before is None:
            return None
        rate = self._previous_rates.find_rate(currency, self._base)
        if rate is None:
            return None
        before = worth_before * rate
        self._previous += before
        return worth - before


def _worth_before(holding: Holding, quote: Quote) -> Decimal | None:
    return None if quote.previous_close is None else holding.factor * quote.previous_close


def _position_value(line: _Line, total: Decimal | None) -> PositionValue:
    quote, worth = line.quote, line.value_base
    if quote is None:
        status = Status.UNAVAILABLE
    else:
        status = Status.PARTIAL if worth is None else Status.COMPLETE
    return PositionValue(
        instrument_id=line.holding.instrument_id,
        price=quote.price if quote else None,
        price_currency=quote.currency if quote else None,
        value=line.value,
        value_base=worth,
        day_change_base=line.day_change,
        day_change_rate=_share(line.day_change, minus(worth, line.day_change)),
        unrealized_base=line.unrealized,
        unrealized_rate=_share(line.unrealized, line.holding.cost_base),
        weight=_share(worth, total),
        status=status,
    )


def _share(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    """Return a part as a fraction of a whole, which means something above zero only."""
    return None if part is None or whole is None or whole <= 0 else part / whole
