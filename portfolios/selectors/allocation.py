"""Ask how a portfolio is spread, what its rules say, and which trades lead to its targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from bson import ObjectId

from common.currencies import minor_units
from common.money import exact
from marketdata import selectors as market
from marketdata.domain.classification import Dimension, label_of, read_weights
from marketdata.domain.fx import Rates
from marketdata.domain.instruments import AssetClass
from portfolios.domain import plans, rebalancing
from portfolios.domain.allocation import (
    CASH,
    UNKNOWN,
    Allocation,
    By,
    Classification,
    Worth,
    allocate,
)
from portfolios.domain.measures import Line, Subject
from portfolios.domain.plans import TargetsBy
from portfolios.domain.rebalancing import Asset, Mode, Outcome, Proposal, Terms
from portfolios.domain.rules import Check, check
from portfolios.domain.targets import Drift, Target, drifts
from portfolios.models import Plan, Portfolio
from portfolios.selectors.holdings import Summary, summarize

#: What holds many things itself.
FUNDS = {AssetClass.ETF.value, AssetClass.FUND.value}
_ZERO, _ONE = Decimal(0), Decimal(1)
#: The smallest quantity that can be traded, where it isn't one whole unit.
_STEPS = {AssetClass.FUND.value: Decimal("0.001"), AssetClass.CRYPTO.value: Decimal("0.0001")}


@dataclass(frozen=True, slots=True)
class Wishes:
    """How somebody wants to rebalance; money in the portfolio's currency.

    Attributes:
        uses_cash: the portfolio's own cash may be spent, beside the new.
        step: the smallest quantity of everything, where it isn't the usual one.
    """

    mode: Mode = Mode.BUY_ONLY
    new_cash: Decimal = _ZERO
    uses_cash: bool = False
    keep_cash: Decimal = _ZERO
    least_trade: Decimal = _ZERO
    fee_fixed: Decimal = _ZERO
    fee_rate: Decimal = _ZERO
    step: Decimal | None = None


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """What one unit of something costs.

    Attributes:
        price: in `currency`; None is unknown, like a rate that is.
        multiplier: what one unit at a price of 1 is worth.
        rate: turns it into the portfolio's currency.
    """

    price: Decimal | None
    currency: str
    multiplier: Decimal
    rate: Decimal | None

    @property
    def in_base(self) -> Decimal | None:
        """Return what a unit costs in the portfolio's currency."""
        if self.price is None or self.rate is None:
            return None
        with exact():
            return self.price * self.multiplier * self.rate


@dataclass(frozen=True, slots=True)
class Targets:
    """The targets of a portfolio, and how they stand."""

    plan: plans.Plan
    targets: tuple[Target, ...]
    drifts: tuple[Drift, ...]


