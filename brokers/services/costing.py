"""Compare what a broker says that positions cost with what the ledger's rows come to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from brokers.domain.costs import (
    Costed,
    averaged_by_day,
    premiums_apart,
    unpriced,
    washed_losses,
)
from brokers.domain.events import EventState, HeldUnits, as_event
from brokers.domain.reconcile import Line
from brokers.models import BrokerRow, Connection
from brokers.services.posting import draft_of
from common.money import rounded_to_places
from portfolios import selectors as portfolios
from portfolios.domain.books import Book, Position
from portfolios.domain.engine import (
    Charges,
    CostMethod,
    Ledger,
    OversellRule,
    Policy,
    PoolScope,
    compute,
)
from portfolios.domain.kinds import EXERCISES
from portfolios.domain.transactions import Draft, Event

_ZERO = Decimal(0)
#: First those that brokers use.
_METHODS: Mapping[CostMethod, str] = {
    CostMethod.FIFO: "first in, first out",
    CostMethod.AVERAGE: "average cost",
    CostMethod.HIFO: "highest cost first",
    CostMethod.LIFO: "last in, first out",
}
_CHARGES: Mapping[Charges, str] = {
    Charges.INCLUDED: "fees and taxes in the cost",
    Charges.SEPARATE: "fees and taxes apart from the cost",
}
#: What decides how much a trade cost; a row that is equal in these costs as much.
_PRICED = ("quantity", "price", "fee", "tax")


@dataclass(frozen=True, slots=True)
class HeldCost:
    """What a broker says that all of a position cost; None where it doesn't tell."""

    symbol: str
    currency: str
    units: Decimal
    cost: Decimal | None

    def plus(self, held: HeldUnits) -> HeldCost:
        """Add what an answer tells in another place; what is unknown in part is unknown."""
        is_known = self.cost is not None and held.cost is not None
        cost = (self.cost or _ZERO) + (held.cost or _ZERO) if is_known else None
        return replace(self, units=self.units + held.quantity, cost=cost)

    @property
    def known(self) -> Decimal | None:
        """Return the cost with the sign of the units; nought stands for unknown."""
        return abs(self.cost).copy_sign(self.units) if self.cost and self.units else None


def policy_of(connection: Connection) -> Policy:
    """Return how the ledger of an account is counted: by the portfolio's rules, short sales too.

    All of its rows are of one account, also those that name it otherwise.
    """
    portfolio = portfolios.get_portfolio(connection.portfolio_id, owner_id=connection.owner_id)
    chosen = Policy.chosen(portfolio.policy)
    return replace(chosen, oversell=OversellRule.SHORT, pool_scope=PoolScope.PORTFOLIO)


def count(events: Sequence[Event], *, policy: Policy) -> Book:
    """Count what rows come to; no currency is converted."""
    return compute(Ledger(list(events), base_currency="USD"), policy=policy)


def cost_lines(
    connection: Connection,
    *,
    theirs: Mapping[str, HeldCost],
    book: Book,
    events: Sequence[Event],
) -> dict[str, Line]:
    """Compare the cost of what both sides hold as much of; return a line for each symbol.

    Where units differ, costs must; and where the broker tells no cost there is nothing to compare.

    Args:
        theirs: by instrument.
        book: of `events`, by the rules of the portfolio.
    """
    costed = dict(_costed(theirs, book))
    differing = {key for key, each in costed.items() if not each.is_equal}
    costed.update(_explained(costed, differing, book, events))
    known = {event.id: event for event in events}
    changed = _changed(connection, known, differing) if differing else {}
    for key in differing:
        position = book.positions[key]
        lots = [each for each in book.disposals if each.instrument_id == key]
        costed[key] = replace(
            costed[key],
            washed=washed_losses(lots, position.lots),
            changed=changed.get(key),
        )
    return {each.symbol: each.line() for each in costed.values()}


def _costed(theirs: Mapping[str, HeldCost], book: Book) -> Iterator[tuple[str, Costed]]:
    for key, held in theirs.items():
        position, cost = book.positions.get(key), held.known
        if position is None or cost is None:
            continue
        if position.currency == held.currency and _are_as_many(position, held.units):
            yield key, Costed(held.symbol, held.currency, held.units, cost, position.cost)


def _are_as_many(position: Position, units: Decimal) -> bool:
    return rounded_to_places(position.quantity) == rounded_to_places(units)


def _explained(
    costed: Mapping[str, Costed], differing: set[str], book: Book, events: Sequence[Event]
) -> Iterator[tuple[str, Costed]]:
    """Count what differs by other rules too, until each is explained or there are no more."""
    left = {key: costed[key] for key in differing}
    told = about(events, differing)
    known = {event.id: event for event in told}
    for rules, policy, rows in _rules(book.policy, told):
        if not left:
            return
        other = count(rows, policy=policy)
        for key, each in list(left.items()):
            found = replace(each, otherwise=((rules, other.positions[key].cost),))
            if policy.cost_method is CostMethod.FIFO:
                units, brought = unpriced(other.positions[key].lots, known)
                found = replace(found, unknown=units, can_price=bool(brought))
            left[key] = found
            if found.is_explained:
                del left[key]
                yield key, found
    yield from left.items()


def about(events: Sequence[Event], keys: set[str]) -> list[Event]:
    """Choose the rows about some instruments, and about what became these."""
    ids: set[str | None] = set(keys)
    reached = 0
    while len(ids) > reached:
        reached = len(ids)
        ids |= {each.instrument_id for each in events if each.to_instrument_id in ids}
    return [each for each in events if each.instrument_id in ids]


def _rules(own: Policy, events: Sequence[Event]) -> Iterator[tuple[str, Policy, Sequence[Event]]]:
    """Name the rules that brokers may count by, those that are most usual first."""
    first = replace(own, cost_method=CostMethod.FIFO)
    for charges, of_charges in _CHARGES.items():
        for method, name in _METHODS.items():
            policy = replace(own, cost_method=method, fees=charges, taxes=charges)
            is_first = method is CostMethod.FIFO
            if policy.choices() != own.choices() or is_first:
                yield f"“{name}” and {of_charges}", policy, events
            if is_first and charges is Charges.INCLUDED:
                # Alpaca's own; each more is another way through the rows.
                yield "purchases of one day at their average price", first, averaged_by_day(events)
    if any(event.kind in EXERCISES for event in events):
        yield "strike prices without what the options cost", first, list(premiums_apart(events))


def _changed(
    connection: Connection, events: Mapping[str, Event], wanted: set[str]
) -> dict[str, tuple[str, date]]:
    """Find the newest row of each instrument that was changed here in what decides its cost."""
    ids = [event.id for event in events.values() if event.instrument_id in wanted]
    rows = BrokerRow.objects.filter(
        transaction_id__in=ids, connection_id=connection.pk, state=EventState.BOOKED.value
    )
    found: dict[str, tuple[str, date]] = {}
    for row in sorted(rows, key=lambda each: each.pk):
        event = events[row.transaction_id]
        told = draft_of(as_event(row.content), account="", names={})
        if told.price is not None and any(_differs(told, event, name) for name in _PRICED):
            found[event.instrument_id or ""] = (event.id, event.trade_date)
    return found


def _differs(told: Draft, event: Event, name: str) -> bool:
    theirs, ours = (getattr(each, name) or _ZERO for each in (told, event))
    return bool(rounded_to_places(theirs) != rounded_to_places(ours))
