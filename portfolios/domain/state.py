"""What the fold carries from event to event: positions, cash, sums, and what went wrong."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from common.currencies import in_major
from common.money import WHOLE_DIGITS
from marketdata.domain.fx import RateHistory, pair_name
from portfolios.domain.books import Book, Code, Disposal, Lot, Problem, Totals
from portfolios.domain.kinds import Kind
from portfolios.domain.policy import Charges, Policy, PoolScope
from portfolios.domain.positions import RunningPosition
from portfolios.domain.transactions import Event, OrderKey, cash_changes
from portfolios.domain.unknowns import minus, plus

_ZERO = Decimal(0)
#: Larger amounts can't be kept; nobody has them.
TOO_LARGE = Decimal(10) ** WHOLE_DIGITS


class State:
    """Everything between two events; arithmetic happens in the caller's context."""

    def __init__(self, opening: Book, rates: RateHistory) -> None:
        self.base = opening.base_currency
        self.policy: Policy = opening.policy
        self.cash = dict(opening.cash)
        self.disposals: list[Disposal] = []
        self._opening = opening
        self._rates = rates
        self._positions = {
            key: RunningPosition.reopened(position, self.policy.cost_method)
            for key, position in opening.positions.items()
        }
        self._cash_base = dict(opening.cash_base)
        self._problems: dict[tuple[str, Code], Problem] = {}
        self._tally = _Tally(opening.totals)

    def positions(self) -> Iterator[RunningPosition]:
        """Give every position there is or was."""
        return iter(self._positions.values())

    def find_position(self, instrument_id: str | None) -> RunningPosition | None:
        """Return the position in an instrument, if there is or was one."""
        return self._positions.get(instrument_id or "")

    def position(self, event: Event) -> RunningPosition:
        """Return the position in an event's instrument, and begin one if need be."""
        position = self._positions.get(event.instrument_id or "")
        if position is None:
            currency = event.instrument_currency or event.currency
            position = self._begin(event.instrument_id or "", currency, event.multiplier)
        return position

    def position_received(self, event: Event) -> RunningPosition:
        """Return the position in the instrument that an event brings, as `position` does."""
        position = self._positions.get(event.to_instrument_id or "")
        if position is None:
            currency = event.to_instrument_currency or event.currency
            position = self._begin(event.to_instrument_id or "", currency, event.to_multiplier)
        return position

    def settle(self, event: Event) -> None:
        """Bring the quantities that an event changed up to their lots."""
        for key in (event.instrument_id, event.to_instrument_id):
            position = self._positions.get(key or "")
            if position is not None:
                position.settle()

    def _begin(self, instrument_id: str, currency: str, multiplier: Decimal) -> RunningPosition:
        position = RunningPosition(instrument_id, currency, multiplier, self.policy.cost_method)
        self._positions[instrument_id] = position
        return position

    def pool_name(self, account: str) -> str:
        """Return under which name the lots of an account are kept."""
        return account if self.policy.pool_scope is PoolScope.ACCOUNT else ""

    def included_charges(self, event: Event) -> Decimal:
        """Return what of an event's charges belongs to cost and proceeds."""
        fee = event.fee if self.policy.fees is Charges.INCLUDED else _ZERO
        return fee + event.tax if self.policy.taxes is Charges.INCLUDED else fee

    def lot(
        self,
        event: Event,
        position: RunningPosition,
        quantity: Decimal,
        gross: Decimal,
        *,
        charges: Decimal | None = None,
    ) -> Lot:
        """Return the lot that an event brings, or with everything below zero takes.

        Args:
            gross: what the units are worth in the event's currency, with the sign of the quantity.
            charges: inside the cost; None takes the event's own, by the policy.
        """
        if charges is None:
            charges = self.included_charges(event)
        cost = gross + charges
        return Lot(
            opened_on=event.trade_date,
            event_id=event.id,
            quantity=quantity,
            cost=self.converted(event, cost, position.currency),
            cost_base=self.in_base(event, cost),
            charges=self.converted(event, charges, position.currency),
            charges_base=self.in_base(event, charges),
            account=self.pool_name(event.account),
        )

    def in_base(self, event: Event, amount: Decimal | None) -> Decimal | None:
        """Convert what an event booked, at its own rate, else at that of its day."""
        return self.converted(event, amount, self.base)

    def converted(self, event: Event, amount: Decimal | None, target: str) -> Decimal | None:
        """Convert what an event booked into another currency, or report why that can't be."""
        # Nothing is nothing in every currency, also where the rate is unknown.
        if event.currency == target or not amount:
            return amount
        if event.fx_rate and target == self.base and self.policy.uses_booked_rates:
            return self._fitting(event, amount * event.fx_rate, target)
        return self.between(event, amount, event.currency, target)

    def between(
        self, event: Event, amount: Decimal | None, source: str, target: str
    ) -> Decimal | None:
        """Convert an amount at the rate of an event's day, or report why that can't be."""
        if source == target or not amount:
            return amount
        rates = self._rates.on(event.trade_date, self.policy.max_rate_age_days)
        rate = rates.find_rate(source, target)
        if rate is None:
            pair = pair_name(source, target)
            reason = f"There is no exchange rate {pair} for {event.trade_date}."
            self.report(event, Code.RATE_MISSING, reason)
            return None
        return self._fitting(event, amount * rate, target)

    def _fitting(self, event: Event, amount: Decimal, currency: str) -> Decimal | None:
        if abs(amount) >= TOO_LARGE:
            self.report(event, Code.TOO_LARGE, f"The amount in {currency} is too large.")
            return None
        return amount

    def report(self, event: Event, code: Code, reason: str) -> None:
        """Note what of an event can't be taken into account."""
        problem = Problem(event.id, code, reason, event.instrument_id)
        self._problems.setdefault((event.id, code), problem)
        if event.instrument_id:
            self.position(event).flags.add(code)
        if event.to_instrument_id:
            self.position_received(event).flags.add(code)

    def add_income(self, event: Event, amount: Decimal) -> None:
        """Count an income of the portfolio, and of the instrument that it came from."""
        base = self.in_base(event, amount)
        self._tally.add("income", event.currency, amount, base)
        if event.instrument_id:
            position = self.position(event)
            local = self.converted(event, amount, position.currency)
            position.income = plus(position.income, local)
            position.income_base = plus(position.income_base, base)

    def add_charges(self, event: Event, fee: Decimal, tax: Decimal) -> None:
        """Count what was charged, or with numbers below zero given back."""
        position = self.position(event) if event.instrument_id and (fee or tax) else None
        if fee:
            base = self.in_base(event, fee)
            self._tally.add("fees", event.currency, fee, base)
            if position:
                position.fees_base = plus(position.fees_base, base)
        if tax:
            base = self.in_base(event, tax)
            self._tally.add("taxes", event.currency, tax, base)
            if position:
                position.taxes_base = plus(position.taxes_base, base)

    def contribute(self, amount_base: Decimal | None) -> None:
        """Count what came from outside, or with a number below zero went there."""
        self._tally.contributed_base = plus(self._tally.contributed_base, amount_base)

    def move_cash(self, event: Event) -> None:
        """Change the balances as an event says."""
        for currency, change in cash_changes(event):
            if not change and event.kind is not Kind.EXCHANGE:
                continue
            base = self._booked(event, currency, change)
            major, amount = in_major(currency, change)
            self.cash[major] = self.cash.get(major, _ZERO) + amount
            self._cash_base[major] = plus(self._cash_base.get(major, _ZERO), base)

    def _booked(self, event: Event, currency: str, change: Decimal) -> Decimal | None:
        """Return what a change of cash was worth; both sides of an exchange are worth the same."""
        if event.kind is not Kind.EXCHANGE:
            return self.in_base(event, change)
        is_received = currency == event.to_currency
        if event.to_currency == self.base:
            given = event.to_amount
        else:
            given = self.in_base(event, event.amount)
        if is_received:
            return given
        charges = self.in_base(event, event.fee + event.tax)
        return minus(None if given is None else -given, charges)

    def book(self, last_key: OrderKey | None) -> Book:
        """Return everything as it stands now."""
        opening = self._opening
        return Book(
            base_currency=self.base,
            policy=self.policy,
            positions={key: each.frozen() for key, each in sorted(self._positions.items())},
            cash=dict(sorted(self.cash.items())),
            cash_base=dict(sorted(self._cash_base.items())),
            disposals=tuple(self.disposals),
            problems=tuple(self._problems.values()),
            totals=self._tally.totals(),
            last_key=last_key or opening.last_key,
            is_partial=opening.is_partial or bool(self._problems),
        )


class _Tally:
    """Sums of income, fees and taxes, by currency and in the portfolio's."""

    def __init__(self, opening: Totals) -> None:
        self._booked = {
            "income": dict(opening.income),
            "fees": dict(opening.fees),
            "taxes": dict(opening.taxes),
        }
        self._base = {
            "income": opening.income_base,
            "fees": opening.fees_base,
            "taxes": opening.taxes_base,
        }
        self.contributed_base = opening.contributed_base

    def add(self, name: str, currency: str, amount: Decimal, base: Decimal | None) -> None:
        currency, amount = in_major(currency, amount)
        booked = self._booked[name]
        booked[currency] = booked.get(currency, _ZERO) + amount
        self._base[name] = plus(self._base[name], base)

    def totals(self) -> Totals:
        return Totals(
            income=dict(sorted(self._booked["income"].items())),
            fees=dict(sorted(self._booked["fees"].items())),
            taxes=dict(sorted(self._booked["taxes"].items())),
            income_base=self._base["income"],
            fees_base=self._base["fees"],
            taxes_base=self._base["taxes"],
            contributed_base=self.contributed_base,
        )