class Spread:
    """A portfolio at one moment, with everything that its division and its targets need."""

    def __init__(
        self, portfolio: Portfolio, *, now: datetime, summary: Summary | None = None
    ) -> None:
        """Load it; all that is asked of it afterwards is computed from what was loaded.

        Args:
            summary: what the portfolio is worth now, where that is at hand.
        """
        self.portfolio = portfolio
        self.as_of = now
        self.plan = get_plan(portfolio.pk)
        self.summary: Summary = summary or summarize(portfolio, now=now)
        held = {each.instrument.id for each in self.summary.positions}
        named = {member for target in self.plan.targets for member in target.members}
        #: By the text of its id, everything that is held or named by a target.
        self.instruments: Mapping[str, Any] = market.instruments_by_id(held | named)
        self._rates: Rates = market.current_rates()[0]
        #: Of whatever has one, with its currency.
        self._prices: dict[str, tuple[Decimal, str]] = {
            key: (each.price, each.currency)
            for key, each in market.latest_prices(named.difference(held)).items()
        } | {
            each.instrument.id: (each.worth.price, each.worth.price_currency)
            for each in self.summary.positions
            if each.worth.price is not None and each.worth.price_currency is not None
        }
        self.values: dict[str, Decimal | None] = {
            each.instrument.id: each.worth.value_base for each in self.summary.positions
        }
        self._accounts = {each.instrument.id: each.accounts for each in self.summary.positions}

    @property
    def dimensions(self) -> tuple[By, ...]:
        """Return what the portfolio can be divided by: by accounts only if one has a name."""
        has_names = any(name for units in self._accounts.values() for name in units)
        return tuple(by for by in By if by is not By.ACCOUNT or has_names)

    def allocation(self, by: By) -> Allocation:
        """Divide the portfolio."""
        return allocate(
            [Worth(key, value) for key, value in self.values.items()],
            by=by,
            classifications={
                key: Classification(each.asset_class, each.currency, read_weights(each.weights))
                for key, each in self.instruments.items()
            },
            cash=self._cash(),
            accounts=self._accounts,
        )

    def checks(self) -> tuple[Check, ...]:
        """Apply the rules, with the limits that the owner has set."""
        summary = self.summary
        subject = Subject(
            currency=self.portfolio.base_currency,
            total=summary.valuation.total,
            status=summary.valuation.status,
            lines=[
                Line(
                    each.instrument.symbol,
                    each.worth.value_base,
                    each.cost_base,
                    is_spread=each.instrument.asset_class in FUNDS,
                )
                for each in summary.positions
            ],
            cash=summary.valuation.cash if self._is_cash_known() else None,
            fees=summary.fees,
            monthly_spending=self.plan.monthly_spending,
            allocations={by: self.allocation(by) for by in self.dimensions},
            label=slice_label,
        )
        return check(subject, limits=self.plan.limits)

    def targets(self) -> Targets:
        """Compare what is held with the targets."""
        targets = self._targets()
        found = drifts(targets, values=self.values, bands=self.plan.bands)
        return Targets(self.plan, targets, found)

    def proposal(self, wishes: Wishes) -> Proposal:
        """Find the trades that lead to the targets; nothing is changed."""
        if wishes.uses_cash and not self._is_cash_known():
            return Proposal(Outcome.NO_CASH, "How much cash the portfolio has isn't known.")
        return rebalancing.propose(
            self._targets(),
            assets=self.assets(wishes.step),
            terms=self.terms(wishes),
            bands=self.plan.bands,
        )

    def terms(self, wishes: Wishes) -> Terms:
        """Return what a proposal must keep to."""
        own = (self.summary.valuation.cash or _ZERO) if wishes.uses_cash else _ZERO
        with exact():
            return Terms(
                mode=wishes.mode,
                cash=wishes.new_cash + own,
                keep_cash=wishes.keep_cash,
                least_trade=wishes.least_trade,
                fee_fixed=wishes.fee_fixed,
                fee_rate=wishes.fee_rate,
                cent=_ONE.scaleb(-minor_units(self.portfolio.base_currency)),
            )

    def target_label(self, key: str) -> str:
        """Name a target for people."""
        if self.plan.by is TargetsBy.ASSET_CLASS:
            return slice_label(By.ASSET_CLASS, key)
        return self.symbol(key)

    def symbol(self, instrument_id: str) -> str:
        """Return the symbol of what is held or named by a target, else what was given."""
        found = self.instruments.get(instrument_id)
        return found.symbol if found else instrument_id

    def _targets(self) -> tuple[Target, ...]:
        held = {each.instrument.id: each.instrument.asset_class for each in self.summary.positions}
        return plans.resolved(self.plan, held=held)

    def assets(self, step: Decimal | None) -> dict[str, Asset]:
        """Return what targets name, with what can be traded of it."""
        quantities = {each.instrument.id: each.quantity for each in self.summary.positions}
        return {
            key: Asset(
                key,
                quantities.get(key, _ZERO),
                self.unit_price(key).in_base,
                step or _STEPS.get(self.instruments[key].asset_class, _ONE),
            )
            for target in self._targets()
            for key in target.members
            if key in self.instruments
        }

    def unit_price(self, key: str) -> UnitPrice:
        """Return what a unit of something costs that is held or named by a target."""
        instrument = self.instruments[key]
        price, currency = self._prices.get(key, (None, instrument.currency))
        rate = self._rates.find_rate(currency, self.portfolio.base_currency)
        return UnitPrice(price, currency, instrument.multiplier, rate)

    def _cash(self) -> dict[str, Decimal | None]:
        """Return the balance of each currency in the portfolio's own."""
        if self.summary.cash is None:
            return {}
        cash: dict[str, Decimal | None] = {}
        with exact():
            for currency, balance in self.summary.cash.items():
                rate = self._rates.find_rate(currency, self.portfolio.base_currency)
                if balance:
                    cash[currency] = None if rate is None else balance * rate
        return cash

    def _is_cash_known(self) -> bool:
        cash = self.summary.valuation.cash
        return cash is not None and all(value is not None for value in self._cash().values())


def get_plan(portfolio_id: ObjectId) -> plans.Plan:
    """Load what the owner of a portfolio aims at; nothing where they have said nothing."""
    stored = Plan.objects.filter(portfolio_id=portfolio_id).first()
    return plans.read_plan(stored.content if stored else None)


def slice_label(by: By, key: str) -> str:
    """Name a slice of an allocation for people."""
    if key in {CASH, UNKNOWN}:
        return key.capitalize()
    return key or "No account" if by is By.ACCOUNT else label_of(Dimension(by.value), key)
