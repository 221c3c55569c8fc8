"""What a portfolio and its positions were worth at the end of each day, and what flowed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from common.money import exact
from marketdata.domain.fx import RateHistory, Rates, pair_name
from portfolios.domain.books import Book, Ledger
from portfolios.domain.folding import Fold, in_order
from portfolios.domain.kinds import DELIVERIES, PAYMENTS, Kind
from portfolios.domain.policy import Policy
from portfolios.domain.prices import Closes, DayPrices, splits_of
from portfolios.domain.state import TOO_LARGE
from portfolios.domain.status import Status
from portfolios.domain.transactions import Event, cash_changes, gross
from portfolios.domain.unknowns import PartialSum, negated, plus

_ZERO = Decimal(0)
_ONE_DAY = timedelta(days=1)
_DEFAULT_POLICY = Policy()
#: One instrument goes over into another: no money moves, but worth does.
_TURNS = frozenset({Kind.SPIN_OFF, Kind.MERGER, Kind.EXERCISE_BUY, Kind.EXERCISE_SELL})


class PositionDay(NamedTuple):
    """A position at the end of one day; what is unknown is None.

    Attributes:
        value: in the instrument's currency; `value_base`, like what follows, in the portfolio's.
        inflow: what was paid for units, with charges, and the worth of units delivered in.
        outflow: what units and income brought, net, and the worth of units delivered out.
    """

    instrument_id: str
    quantity: Decimal
    value: Decimal | None
    value_base: Decimal | None
    inflow: Decimal | None
    outflow: Decimal | None


@dataclass(frozen=True, slots=True)
class DayValue:
    """A portfolio at the end of one day, in its currency; sums run over what is known.

    Attributes:
        value: holdings and, where it is tracked, cash; None when nothing of it is known.
        cash: None where it isn't tracked, or no rate for it is known.
        inflow: what came from outside: deposits, and deliveries at their market value. Where cash
            isn't tracked, what was paid for holdings. None when one of these can't be converted or
            priced.
        outflow: what went outside, as `inflow`, without a sign.
        missing: instruments without a close, and pairs of currencies without a rate.
        positions: those that are held, and those that something flowed into or out of.
    """

    date: date
    value: Decimal | None
    cash: Decimal | None
    inflow: Decimal | None
    outflow: Decimal | None
    status: Status
    missing: tuple[str, ...]
    positions: tuple[PositionDay, ...]

    @property
    def net_flow(self) -> Decimal | None:
        """Return what came in less what went out."""
        if self.inflow is None or self.outflow is None:
            return None
        with exact():
            return self.inflow - self.outflow


def daily_values(
    ledger: Ledger,
    *,
    closes: Closes,
    rates: RateHistory,
    start: date,
    end: date,
    tracks_cash: bool,
    lasting: Collection[str] = frozenset(),
    policy: Policy = _DEFAULT_POLICY,
) -> Iterator[DayValue]:
    """Value a portfolio at the end of every day from `start` up to, but without, `end`.

    A day's price is the last close up to it, unless that is older than ten days and not said to
    last; never a later one.

    Args:
        closes: of each instrument in its quotation currency, oldest first.
        lasting: the instruments whose last close is taken however old it is.
    """
    run = DailyRun(
        ledger,
        closes=closes,
        rates=rates,
        tracks_cash=tracks_cash,
        policy=policy,
        lasting=lasting,
    )
    return run.values(start, end)


class DailyRun:
    """One way through a ledger that values its days and ends with its book."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        closes: Closes,
        rates: RateHistory,
        tracks_cash: bool,
        policy: Policy = _DEFAULT_POLICY,
        lasting: Collection[str] = (),
    ) -> None:
        self._events = in_order(ledger.events)
        self._place = 0
        self._fold = Fold(ledger, policy)
        self._prices = DayPrices(closes, splits_of(self._events), policy.price_basis, lasting)
        self._rates = rates
        self._max_rate_age_days = policy.max_rate_age_days
        self._base = ledger.base_currency
        self._tracks_cash = tracks_cash

    def values(self, start: date, end: date) -> Iterator[DayValue]:
        """Value the end of every day from `start` up to, but without, `end`, once."""
        self._fold.run(self._until(start))
        day = start
        while day < end:
            rates = self._rates.on(day, self._max_rate_age_days)
            valued = _Day(day, self._fold, self._prices, rates, self._base)
            with exact():
                for event in self._until(day + _ONE_DAY):
                    valued.let_happen(event, tracks_cash=self._tracks_cash)
                result = valued.value(tracks_cash=self._tracks_cash)
            # Outside of the block, or the caller would compute in its context.
            yield result
            day += _ONE_DAY

    def book(self) -> Book:
        """Let all that is left happen, and return how everything stands."""
        self._fold.run(self._until(date.max))
        return self._fold.book()

    def _until(self, day: date) -> Sequence[Event]:
        """Return the events up to, but without, a day that were not returned before."""
        first = place = self._place
        while place < len(self._events) and self._events[place].trade_date < day:
            place += 1
        self._place = place
        return self._events[first:place]


