"""What a portfolio and its positions were worth at the end of each day, and what flowed."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from operator import attrgetter
from typing import NamedTuple

from common.money import exact
from marketdata.domain.fx import RateHistory, Rates
from portfolios.domain.books import Book, Ledger
from portfolios.domain.flows import DayFlows, Flows
from portfolios.domain.folding import Fold, in_order
from portfolios.domain.policy import Policy
from portfolios.domain.prices import Closes, DayPrices, splits_of
from portfolios.domain.spans import Line, Span, SpanValuation
from portfolios.domain.status import Status
from portfolios.domain.transactions import Event
from portfolios.domain.unknowns import PartialSum

_ZERO = Decimal(0)
_ONE_DAY = timedelta(days=1)
_DEFAULT_POLICY = Policy()


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
    return iter(run.values(start, end))


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

    def values(self, start: date, end: date, *, with_positions: bool = False) -> list[DayValue]:
        """Value the end of every day from `start` up to, but without, `end`, once."""
        self._fold.run(self._until(start))
        span = Span(start, end)
        span.hold(start, self._fold.holdings())
        span.keep(start, self._fold.cash)
        with exact():
            flows = dict(self._flows_until(end, span, with_positions=with_positions))
            valuation = SpanValuation(
                span,
                prices=self._prices,
                rates=self._rates,
                max_rate_age_days=self._max_rate_age_days,
                base=self._base,
            )
            lines = list(valuation.lines()) if with_positions else None
            holdings = valuation.sum_holdings() if lines is None else valuation.sum_of(lines)
            cash = valuation.sum_cash() if self._tracks_cash else None
            values = [
                _day_value(
                    day,
                    holdings.on(place),
                    cash.on(place) if cash else None,
                    flows=flows.get(day),
                    missing=valuation.missing.get(place, set()),
                )
                for place, day in enumerate(span.days())
            ]
            if lines is None:
                return values
            return [
                replace(each, positions=_position_days(lines, place, flows.get(each.date)))
                for place, each in enumerate(values)
            ]

    def events_before(self, day: date) -> int:
        """Return how many events happen before a day."""
        return bisect_left(self._events, day, key=attrgetter("trade_date"))

    def standing(self) -> Book:
        """Return how everything stands after the day that was valued last."""
        return self._fold.book()

    def book(self) -> Book:
        """Let all that is left happen, and return how everything stands."""
        self._fold.run(self._until(date.max))
        return self._fold.book()

    def _flows_until(
        self, end: date, span: Span, *, with_positions: bool
    ) -> Iterator[tuple[date, DayFlows]]:
        """Let the days before `end` happen: note what is held, and give what flowed on which."""
        while self._place < len(self._events) and self._events[self._place].trade_date < end:
            day = self._events[self._place].trade_date
            flows = DayFlows(
                day,
                self._fold,
                prices=self._prices,
                rates=self._rates_on(day),
                base=self._base,
                tracks_cash=self._tracks_cash,
                tells_positions=with_positions,
            )
            events = self._until(day + _ONE_DAY)
            for event in events:
                flows.let_happen(event)
            named = {key for each in events for key in (each.instrument_id, each.to_instrument_id)}
            positions = (self._fold.position(key) for key in named)
            span.hold(day, (each for each in positions if each is not None))
            span.keep(day, self._fold.cash)
            yield day, flows

    def _rates_on(self, day: date) -> Rates:
        return self._rates.on(day, self._max_rate_age_days)

    def _until(self, day: date) -> Sequence[Event]:
        """Return the events up to, but without, a day that were not returned before."""
        first = place = self._place
        while place < len(self._events) and self._events[place].trade_date < day:
            place += 1
        self._place = place
        return self._events[first:place]


def _day_value(
    day: date,
    holdings: PartialSum,
    cash: PartialSum | None,
    *,
    flows: DayFlows | None,
    missing: set[str],
) -> DayValue:
    both = holdings.joined(cash) if cash else holdings
    missing = missing | flows.missing if flows else missing
    return DayValue(
        date=day,
        value=both.known(),
        cash=cash.known() if cash else None,
        inflow=flows.total.inflow if flows else _ZERO,
        outflow=flows.total.outflow if flows else _ZERO,
        status=Status.worst(both.status(), Status.PARTIAL) if missing else both.status(),
        missing=tuple(sorted(missing)),
    )


def _position_days(
    lines: Sequence[Line], place: int, flows: DayFlows | None
) -> tuple[PositionDay, ...]:
    flowed = dict(flows.positions) if flows else {}
    positions = []
    for line in lines:
        quantity = line.units[place]
        if quantity:
            flow = flowed.pop(line.instrument_id, _STILL)
            worth, worth_base = line.worth[place], line.worth_base[place]
            positions.append(
                PositionDay(
                    line.instrument_id, quantity, worth, worth_base, flow.inflow, flow.outflow
                )
            )
    # Of what nothing is left any more, what flowed today is told still.
    positions += [
        PositionDay(key, _ZERO, _ZERO, _ZERO, flow.inflow, flow.outflow)
        for key, flow in flowed.items()
    ]
    return tuple(positions)


_STILL = Flows()
