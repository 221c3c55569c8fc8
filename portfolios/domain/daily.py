"""What a portfolio was worth at the end of each day, and what flowed in or out on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from common.money import exact
from marketdata.domain.fx import RateHistory, Rates, pair_name
from portfolios.domain.books import Ledger, Policy
from portfolios.domain.folding import TOO_LARGE, Fold, in_order
from portfolios.domain.status import Status
from portfolios.domain.transactions import Event, Kind, cash_change
from portfolios.domain.unknowns import PartialSum, plus

#: A close is taken for this long, which bridges any run of holidays.
MAX_CLOSE_AGE_DAYS = 10
_ZERO = Decimal(0)
_ONE_DAY = timedelta(days=1)
_DEFAULT_POLICY = Policy()
_DELIVERIES = frozenset({Kind.TRANSFER_IN, Kind.TRANSFER_OUT})
_DEPOSITS = frozenset({Kind.DEPOSIT, Kind.WITHDRAWAL})

Closes = Mapping[str, Sequence[tuple[date, Decimal]]]


@dataclass(frozen=True, slots=True)
class DayValue:
    """A portfolio at the end of one day, in its currency; sums run over what is known.

    Attributes:
        value: holdings and, where it is tracked, cash; None when nothing of it is known.
        cash: None where it isn't tracked, or no rate for it is known.
        net_flow: what came from outside less what left: deposits, withdrawals, deliveries at
            their market value. Where cash isn't tracked, what was paid and received for holdings.
            None when one of these can't be converted or priced.
        missing: instruments without a close, and pairs of currencies without a rate.
    """

    date: date
    value: Decimal | None
    cash: Decimal | None
    net_flow: Decimal | None
    status: Status
    missing: tuple[str, ...]


def daily_values(
    ledger: Ledger,
    *,
    closes: Closes,
    rates: RateHistory,
    start: date,
    end: date,
    tracks_cash: bool,
    policy: Policy = _DEFAULT_POLICY,
) -> Iterator[DayValue]:
    """Value a portfolio at the end of every day from `start` up to, but without, `end`.

    The ledger is gone through once, from its beginning. A day's price is the last close up to
    it, unless that is older than ten days; never a later one.

    Args:
        closes: of each instrument in its quotation currency, oldest first.
    """
    fold = Fold(ledger, policy)
    events = in_order(ledger.events)
    place = _first_from(events, 0, start)
    fold.run(events[:place])
    prices = _Prices(closes)
    day = start
    while day < end:
        following = _first_from(events, place, day + _ONE_DAY)
        todays_rates = rates.on(day, policy.max_rate_age_days)
        valued = _Day(day, fold, prices, todays_rates, ledger.base_currency)
        with exact():
            for event in events[place:following]:
                valued.let_happen(event, tracks_cash=tracks_cash)
            result = valued.value(tracks_cash=tracks_cash)
        # Outside of the block, or the caller would compute in its context.
        yield result
        place, day = following, day + _ONE_DAY


def _first_from(events: Sequence[Event], place: int, day: date) -> int:
    while place < len(events) and events[place].trade_date < day:
        place += 1
    return place


class _Prices:
    """The last close of each instrument, as the days go by."""

    __slots__ = ("_closes", "_places")

    def __init__(self, closes: Closes) -> None:
        self._closes = closes
        self._places: dict[str, int] = {}

    def on(self, instrument_id: str, day: date) -> Decimal | None:
        """Return the close of a day; days must not go back."""
        series = self._closes.get(instrument_id)
        if not series:
            return None
        place = self._places.get(instrument_id, -1)
        while place + 1 < len(series) and series[place + 1][0] <= day:
            place += 1
        self._places[instrument_id] = place
        if place < 0 or (day - series[place][0]).days > MAX_CLOSE_AGE_DAYS:
            return None
        return series[place][1]


class _Day:
    """One day in the making; arithmetic happens in the caller's context."""

    __slots__ = ("_base", "_day", "_flow", "_fold", "_missing", "_prices", "_rates")

    def __init__(self, day: date, fold: Fold, prices: _Prices, rates: Rates, base: str) -> None:
        self._day = day
        self._fold = fold
        self._prices = prices
        self._rates = rates
        self._base = base
        self._flow: Decimal | None = _ZERO
        self._missing: set[str] = set()

    def let_happen(self, event: Event, *, tracks_cash: bool) -> None:
        """Take the fold one event further, and note what came from outside by it."""
        before = self._quantity(event)
        if not self._fold.apply(event):
            return
        if event.kind in _DELIVERIES:
            flow = self._worth_of_delivery(event, self._quantity(event) - before)
            self._add_flow(self._kept(event.instrument_id or "", flow))
        if tracks_cash and event.kind in _DEPOSITS:
            amount = event.amount or _ZERO
            self._add_flow(self._booked(event, amount if event.kind is Kind.DEPOSIT else -amount))
        elif not tracks_cash and event.kind not in _DEPOSITS:
            self._add_flow(self._booked(event, -cash_change(event)))

    def value(self, *, tracks_cash: bool) -> DayValue:
        """Value what the fold holds at the end of the day."""
        holdings, cash = PartialSum(), PartialSum()
        for instrument_id, currency, quantity in self._fold.holdings():
            price = self._prices.on(instrument_id, self._day)
            if price is None:
                self._missing.add(instrument_id)
                holdings.add(None)
            else:
                holdings.add(self._kept(instrument_id, self._in_base(quantity * price, currency)))
        if tracks_cash:
            for currency, balance in self._fold.cash.items():
                if balance:
                    cash.add(self._kept(currency, self._in_base(balance, currency)))
        both = holdings.joined(cash)
        status = Status.worst(both.status(), Status.PARTIAL) if self._missing else both.status()
        return DayValue(
            date=self._day,
            value=both.known(),
            cash=cash.known() if tracks_cash else None,
            net_flow=self._flow,
            status=status,
            missing=tuple(sorted(self._missing)),
        )

    def _kept(self, name: str, worth: Decimal | None) -> Decimal | None:
        """Drop a worth that is too large to be kept, as if its price were unknown."""
        if worth is not None and abs(worth) >= TOO_LARGE:
            self._missing.add(name)
            return None
        return worth

    def _quantity(self, event: Event) -> Decimal:
        position = self._fold.position(event.instrument_id or "")
        return position.quantity if position else _ZERO

    def _worth_of_delivery(self, event: Event, moved: Decimal) -> Decimal | None:
        """Return the market value of units delivered, or what the row says instead."""
        position = self._fold.position(event.instrument_id or "")
        price = self._prices.on(event.instrument_id or "", self._day)
        if position and price is not None:
            return self._in_base(moved * price, position.currency)
        if event.price is not None:
            return self._booked(event, moved * event.price)
        self._missing.add(event.instrument_id or "")
        return None

    def _add_flow(self, amount: Decimal | None) -> None:
        self._flow = plus(self._flow, amount)

    def _booked(self, event: Event, amount: Decimal) -> Decimal | None:
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
