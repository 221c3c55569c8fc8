"""What a portfolio and its positions were worth at the end of each day, and what flowed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from common.money import WHOLE_DIGITS, exact
from marketdata.domain.fx import RateHistory, Rates, pair_name
from portfolios.domain.books import Book, Ledger
from portfolios.domain.folding import Fold, in_order
from portfolios.domain.kinds import DELIVERIES, PAYMENTS, Kind
from portfolios.domain.policy import Policy
from portfolios.domain.positions import RunningPosition
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
        positions: those that are held, and those that something flowed into or out of; only where
            they were asked for.
    """

    date: date
    value: Decimal | None
    cash: Decimal | None
    inflow: Decimal | None
    outflow: Decimal | None
    status: Status
    missing: tuple[str, ...]
    positions: tuple[PositionDay, ...] = ()

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
    ledger = replace(ledger, events=list(ledger.events))
    prices = DayPrices(closes, splits_of(ledger.events), policy.price_basis, lasting)
    run = DailyRun(ledger, prices=prices, rates=rates, tracks_cash=tracks_cash, policy=policy)
    return run.values(start, end)


class DailyRun:
    """One way through a ledger that values its days and ends with its book."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        prices: DayPrices,
        rates: RateHistory,
        tracks_cash: bool,
        policy: Policy = _DEFAULT_POLICY,
    ) -> None:
        self._events = in_order(ledger.events)
        self._place = 0
        self._fold = Fold(ledger, policy)
        self._prices = prices
        self._rates = rates
        self._max_rate_age_days = policy.max_rate_age_days
        self._base = ledger.base_currency
        self._tracks_cash = tracks_cash

    def values(self, start: date, end: date, *, with_positions: bool = False) -> Iterator[DayValue]:
        """Value the end of every day from `start` up to, but without, `end`, once."""
        self._fold.run(self._until(start))
        day = start
        while day < end:
            rates = self._rates.on(day, self._max_rate_age_days)
            valued = _Day(day, self._fold, self._prices, rates, self._base)
            valued.tracks_cash = self._tracks_cash
            valued.tells_positions = with_positions
            with exact():
                for event in self._until(day + _ONE_DAY):
                    valued.let_happen(event)
                result = valued.value()
            # Outside of the block, or the caller would compute in its context.
            yield result
            day += _ONE_DAY

    def standing(self) -> Book:
        """Return how everything stands after the day that was valued last."""
        return self._fold.book()

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
        "tells_positions",
        "tracks_cash",
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
        self.tracks_cash = True
        self.tells_positions = False

    def let_happen(self, event: Event) -> None:
        """Take the fold one event further, and note what flowed by it."""
        before = self._quantity(event.instrument_id)
        received_before = self._quantity(event.to_instrument_id)
        if not self._fold.apply(event):
            return
        if event.kind in PAYMENTS:
            if self.tracks_cash:
                self._flows.add(self._payment(event))
            return
        if event.kind in DELIVERIES:
            self._deliver(event, self._quantity(event.instrument_id) - before)
        if not self.tracks_cash:
            self._flows.add(negated(self._booked(event)))
        if self.tells_positions:
            received = self._quantity(event.to_instrument_id) - received_before
            self._note_position_flows(event, received)

    def value(self) -> DayValue:
        """Value what the fold holds at the end of the day."""
        holdings, cash = PartialSum(), PartialSum()
        if self.tells_positions:
            positions = self._list_positions(holdings)
        else:
            positions = []
            self._sum_holdings(holdings)
        if self.tracks_cash:
            for currency, balance in self._fold.cash.items():
                if balance:
                    cash.add(self._kept(currency, self._in_base(balance, currency)))
        both = holdings.joined(cash)
        return DayValue(
            date=self._day,
            value=both.known(),
            cash=cash.known() if self.tracks_cash else None,
            inflow=self._flows.inflow,
            outflow=self._flows.outflow,
            status=Status.worst(both.status(), Status.PARTIAL) if self._missing else both.status(),
            missing=tuple(sorted(self._missing)),
            positions=tuple(positions),
        )

    def _sum_holdings(self, holdings: PartialSum) -> None:
        """Add up all positions, those of one currency before they are converted.

        This is done for every day of many years: one conversion a currency is half the time.
        """
        sums: dict[str, Decimal] = {}
        for position in self._fold.holdings():
            value = self._worth(position)
            if value is None:
                holdings.add(None)
            elif value.adjusted() >= _SUMMED_DIGITS:
                holdings.add(self._value_base(position, value))
            else:
                sums[position.currency] = sums.get(position.currency, _ZERO) + value
        for currency, value in sums.items():
            holdings.add(self._in_base(value, currency))

    def _list_positions(self, holdings: PartialSum) -> list[PositionDay]:
        positions = [self._position(position, holdings) for position in self._fold.holdings()]
        # Of what nothing is left any more, what flowed today is told still.
        positions += [
            PositionDay(key, _ZERO, _ZERO, _ZERO, flow.inflow, flow.outflow)
            for key, flow in self._position_flows.items()
        ]
        return positions

    def _position(self, position: RunningPosition, holdings: PartialSum) -> PositionDay:
        value = self._worth(position)
        value_base = None if value is None else self._value_base(position, value)
        holdings.add(value_base)
        flow = self._position_flows.pop(position.instrument_id, _STILL)
        return PositionDay(
            position.instrument_id,
            position.quantity,
            value,
            value_base,
            flow.inflow,
            flow.outflow,
        )

    def _worth(self, position: RunningPosition) -> Decimal | None:
        price = self._prices.on(position.instrument_id, self._day)
        if price is None:
            self._missing.add(position.instrument_id)
            return None
        value = position.quantity * price
        return value if position.multiplier == 1 else value * position.multiplier

    def _value_base(self, position: RunningPosition, value: Decimal) -> Decimal | None:
        return self._kept(position.instrument_id, self._in_base(value, position.currency))

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

    def _note_position_flows(self, event: Event, received: Decimal) -> None:
        self._flow_into(event.instrument_id, negated(self._booked(event)))
        if event.kind is Kind.REINVESTMENT:
            self._reinvest(event)
        if event.kind in _TURNS and received:
            self._turn(event, received)

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
        if currency == self._base:
            return amount
        rate = self._rates.find_rate(currency, self._base)
        if rate is None:
            self._missing.add(pair_name(currency, self._base))
            return None
        return amount * rate


_STILL = _Flows()
#: Positions of more digits than this, which nobody has, are looked at one by one.
_SUMMED_DIGITS = WHOLE_DIGITS - 6
