"""The fold behind the engine: one event after the other changes positions, cash and totals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from common.errors import InvalidInput
from common.money import exact
from portfolios.domain import actions, trades
from portfolios.domain.books import Book, Code, Ledger
from portfolios.domain.checks import why_unusable
from portfolios.domain.kinds import Kind
from portfolios.domain.policy import Policy
from portfolios.domain.positions import RunningPosition
from portfolios.domain.state import State
from portfolios.domain.transactions import Event, gross, order_key

_ZERO = Decimal(0)

Step = Callable[[State, Event], None]


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
        self._state = State(opening, ledger.rates)
        self._reached = opening.last_key
        self._last_event: Event | None = None

    def run(self, events: Sequence[Event]) -> None:
        """Let events happen, which must come in order, each run after the one before.

        Raises:
            OutOfOrder: the first belongs before the end of the book that is continued.
        """
        if not events:
            return
        if self._reached is not None and order_key(events[0]) <= self._reached:
            raise OutOfOrder(f"Event {events[0].id} belongs before the end of the book.")
        with exact():
            for event in events:
                self.apply(event)

    def apply(self, event: Event) -> bool:
        """Let one event happen, in the caller's decimal context; say whether it could."""
        self._last_event = event
        reason = why_unusable(event)
        if reason:
            self._state.report(event, Code.UNUSABLE, reason)
            return False
        self._state.move_cash(event)
        step = _STEPS.get(event.kind)
        if step is not None:
            step(self._state, event)
            self._state.settle(event)
        _note_charges(self._state, event)
        return True

    def holdings(self) -> Iterator[RunningPosition]:
        """Give every position that something is held of now, or sold short."""
        return (position for position in self._state.positions() if position.quantity)

    def position(self, instrument_id: str | None) -> RunningPosition | None:
        """Return what is and was held of an instrument; it changes with the next event."""
        return self._state.find_position(instrument_id)

    @property
    def cash(self) -> Mapping[str, Decimal]:
        """Return the balance of each currency now."""
        return self._state.cash

    def in_base(self, event: Event, amount: Decimal | None) -> Decimal | None:
        """Convert what an event booked, at its own rate, else at that of its day."""
        return self._state.in_base(event, amount)

    def book(self) -> Book:
        """Return everything as it stands now."""
        with exact():
            return self._state.book(order_key(self._last_event) if self._last_event else None)


def _earn(state: State, event: Event) -> None:
    state.add_income(event, event.amount or _ZERO)


def _reinvest(state: State, event: Event) -> None:
    """Earn what bought the units and paid the charges; those belong to the income."""
    position, cost = state.position(event), gross(event)
    state.add_income(event, cost + event.fee + event.tax)
    lot = state.lot(event, position, event.quantity or _ZERO, cost, charges=_ZERO)
    trades.trade(state, event, position, lot, opens=True)


def _deposit(state: State, event: Event) -> None:
    state.contribute(state.in_base(event, event.amount))


def _withdraw(state: State, event: Event) -> None:
    state.contribute(state.in_base(event, -(event.amount or _ZERO)))


_STEPS: Mapping[Kind, Step] = {
    Kind.BUY: trades.buy,
    Kind.SELL: trades.sell,
    Kind.SELL_SHORT: trades.sell,
    Kind.BUY_TO_COVER: trades.cover,
    Kind.REDEMPTION: trades.sell,
    Kind.TRANSFER_IN: trades.transfer_in,
    Kind.TRANSFER_OUT: trades.transfer_out,
    Kind.TRANSFER: trades.transfer,
    Kind.EXPIRY: trades.expire,
    Kind.EXERCISE_BUY: trades.exercise,
    Kind.EXERCISE_SELL: trades.exercise,
    Kind.SPLIT: actions.split,
    Kind.SPIN_OFF: actions.spin_off,
    Kind.MERGER: actions.merge,
    Kind.RETURN_OF_CAPITAL: actions.return_capital,
    Kind.NOTIONAL_DISTRIBUTION: actions.add_capital,
    Kind.DIVIDEND: _earn,
    Kind.INTEREST: _earn,
    Kind.REINVESTMENT: _reinvest,
    Kind.DEPOSIT: _deposit,
    Kind.WITHDRAWAL: _withdraw,
}
#: Which charge the amount of these is, and whether it was given back.
_CHARGED = {
    Kind.FEE: ("fee", 1),
    Kind.FEE_REFUND: ("fee", -1),
    Kind.TAX: ("tax", 1),
    Kind.TAX_REFUND: ("tax", -1),
}


def _note_charges(state: State, event: Event) -> None:
    """Count the charges of an event, and the interest that was bought or sold along with it."""
    charges = {"fee": event.fee, "tax": event.tax}
    if event.kind in _CHARGED:
        name, sign = _CHARGED[event.kind]
        charges[name] += sign * (event.amount or _ZERO)
    if charges["fee"] or charges["tax"]:
        state.add_charges(event, charges["fee"], charges["tax"])
    if event.accrued:
        is_received = event.kind in {Kind.SELL, Kind.SELL_SHORT, Kind.REDEMPTION}
        state.add_income(event, event.accrued if is_received else -event.accrued)
