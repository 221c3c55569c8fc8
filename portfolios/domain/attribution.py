"""Where a gain came from: prices, exchange rates, income, fees and taxes, with nothing left over.

Two bases stand side by side. The tax basis starts from what was paid; the period basis, which says
how well a span of time went, starts from what everything was worth when it began.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from common.money import exact
from marketdata.domain.fx import RateHistory, Rates, pair_name
from portfolios.domain.books import Book, Ledger, Lot, Position, Totals
from portfolios.domain.folding import Fold, in_order
from portfolios.domain.kinds import DELIVERIES
from portfolios.domain.policy import Policy
from portfolios.domain.prices import DayPrices
from portfolios.domain.status import Status
from portfolios.domain.transactions import Event
from portfolios.domain.unknowns import known_sum, minus, plus, times

_ZERO = Decimal(0)
_ONE_DAY = timedelta(days=1)
_DEFAULT_POLICY = Policy()
#: What dividing at 34 digits may leave of a sum that has to be zero.
RESIDUAL_LIMIT = Decimal("1e-9")


@dataclass(frozen=True, slots=True)
class PositionGain:
    """What one position gained, in the portfolio's currency; unknown parts are None.

    Attributes:
        realized_price: what prices made of the units sold, before charges; `realized_currency`
            what rates made.
        unrealized_price: the same of the units still held.
        income: before fees and taxes.
        fees: everything charged on the instrument; `taxes` likewise.
        total: all of them, fees and taxes taken off.
    """

    instrument_id: str
    value: Decimal | None
    realized_price: Decimal | None
    realized_currency: Decimal | None
    unrealized_price: Decimal | None
    unrealized_currency: Decimal | None
    income: Decimal | None
    fees: Decimal | None
    taxes: Decimal | None
    total: Decimal | None


@dataclass(frozen=True, slots=True)
class Attribution:
    """What a portfolio gained and where it came from, in its currency; unknown parts are None.

    contributed + price + currency + cash_currency + income − fees − taxes = value, with nothing
    left over.

    Attributes:
        contributed: what came from outside less what left; of a period what it began with, too.
        price: what prices made, realized or not; `currency` what rates made of the same holdings.
        cash_currency: what rates made of balances in other currencies.
        value: holdings and cash.
        gain: value − contributed.
        residual: gain less all of its parts: zero, or the figures don't belong together.
        missing: instruments without a price, and pairs of currencies without a rate.
        status: partial, too, where some event could not be taken into account.
    """

    contributed: Decimal | None
    price: Decimal | None
    currency: Decimal | None
    cash_currency: Decimal | None
    income: Decimal | None
    fees: Decimal | None
    taxes: Decimal | None
    value: Decimal | None
    gain: Decimal | None
    residual: Decimal | None
    positions: Mapping[str, PositionGain]
    missing: tuple[str, ...]
    status: Status

    @property
    def is_broken(self) -> bool:
        """Say whether the parts don't add up to the whole, which no input may cause."""
        return self.residual is not None and abs(self.residual) > RESIDUAL_LIMIT


def attribute(book: Book, *, prices: Mapping[str, Decimal], rates: Rates) -> Attribution:
    """Say where the gain of a portfolio came from since its first row.

    Args:
        prices: of one unit of each instrument, in its quotation currency.
        rates: of the same moment.
    """
    with exact():
        return _Attributing(book, prices, rates).result()


def without_cash(book: Book) -> Book:
    """Return a book whose cash isn't tracked: whatever was paid came from outside, and went there.

    Its balances would only be the negative of what was bought.
    """
    with exact():
        paid = known_sum(book.cash_base.values())
        contributed = minus(book.totals.contributed_base, paid)
    totals = replace(book.totals, contributed_base=contributed)
    return replace(book, cash={}, cash_base={}, totals=totals)


