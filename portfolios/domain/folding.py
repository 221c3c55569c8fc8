"""The fold behind the engine: one event after the other changes positions, cash and totals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from common.errors import InvalidInput
from common.money import MINOR_UNITS, WHOLE_DIGITS, exact
from marketdata.domain.fx import pair_name
from portfolios.domain.books import (
    Book,
    Code,
    Disposal,
    Ledger,
    Lot,
    Policy,
    Problem,
    Totals,
)
from portfolios.domain.positions import DUST, RunningPosition
from portfolios.domain.transactions import (
    Event,
    Kind,
    cash_change,
    order_key,
    why_unusable,
)
from portfolios.domain.unknowns import known_sum, minus, plus

_ZERO = Decimal(0)
#: Larger amounts can't be kept; nobody has them.
TOO_LARGE = Decimal(10) ** WHOLE_DIGITS


class OutOfOrder(InvalidInput):
    """An event belongs before the end of the book that was to be continued."""

    code = "out-of-order"


class BookMismatch(InvalidInput):
    """The book to be continued was made in another currency or by another policy."""

    code = "book-mismatch"


def in_order(events: Iterable[Event]) -> list[Event]:
    """Put events into the one order in which they count."""
    return sorted(events, key=order_key)


class Fold:
    """The state between two events; `run` takes it further, `book` shows it."""

    def __init__(self, ledger: Ledger, policy: Policy) -> None:
        opening = ledger.opening or Book(ledger.base_currency, policy)
        if (opening.base_currency, opening.policy) != (ledger.base_currency, policy):
            raise BookMismatch
        self._base = ledger.base_currency
        self._policy = policy
        self._rates = ledger.rates
        self._positions = {
            key: RunningPosition.reopened(position) for key, position in opening.positions.items()
        }
        self._cash = dict(opening.cash)
        self._disposals: list[Disposal] = []
        self._problems: dict[tuple[str, Code], Problem] = {}
        self._tally = _Tally(opening.totals)
        self._opening = opening
        self._last_event: Event | None = None
        self._steps: Mapping[Kind, Callable[[Event], None]] = {
            Kind.BUY: self._buy,
            Kind.SELL: self._sell,
            Kind.TRANSFER_IN: self._transfer_in,
            Kind.TRANSFER_OUT: self._transfer_out,
            Kind.SPLIT: self._split,
            Kind.DIVIDEND: self._earn,
            Kind.INTEREST: self._earn,
        }

    def run(self, events: Sequence[Event]) -> None:
        """Let events happen, which must come in order, each run after the one before.

        Raises:
            OutOfOrder: the first belongs before the end of the book that is continued.
        """
        if not events:
            return
        reached = self._opening.last_key
        if reached is not None and order_key(events[0]) <= reached:
            raise OutOfOrder(f"Event {events[0].id} belongs before the end of the book.")
        with exact():
            for event in events:
                self.apply(event)

    def apply(self, event: Event) -> bool:
        """Let one event happen, in the caller's decimal context; say whether it could."""
        self._last_event = event
        reason = why_unusable(event)
        if reason:
            self._report(event, Code.UNUSABLE, reason)
            return False
        currency, change = _in_major(event.currency, cash_change(event))
        if change:
            self._cash[currency] = self._cash.get(currency, _ZERO) + change
        step = self._steps.get(event.kind)
        if step is not None:
            step(event)
        self._note_charges(event)
        return True

    def holdings(self) -> Iterator[tuple[str, str, Decimal]]:
        """Give instrument, quotation currency and quantity of what is held now."""
        for key, position in self._positions.items():
            if position.quantity:
                yield key, position.currency, position.quantity

    def position(self, instrument_id: str) -> RunningPosition | None:
        """Return what is and was held of an instrument; it changes with the next event."""
        return self._positions.get(instrument_id)

    @property
    def cash(self) -> Mapping[str, Decimal]:
        """Return the balance of each currency now."""
        return self._cash

    def in_base(self, event: Event, amount: Decimal | None) -> Decimal | None:
        """Convert what an event booked, at its own rate, else at that of its day."""
        return self._converted(event, amount, self._base)

    def book(self) -> Book:
        """Return everything as it stands now."""
        opening = self._opening
        with exact():
            return Book(
                base_currency=self._base,
                policy=self._policy,
                positions={key: each.frozen() for key, each in sorted(self._positions.items())},
                cash=dict(sorted(self._cash.items())),
                disposals=(*opening.disposals, *self._disposals),
                problems=(*opening.problems, *self._problems.values()),
                totals=self._tally.totals(),
                last_key=order_key(self._last_event) if self._last_event else opening.last_key,
            )

    def _buy(self, event: Event) -> None:
        gross = (event.quantity or _ZERO) * (event.price or _ZERO)
        self._receive(event, gross + event.fee + event.tax)

    def _transfer_in(self, event: Event) -> None:
        if event.price is None:
            self._report(event, Code.COST_UNKNOWN, "What the units cost is unknown: no price.")
            self._receive(event, None)
        else:
            self._buy(event)

    def _receive(self, event: Event, cost: Decimal | None) -> None:
        position = self._position(event)
        position.receive(
            Lot(
                opened_on=event.trade_date,
                event_id=event.id,
                quantity=event.quantity or _ZERO,
                cost=self._in_currency_of(position, event, cost),
                cost_base=self.in_base(event, cost),
            )
        )

    def _sell(self, event: Event) -> None:
        position, sold = self._position(event), event.quantity or _ZERO
        lots = self._take(event, position)
        if not lots:
            return
        net = sold * (event.price or _ZERO) - event.fee - event.tax
        taken = sum((lot.quantity for lot in lots), _ZERO)
        if sold - taken >= DUST:
            # The rest of the money came for units that nobody knows of.
            net = net * taken / sold
        proceeds = self._in_currency_of(position, event, net)
        proceeds_base = self.in_base(event, net)
        cost = known_sum(lot.cost for lot in lots)
        cost_base = known_sum(lot.cost_base for lot in lots)
        disposal = Disposal(
            event_id=event.id,
            instrument_id=position.instrument_id,
            date=event.trade_date,
            currency=position.currency,
            quantity=taken,
            proceeds=proceeds,
            cost=cost,
            gain=minus(proceeds, cost),
            proceeds_base=proceeds_base,
            cost_base=cost_base,
            gain_base=minus(proceeds_base, cost_base),
            lots=lots,
        )
        self._disposals.append(disposal)
        position.realize(disposal.gain, disposal.gain_base)

    def _transfer_out(self, event: Event) -> None:
        self._take(event, self._position(event))

    def _take(self, event: Event, position: RunningPosition) -> tuple[Lot, ...]:
        wanted, held = event.quantity or _ZERO, position.quantity
        if wanted - held >= DUST:
            self._report(
                event,
                Code.OVERSOLD,
                f"{wanted:f} went out, but only {held:f} were held: "
                f"where {wanted - held:f} came from is unknown.",
            )
        return position.take(wanted)

    def _split(self, event: Event) -> None:
        position, ratio = self._positions.get(event.instrument_id or ""), event.ratio or _ZERO
        if position is None:
            return
        if position.quantity * ratio >= TOO_LARGE:
            self._report(event, Code.TOO_LARGE, "The split makes too many units to compute with.")
        else:
            position.split(ratio)

    def _earn(self, event: Event) -> None:
        amount = event.amount or _ZERO
        base = self.in_base(event, amount)
        self._tally.add("income", event.currency, amount, base)
        if event.instrument_id:
            position = self._position(event)
            position.income = plus(position.income, self._in_currency_of(position, event, amount))
            position.income_base = plus(position.income_base, base)

    def _note_charges(self, event: Event) -> None:
        fee, tax = event.fee, event.tax
        if event.kind is Kind.FEE:
            fee += event.amount or _ZERO
        elif event.kind is Kind.TAX:
            tax += event.amount or _ZERO
        if not (fee or tax):
            return
        position = self._position(event) if event.instrument_id else None
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

    def _position(self, event: Event) -> RunningPosition:
        instrument_id = event.instrument_id or ""
        position = self._positions.get(instrument_id)
        if position is None:
            currency = event.instrument_currency or event.currency
            position = self._positions[instrument_id] = RunningPosition(instrument_id, currency)
        return position

    def _in_currency_of(
        self, position: RunningPosition, event: Event, amount: Decimal | None
    ) -> Decimal | None:
        return self._converted(event, amount, position.currency)

    def _converted(self, event: Event, amount: Decimal | None, target: str) -> Decimal | None:
        # Nothing is nothing in every currency, also where the rate is unknown.
        if event.currency == target or not amount:
            return amount
        rate = event.fx_rate if target == self._base else None
        if not rate:
            rates = self._rates.on(event.trade_date, self._policy.max_rate_age_days)
            rate = rates.find_rate(event.currency, target)
        if rate is None:
            pair = pair_name(event.currency, target)
            self._report(
                event,
                Code.RATE_MISSING,
                f"There is no exchange rate {pair} for {event.trade_date}.",
            )
            return None
        converted = amount * rate
        if abs(converted) >= TOO_LARGE:
            self._report(event, Code.TOO_LARGE, f"The amount in {target} is too large.")
            return None
        return converted

    def _report(self, event: Event, code: Code, reason: str) -> None:
        problem = Problem(event.id, code, reason, event.instrument_id)
        self._problems.setdefault((event.id, code), problem)
        if event.instrument_id:
            self._position(event).flags.add(code)


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

    def add(self, name: str, currency: str, amount: Decimal, base: Decimal | None) -> None:
        currency, amount = _in_major(currency, amount)
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
        )


def _in_major(currency: str, amount: Decimal) -> tuple[str, Decimal]:
    """Turn pence into pounds: prices are quoted in them, but nobody has an account in them."""
    major = MINOR_UNITS.get(currency)
    return (currency, amount) if major is None else (major[0], amount * major[1])
