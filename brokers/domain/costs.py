"""What a broker says that units cost, beside what they cost by the ledger."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from brokers.domain.discrepancies import Suggestion
from brokers.domain.reconcile import Line, Outcome
from common.money import plain, rounded_to_places
from portfolios.domain.books import Disposal, Lot
from portfolios.domain.kinds import EXERCISES, Kind
from portfolios.domain.transactions import Event, units_received

_ZERO = Decimal(0)
_CENT = Decimal("0.01")
#: Brokers round what one unit cost; of what is cheap that may be much of it, and isn't let pass.
_ROUNDING_A_UNIT, _MOST_ROUNDING = Decimal("0.005"), Decimal("0.005")
#: Of the cost: what sums of rounded figures differ by.
_RELATIVE = Decimal("0.0001")
#: Before a sale at a loss and after it.
_WASHED = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Costed:
    """What both sides say that the same number of units cost.

    Attributes:
        theirs: below zero is what they brought, sold short; so is `ours`, which may be unknown.
        unknown: how many of the units have no known cost in the ledger.
        can_price: whether all of these came by deliveries that lack a price only.
        otherwise: what the ledger comes to by other rules than the portfolio's, by their names.
        washed: losses that United States law adds to the cost of what was bought instead.
        changed: the row, and its day, of what the broker told and was changed here.
    """

    symbol: str
    currency: str
    units: Decimal
    theirs: Decimal
    ours: Decimal | None
    unknown: Decimal = _ZERO
    can_price: bool = False
    otherwise: Sequence[tuple[str, Decimal | None]] = ()
    washed: Decimal = _ZERO
    changed: tuple[str, date] | None = None

    @property
    def is_equal(self) -> bool:
        """Say whether both are the same."""
        return self.ours is not None and self._fits(self.ours)

    @property
    def is_explained(self) -> bool:
        """Say whether another rule of counting comes to what the broker says."""
        return any(cost is not None and self._fits(cost) for _, cost in self.otherwise)

    def line(self) -> Line:
        """Say how both compare."""
        if self.is_equal:
            return self._line(Outcome.MATCH)
        for rules, cost in self.otherwise:
            if cost is not None and self._fits(cost):
                return self._line(Outcome.EXPLAINED, f"With {rules} the ledger says the same.")
        if self.ours is None:
            return self._unknown()
        if self.washed and self._fits(self.ours + self.washed):
            return self._line(
                Outcome.EXPLAINED,
                f"A loss of {plain(self.washed)} from units that were bought again within 30 days "
                "was added to their cost.",
            )
        found = self._suggestion(self.ours)
        return self._line(Outcome.DRIFT, found.message, found)

    def _fits(self, ours: Decimal) -> bool:
        rounding = min(_ROUNDING_A_UNIT * abs(self.units), _MOST_ROUNDING * abs(self.theirs))
        return abs(self.theirs - ours) <= max(_CENT, _RELATIVE * abs(self.theirs), rounding)

    def _line(self, outcome: Outcome, reason: str = "", found: Suggestion | None = None) -> Line:
        return Line(
            self.symbol, "cost", self.theirs, self.ours, outcome, reason, found, self.currency
        )

    def _unknown(self) -> Line:
        which = f"{plain(self.unknown)} of them" if self.unknown else "they"
        why = f"What {which} cost isn't known here"
        if not self.can_price:
            return self._line(Outcome.EXPLAINED, f"{why}: give the rows that brought them a cost.")
        found = Suggestion(
            "unknown_cost",
            f"{why}. Give the rows that brought them their price, or accept the broker's figure.",
            {"quantity": plain(self.unknown)},
        )
        return self._line(Outcome.EXPLAINED, found.message, found)

    def _suggestion(self, ours: Decimal) -> Suggestion:
        if self.changed is not None:
            transaction_id, day = self.changed
            return Suggestion(
                "changed_here",
                f"A row of {day.isoformat()} was changed here: at the broker it is as it was.",
                {"date": day.isoformat(), "transaction_id": transaction_id},
            )
        each = {
            name: plain(rounded_to_places(cost / self.units))
            for name, cost in (("theirs", self.theirs), ("ours", ours))
        }
        return Suggestion(
            "check_cost",
            f"A unit cost {each['theirs']} at the broker and {each['ours']} here: look at prices "
            "and fees of the purchases, and at what splits, spin-offs and mergers did to them.",
            each,
        )


def averaged_by_day(events: Iterable[Event]) -> list[Event]:
    """Let all purchases of something on one day cost the same a unit, as some brokers count."""
    rows = list(events)
    days: dict[tuple[str | None, date, str], list[Event]] = {}
    for event in rows:
        if event.kind is Kind.BUY and event.quantity and event.price is not None:
            days.setdefault((event.instrument_id, event.trade_date, event.currency), []).append(
                event
            )
    prices = {each.id: _average(bought) for bought in days.values() for each in bought}
    return [replace(each, price=prices[each.id]) if each.id in prices else each for each in rows]


def _average(bought: Collection[Event]) -> Decimal:
    units = sum((each.quantity or _ZERO for each in bought), _ZERO)
    spent = sum(((each.quantity or _ZERO) * (each.price or _ZERO) for each in bought), _ZERO)
    return spent / units


def premiums_apart(events: Iterable[Event]) -> Iterator[Event]:
    """Trade what options brought at their strike alone, and let them end at nothing.

    By the ledger what they cost or brought is part of that trade; not every broker counts so.
    """
    for event in events:
        if event.kind not in EXERCISES:
            yield event
            continue
        yield replace(
            event,
            kind=Kind.EXPIRY,
            price=None,
            to_instrument_id=None,
            ratio=None,
            fee=_ZERO,
            tax=_ZERO,
        )
        yield replace(
            event,
            kind=Kind.BUY if event.kind is Kind.EXERCISE_BUY else Kind.SELL_SHORT,
            instrument_id=event.to_instrument_id,
            instrument_currency=event.to_instrument_currency,
            multiplier=event.to_multiplier,
            quantity=units_received(event),
            to_instrument_id=None,
            ratio=None,
        )


def washed_losses(disposals: Iterable[Disposal], lots: Iterable[Lot]) -> Decimal:
    """Add up losses of sales whose units were bought again within 30 days before or after.

    They count into the cost of what was bought, as far as that is still held.

    Args:
        disposals: of one instrument, oldest first.
        lots: those that are still open.

    Source: 26 CFR § 1.1091-1
    """
    free = [(lot.opened_on, lot.quantity) for lot in lots if lot.quantity > 0]
    total = _ZERO
    for sale in disposals:
        if sale.is_short or sale.gain is None or sale.gain >= 0 or not sale.quantity:
            continue
        left = sale.quantity
        for place, (opened_on, units) in enumerate(free):
            if abs(opened_on - sale.date) <= _WASHED:
                taken = min(left, units)
                free[place] = (opened_on, units - taken)
                total -= sale.gain * taken / sale.quantity
                left -= taken
    return total


def unpriced(lots: Iterable[Lot], events: Mapping[str, Event]) -> tuple[Decimal, list[Event]]:
    """Return how many units of some lots have no known cost, and the rows that brought them.

    The list is empty where some of them lack something else than a price.
    """
    unknown = [lot for lot in lots if lot.cost is None]
    units = sum((abs(lot.quantity) for lot in unknown), _ZERO)
    rows = {lot.event_id: events.get(lot.event_id) for lot in unknown}
    found = [
        row
        for row in rows.values()
        if row is not None and row.kind is Kind.TRANSFER_IN and row.price is None
    ]
    return units, found if len(found) == len(rows) else []