class _Attributing:
    """One attribution in the making; arithmetic happens in the caller's context."""

    def __init__(self, book: Book, prices: Mapping[str, Decimal], rates: Rates) -> None:
        self._book = book
        self._prices = prices
        self._rates = rates
        self._missing: dict[str, None] = {}

    def result(self) -> Attribution:
        book, totals = self._book, self._book.totals
        positions = {key: self._position(each) for key, each in book.positions.items()}
        price = known_sum(
            plus(each.realized_price, each.unrealized_price) for each in positions.values()
        )
        currency = known_sum(
            plus(each.realized_currency, each.unrealized_currency) for each in positions.values()
        )
        cash = known_sum(self._in_base(amount, name) for name, amount in book.cash.items())
        cash_currency = minus(cash, known_sum(book.cash_base.values()))
        value = plus(known_sum(each.value for each in positions.values()), cash)
        gain = minus(value, totals.contributed_base)
        earned = minus(minus(totals.income_base, totals.fees_base), totals.taxes_base)
        parts = plus(plus(price, currency), plus(cash_currency, earned))
        residual = minus(gain, parts)
        return Attribution(
            contributed=totals.contributed_base,
            price=price,
            currency=currency,
            cash_currency=cash_currency,
            income=totals.income_base,
            fees=totals.fees_base,
            taxes=totals.taxes_base,
            value=value,
            gain=gain,
            residual=residual,
            positions=positions,
            missing=tuple(self._missing),
            status=Status.PARTIAL if residual is None else book.status,
        )

    def _position(self, position: Position) -> PositionGain:
        value, rate = self._worth(position)
        value_base = times(value, rate)
        unrealized = minus(value_base, position.invested_base)
        if position.currency == self._book.base_currency:
            price = unrealized
        else:
            price = times(minus(value, position.invested), rate)
        currency = minus(unrealized, price)
        realized = plus(position.price_gain_base, position.currency_gain_base)
        charged = plus(position.fees_base, position.taxes_base)
        return PositionGain(
            instrument_id=position.instrument_id,
            value=value_base,
            realized_price=position.price_gain_base,
            realized_currency=position.currency_gain_base,
            unrealized_price=price,
            unrealized_currency=currency,
            income=position.income_base,
            fees=position.fees_base,
            taxes=position.taxes_base,
            total=minus(plus(plus(realized, unrealized), position.income_base), charged),
        )

    def _worth(self, position: Position) -> tuple[Decimal | None, Decimal | None]:
        """Return what a position is worth in its currency, and the rate to the portfolio's."""
        if not position.quantity:
            return _ZERO, Decimal(1)
        rate = self._rate(position.currency)
        price = self._prices.get(position.instrument_id)
        if price is None:
            self._missing[position.instrument_id] = None
            return None, rate
        return position.quantity * price * position.multiplier, rate

    def _in_base(self, amount: Decimal, currency: str) -> Decimal | None:
        return times(amount, self._rate(currency)) if amount else _ZERO

    def _rate(self, currency: str) -> Decimal | None:
        base = self._book.base_currency
        rate = self._rates.find_rate(currency, base)
        if rate is None:
            self._missing[pair_name(currency, base)] = None
        return rate


@dataclass(frozen=True, slots=True)
class PeriodReport:
    """How a span of days went.

    Attributes:
        opening_value: what everything was worth at the end of the day before.
        book: what happened since, with what was held at the start costing what it was worth then.
        attribution: `contributed` is the opening value and what flowed since.
        prices: of one unit of each instrument at the end, and `rates` of the same day.
    """

    start: date
    end: date
    opening_value: Decimal | None
    book: Book
    attribution: Attribution
    prices: Mapping[str, Decimal]
    rates: Rates


