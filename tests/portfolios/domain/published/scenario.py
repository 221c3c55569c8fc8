"""A published case as the engine sees it: in one currency, by one policy, up to one day."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property

from common.money import exact
from marketdata.domain.fx import RateHistory
from portfolios.domain.attribution import Attribution, PeriodReport, attribute, report_period
from portfolios.domain.books import Book, Disposal, Ledger
from portfolios.domain.daily import DayValue, daily_values
from portfolios.domain.engine import compute
from portfolios.domain.kinds import PAYMENTS, Kind
from portfolios.domain.policy import (
    Charges,
    CostMethod,
    DayCount,
    OversellRule,
    Policy,
    PoolScope,
    PriceBasis,
)
from portfolios.domain.prices import DayPrices, splits_of
from portfolios.domain.series import DayRow, ValueSeries
from portfolios.domain.transactions import Event
from tests.portfolios.domain.published.cases import Case
from tests.portfolios.domain.published.translation import (
    base_of,
    closes_of,
    day_of,
    events_of,
    points_of,
    rates_of,
)

#: The cases give a rate or a price where it changes, and mean it until the next one.
_UNTIL_THE_NEXT = 100 * 365
_CENT = Decimal("0.01")
_DAY = timedelta(days=1)
_METHODS = {
    r"\blifo\b": CostMethod.LIFO,
    r"\bhifo\b": CostMethod.HIFO,
    r"\b(average|acb)\b": CostMethod.AVERAGE,
}


def policy_of(case: Case) -> Policy:
    """Choose what the project that a case comes from does; see the notes of its cases."""
    policy = Policy(max_rate_age_days=_UNTIL_THE_NEXT)
    if case.says(r"already (split-)?adjusted|adjusted-price"):
        policy = replace(policy, price_basis=PriceBasis.SPLIT_ADJUSTED)
    if case.project == "ghostfolio":
        # Its prices are adjusted, its averages and investments without charges.
        return replace(
            policy,
            cost_method=CostMethod.AVERAGE,
            fees=Charges.SEPARATE,
            taxes=Charges.SEPARATE,
            oversell=OversellRule.SHORT,
            price_basis=PriceBasis.SPLIT_ADJUSTED,
        )
    if case.project == "portfolio":
        return replace(
            policy,
            pool_scope=PoolScope.ACCOUNT,
            oversell=OversellRule.SHORT,
            deliveries_realize=True,
        )
    if case.project == "wealthfolio":
        nets = case.says(r"\bshort\b")
        return replace(
            policy,
            pool_scope=PoolScope.ACCOUNT,
            day_count=DayCount.ACTUAL_365_25,
            oversell=OversellRule.SHORT if nets else OversellRule.REPORT,
        )
    if case.project == "rotki":
        methods = [each for words, each in _METHODS.items() if case.says(words)]
        return replace(
            policy,
            cost_method=methods[0] if methods else CostMethod.FIFO,
            oversell=OversellRule.ZERO_COST,
        )
    return policy


@dataclass(frozen=True)
class Scenario:
    """A case asked in one way; `until` and the like return it asked in another.

    Attributes:
        on: the day at whose end everything is looked at.
        chooses: which of the case's events happen.
    """

    case: Case
    policy: Policy
    base: str
    on: date
    chooses: Callable[[Event], bool] = lambda _: True
    is_untaxed: bool = False

    @staticmethod
    def of(case: Case) -> "Scenario":
        return Scenario(case, policy_of(case), base_of(case), _last_day(case))

    def by(self, method: CostMethod) -> "Scenario":
        """Choose how lots are chosen; an average is one over all accounts."""
        scope = (
            PoolScope.PORTFOLIO if method is CostMethod.AVERAGE else policy_of(self.case).pool_scope
        )
        return replace(self, policy=replace(self.policy, cost_method=method, pool_scope=scope))

    def untaxed(self) -> "Scenario":
        """Leave taxes out, as Portfolio Performance does of single securities."""
        return replace(self, is_untaxed=True)

    def only(self, chooses: Callable[[Event], bool]) -> "Scenario":
        return replace(self, chooses=chooses)

    def before(self, event: Event) -> "Scenario":
        """Stop right before an event, in the order in which they count."""
        earlier = {each.id for each in self.events[: self.events.index(event)]}
        return self.only(lambda each: each.id in earlier)

    def after(self, event: Event) -> "Scenario":
        earlier = {each.id for each in self.events[: self.events.index(event) + 1]}
        return self.only(lambda each: each.id in earlier)

    @cached_property
    def events(self) -> list[Event]:
        """What happened up to the end of the day."""
        return [each for each in self.all_events if each.trade_date <= self.on]

    @cached_property
    def all_events(self) -> list[Event]:
        """What happened, later too: adjusted prices are so for later splits as well."""
        events = events_of(self.case, self.base)
        if self.is_untaxed:
            taxes = {Kind.TAX, Kind.TAX_REFUND}
            events = [replace(each, tax=Decimal(0)) for each in events if each.kind not in taxes]
        return [each for each in events if self.chooses(each)]

    @cached_property
    def rates(self) -> RateHistory:
        return rates_of(self.case)

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(self.all_events, self.base, self.rates)

    @cached_property
    def closes(self) -> Mapping[str, list[tuple[date, Decimal]]]:
        return closes_of(self.case, self.all_events, self.policy.price_basis)

    @cached_property
    def book(self) -> Book:
        return compute(replace(self.ledger, events=self.events), policy=self.policy)

    @property
    def disposals(self) -> tuple[Disposal, ...]:
        return self.book.disposals

    @cached_property
    def prices(self) -> dict[str, Decimal]:
        """The last prices up to the end of the day, of the units of that day."""
        with exact():
            found = {key: self.day_prices.on(key, self.on) for key in self.book.positions}
        return {key: price for key, price in found.items() if price is not None}

    @cached_property
    def day_prices(self) -> DayPrices:
        splits = splits_of(self.all_events)
        return DayPrices(self.closes, splits, self.policy.price_basis, self.closes.keys())

    @cached_property
    def attribution(self) -> Attribution:
        return self.attributed(self.prices)

    def attributed(self, prices: Mapping[str, Decimal]) -> Attribution:
        rates = self.rates.on(self.on, _UNTIL_THE_NEXT)
        attribution = attribute(self.book, prices=prices, rates=rates)
        assert not attribution.is_broken
        return attribution

    def rate(self, source: str) -> Decimal:
        """How much one unit of a currency is worth at the end."""
        return self.rates.on(self.on, _UNTIL_THE_NEXT).rate(source, self.base)

    def period(self, start: date, end: date) -> PeriodReport:
        """Report on the days from the one after `start`, at whose close it begins, to `end`."""
        report = report_period(
            self.ledger,
            prices=self.day_prices,
            rates=self.rates,
            start=start + _DAY,
            end=end + _DAY,
            policy=self.policy,
        )
        assert not report.attribution.is_broken
        return report

    @cached_property
    def tracks_cash(self) -> bool:
        """Cash counts where the case says where it came from."""
        return any(event.kind in PAYMENTS for event in self.events)

    @cached_property
    def first(self) -> date:
        return min(event.trade_date for event in self.events)

    @cached_property
    def days(self) -> list[DayValue]:
        """Every day since the first row."""
        return self.valued(tracks_cash=self.tracks_cash)

    def valued(self, *, tracks_cash: bool) -> list[DayValue]:
        return list(
            daily_values(
                self.ledger,
                closes=self.closes,
                rates=self.rates,
                start=self.first,
                end=self.on + _DAY,
                tracks_cash=tracks_cash,
                lasting=self.closes.keys(),
                policy=self.policy,
            )
        )

    @cached_property
    def series(self) -> ValueSeries:
        return ValueSeries.of(
            DayRow(day.date, day.value, day.inflow, day.outflow) for day in self.days
        )

    def cents(self, amount: Decimal | None) -> Decimal | None:
        """Round as Portfolio Performance, which keeps cents; elsewhere nothing is rounded."""
        if amount is None or self.case.project != "portfolio":
            return amount
        return amount.quantize(_CENT, ROUND_HALF_UP)


def _last_day(case: Case) -> date:
    """Say at the end of which day a case looks at everything: the last one it mentions.

    Portfolio Performance's reports go on to the end of the year if no price follows the last row.
    """
    if case.report:
        return case.report[1]
    booked = max((day_of(row["date"]) for row in case.rows), default=date.min)
    quoted = [day for each in (*case.prices.values(), *case.fx.values()) for day in _days_of(each)]
    last = max((*quoted, booked))
    if case.project == "portfolio" and quoted and last == booked > max(quoted):
        return date(booked.year, 12, 31)
    return last


def _days_of(series: Mapping[str, object] | str) -> list[date]:
    if isinstance(series, str):
        return [day for day, _ in points_of(series)]
    return [day_of(day) for day in series]
