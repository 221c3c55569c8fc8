"""What flowed into a portfolio and its positions on one day, and out of them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from marketdata.domain.fx import Rates, pair_name
from portfolios.domain.folding import Fold
from portfolios.domain.kinds import DELIVERIES, PAYMENTS, RECEIVING, Kind
from portfolios.domain.prices import DayPrices
from portfolios.domain.state import TOO_LARGE
from portfolios.domain.transactions import Event, cash_changes, gross
from portfolios.domain.unknowns import negated, plus

_ZERO = Decimal(0)


class Flows:
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


class DayFlows:
    """The flows of one day in the making; arithmetic happens in the caller's context.

    Attributes:
        total: of the portfolio.
        positions: of each position that something flowed into or out of; only if they are told.
        missing: instruments without a price, and pairs of currencies without a rate.
    """

    __slots__ = (
        "_base",
        "_day",
        "_fold",
        "_prices",
        "_rates",
        "_tells_positions",
        "_tracks_cash",
        "missing",
        "positions",
        "total",
    )

    def __init__(
        self,
        day: date,
        fold: Fold,
        *,
        prices: DayPrices,
        rates: Rates,
        base: str,
        tracks_cash: bool,
        tells_positions: bool,
    ) -> None:
        self.total = Flows()
        self.positions: dict[str, Flows] = {}
        self.missing: set[str] = set()
        self._day = day
        self._fold = fold
        self._prices = prices
        self._rates = rates
        self._base = base
        self._tracks_cash = tracks_cash
        self._tells_positions = tells_positions

    def let_happen(self, event: Event) -> None:
        """Take the fold one event further, and note what flowed by it."""
        before = self._quantity(event.instrument_id)
        received_before = self._quantity(event.to_instrument_id)
        if not self._fold.apply(event):
            return
        if event.kind in PAYMENTS:
            if self._tracks_cash:
                self.total.add(self._payment(event))
            return
        if event.kind in DELIVERIES:
            self._deliver(event, self._quantity(event.instrument_id) - before)
        if not self._tracks_cash:
            self.total.add(negated(self._booked(event)))
        if self._tells_positions:
            received = self._quantity(event.to_instrument_id) - received_before
            self._note_position_flows(event, received)

    def _kept(self, name: str, worth: Decimal | None) -> Decimal | None:
        """Drop a worth that is too large to be kept, as if its price were unknown."""
        if worth is not None and abs(worth) >= TOO_LARGE:
            self.missing.add(name)
            return None
        return worth

    def _quantity(self, instrument_id: str | None) -> Decimal:
        position = self._fold.position(instrument_id)
        return position.quantity if position else _ZERO

    def _flow_into(self, instrument_id: str | None, amount: Decimal | None) -> None:
        if instrument_id and amount != 0:
            self.positions.setdefault(instrument_id, Flows()).add(amount)

    def _note_position_flows(self, event: Event, received: Decimal) -> None:
        self._flow_into(event.instrument_id, negated(self._booked(event)))
        if event.kind is Kind.REINVESTMENT:
            self._reinvest(event)
        # One instrument goes over into another: no money moves, but worth does.
        if event.kind in RECEIVING and received:
            self._turn(event, received)

    def _deliver(self, event: Event, moved: Decimal) -> None:
        """Note units that came from outside, or went there, at what they are worth."""
        worth = self._worth_of(event, event.instrument_id, moved)
        self.total.add(worth)
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
        self.missing.add(instrument_id or "")
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
            self.missing.add(pair_name(event.currency, self._base))
        return converted

    def _in_base(self, amount: Decimal, currency: str) -> Decimal | None:
        if currency == self._base:
            return amount
        rate = self._rates.find_rate(currency, self._base)
        if rate is None:
            self.missing.add(pair_name(currency, self._base))
            return None
        return amount * rate