def report_period(
    ledger: Ledger,
    *,
    prices: DayPrices,
    rates: RateHistory,
    start: date,
    end: date,
    tracks_cash: bool = True,
    policy: Policy = _DEFAULT_POLICY,
) -> PeriodReport:
    """Attribute the gain of the days from `start` up to, but without, `end`.

    What is held at the start counts as bought at the close of the day before; units delivered in or
    out count at their market value of the day, as for the time-weighted return.

    Args:
        ledger: its opening may hold how everything stood before the first of its events, which is
            the start or earlier.
    """
    events = in_order(ledger.events)
    before = [event for event in events if event.trade_date < start]
    during = [event for event in events if start <= event.trade_date < end]
    opening_day, closing_day = start - _ONE_DAY, end - _ONE_DAY
    fold = Fold(replace(ledger, events=()), policy)
    fold.run(before)
    policy = replace(policy, deliveries_realize=True)
    with exact():
        opening_rates = rates.on(opening_day, policy.max_rate_age_days)
        opening = _revalued(fold.book(), prices, opening_day, opening_rates)
        opening = replace(opening, policy=policy)
        if not tracks_cash:
            opening = without_cash(opening)
        at_market = [
            _at_market(event, prices, rates.on(event.trade_date, policy.max_rate_age_days))
            for event in during
        ]
    period = Fold(Ledger((), ledger.base_currency, ledger.rates, opening), policy)
    period.run(at_market)
    book = period.book() if tracks_cash else without_cash(period.book())
    with exact():
        known = _closing_prices(book, prices, closing_day)
    closing_rates = rates.on(closing_day, policy.max_rate_age_days)
    return PeriodReport(
        start=start,
        end=end,
        opening_value=opening.totals.contributed_base,
        book=book,
        attribution=attribute(book, prices=known, rates=closing_rates),
        prices=known,
        rates=closing_rates,
    )


def _closing_prices(book: Book, prices: DayPrices, day: date) -> dict[str, Decimal]:
    found = ((key, prices.on(key, day)) for key in book.positions)
    return {key: price for key, price in found if price is not None}


def _at_market(event: Event, prices: DayPrices, rates: Rates) -> Event:
    """Return a delivery at the market value of its day, where that is known."""
    if event.kind not in DELIVERIES:
        return event
    price = prices.on(event.instrument_id or "", event.trade_date)
    if price is None:
        return event
    rate = rates.find_rate(event.instrument_currency or event.currency, event.currency)
    return event if rate is None else replace(event, price=price * rate, fx_rate=None)


def _revalued(book: Book, prices: DayPrices, day: date, rates: Rates) -> Book:
    """Return a book in which everything costs what it is worth, and nothing was earned yet."""
    base = book.base_currency
    positions = {}
    for key, position in book.positions.items():
        price = prices.on(key, day)
        rate = rates.find_rate(position.currency, base)
        lots = tuple(_lots_at(position, price, rate))
        cost_base = known_sum(lot.cost_base for lot in lots)
        positions[key] = replace(
            position,
            lots=lots,
            cost=known_sum(lot.cost for lot in lots),
            cost_base=cost_base,
            charges_base=_ZERO,
            **_NOTHING_EARNED,
        )
    cash_base = {
        name: times(amount, rates.find_rate(name, base)) if amount else _ZERO
        for name, amount in book.cash.items()
    }
    worth = known_sum([*(each.cost_base for each in positions.values()), *cash_base.values()])
    return replace(
        book,
        positions=positions,
        cash_base=cash_base,
        totals=Totals(contributed_base=worth),
        disposals=(),
        problems=(),
    )


_NOTHING_EARNED: Any = dict.fromkeys(
    (
        "realized",
        "realized_base",
        "price_gain_base",
        "currency_gain_base",
        "income",
        "income_base",
        "fees_base",
        "taxes_base",
    ),
    _ZERO,
)


def _lots_at(position: Position, price: Decimal | None, rate: Decimal | None) -> Iterator[Lot]:
    for lot in position.lots:
        worth = times(price, lot.quantity * position.multiplier)
        yield lot._replace(
            cost=worth, cost_base=times(worth, rate), charges=_ZERO, charges_base=_ZERO
        )