class _Flows:
    """What came in and went out on one day, of a portfolio or of a position."""

    __slots__ = ("inflow", "outflow")

    def __init__(self) -> None:
        self.inflow: Decimal | None = _ZERO
        self.outflow: Decimal | None = _ZERO

    def add(self, amount: Decimal | None) -> None:
        """Add what came in, or with a number below zero went out."""
        if amount is None:
            self.inflow = self.outflow = None
        elif amount > 0:
            self.inflow = plus(self.inflow, amount)
        else:
            self.outflow = plus(self.outflow, -amount)


class _Day:
    """One day in the making; arithmetic happens in the caller's context."""

    __slots__ = (
        "_base",
        "_day",
        "_flows",
        "_fold",
        "_missing",
        "_position_flows",
        "_prices",
        "_rates",
    )

    def __init__(self, day: date, fold: Fold, prices: DayPrices, rates: Rates, base: str) -> None:
        self._day = day
        self._fold = fold
        self._prices = prices
        self._rates = rates
        self._base = base
        self._flows = _Flows()
        self._position_flows: dict[str, _Flows] = {}
        self._missing: set[str] = set()

    def let_happen(self, event: Event, *, tracks_cash: bool) -> None:
        """Take the fold one event further, and note what flowed by it."""
        before = self._quantity(event.instrument_id)
        received_before = self._quantity(event.to_instrument_id)
        if not self._fold.apply(event):
            return
        if event.kind in PAYMENTS:
            if tracks_cash:
                self._flows.add(self._payment(event))
            return
        if event.kind in DELIVERIES:
            self._deliver(event, self._quantity(event.instrument_id) - before)
        paid = negated(self._booked(event))
        if not tracks_cash:
            self._flows.add(paid)
        self._flow_into(event.instrument_id, paid)
        if event.kind is Kind.REINVESTMENT:
            self._reinvest(event)
        received = self._quantity(event.to_instrument_id) - received_before
        if event.kind in _TURNS and received:
            self._turn(event, received)

    def value(self, *, tracks_cash: bool) -> DayValue:
        """Value what the fold holds at the end of the day."""
        holdings, cash, positions = PartialSum(), PartialSum(), []
        flows = self._position_flows
        for position in self._fold.holdings():
            instrument_id, quantity = position.instrument_id, position.quantity
            price = self._prices.on(instrument_id, self._day)
            value = value_base = None
            if price is None:
                self._missing.add(instrument_id)
            else:
                value = quantity * price
                if position.multiplier != 1:
                    value *= position.multiplier
                value_base = self._kept(instrument_id, self._in_base(value, position.currency))
            holdings.add(value_base)
            flow = flows.pop(instrument_id, _STILL) if flows else _STILL
            positions.append(
                PositionDay(instrument_id, quantity, value, value_base, flow.inflow, flow.outflow)
            )
        for instrument_id, flow in flows.items():
            positions.append(
                PositionDay(instrument_id, _ZERO, _ZERO, _ZERO, flow.inflow, flow.outflow)
            )
        if tracks_cash:
            for currency, balance in self._fold.cash.items():
                if balance:
                    cash.add(self._kept(currency, self._in_base(balance, currency)))
        both = holdings.joined(cash)
        return DayValue(
            date=self._day,
            value=both.known(),
            cash=cash.known() if tracks_cash else None,
            inflow=self._flows.inflow,
            outflow=self._flows.outflow,
            status=Status.worst(both.status(), Status.PARTIAL) if self._missing else both.status(),
            missing=tuple(sorted(self._missing)),
            positions=tuple(positions),
        )

    def _kept(self, name: str, worth: Decimal | None) -> Decimal | None:
        """Drop a worth that is too large to be kept, as if its price were unknown."""
        if worth is not None and abs(worth) >= TOO_LARGE:
            self._missing.add(name)
            return None
        return worth

    def _quantity(self, instrument_id: str | None) -> Decimal:
        position = self._fold.position(instrument_id)
        return position.quantity if position else _ZERO

    def _flow_into(self, instrument_id: str | None, amount: Decimal | None) -> None:
        if instrument_id and amount != 0:
            self._position_flows.setdefault(instrument_id, _Flows()).add(amount)

    def _deliver(self, event: Event, moved: Decimal) -> None:
        """Note units that came from outside, or went there, at what they are worth."""
        worth = self._worth_of(event, event.instrument_id, moved)
        self._flows.add(worth)
        self._flow_into(event.instrument_id, worth)

    def _reinvest(self, event: Event) -> None:
        """Note the income that left the position and came back as units."""
        income = self._fold.in_base(event, gross(event))
        self._flow_into(event.instrument_id, income)
        self._flow_into(event.instrument_id, negated(income))

    def _turn(self, event: Event, received: Decimal) -> None:
        """Note the worth that went from one position into another."""
        worth = self._worth_of(event, event.to_instrument_id, received)
        if event.kind in {Kind.EXERCISE_BUY, Kind.EXERCISE_SELL}:
            # The strike was paid, or received, for the underlying.
            strike = self._booked(event)
            self._flow_into(event.instrument_id, strike)
            self._flow_into(event.to_instrument_id, negated(strike))
            worth = plus(worth, strike)
        self._flow_into(event.to_instrument_id, worth)
        self._flow_into(event.instrument_id, negated(worth))

    def _worth_of(self, event: Event, instrument_id: str | None, moved: Decimal) -> Decimal | None:
        """Return the market value of units moved, or what the row says instead."""
        position = self._fold.position(instrument_id)
        price = self._prices.on(instrument_id or "", self._day)
        if not moved:
            return _ZERO
        if position and price is not None:
            worth = self._in_base(moved * price * position.multiplier, position.currency)
            return self._kept(instrument_id or "", worth)
        if position and event.price is not None:
            worth = self._fold.in_base(event, moved * event.price * position.multiplier)
            return self._kept(instrument_id or "", worth)
        self._missing.add(instrument_id or "")
        return None

    def _payment(self, event: Event) -> Decimal | None:
        amount = event.amount or _ZERO
        return self._converted(event, amount if event.kind is Kind.DEPOSIT else -amount)

    def _booked(self, event: Event) -> Decimal | None:
        """Return what an event added to the cash; of an exchange there is no other side."""
        if event.kind is Kind.EXCHANGE:
            return self._converted(event, -(event.fee + event.tax))
        changes = cash_changes(event)
        return self._converted(event, changes[0][1]) if changes else _ZERO

    def _converted(self, event: Event, amount: Decimal) -> Decimal | None:
        converted = self._fold.in_base(event, amount)
        if converted is None:
            self._missing.add(pair_name(event.currency, self._base))
        return converted

    def _in_base(self, amount: Decimal, currency: str) -> Decimal | None:
        if currency != self._base:
            rate = self._rates.find_rate(currency, self._base)
            if rate is None:
                self._missing.add(pair_name(currency, self._base))
                return None
            amount *= rate
        return amount


_STILL = _Flows()
