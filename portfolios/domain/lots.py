"""The lots that sales choose from: units come, go in parts, and change."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal

from portfolios.domain.books import Lot
from portfolios.domain.policy import CostMethod
from portfolios.domain.unknowns import minus, plus, times

_ZERO = Decimal(0)
#: Less than this is what rounding left, not a holding.
DUST = Decimal("1e-12")
_SMALLEST = Decimal("1e-18")
#: With eighteen decimals beside them, more would be longer than what is computed with.
_MOST_WHOLE_DIGITS = 14
#: So many lots that are gone may stay in front of the others before they are cleared away.
_MOST_GONE = 64


class Pool:
    """Lots of one instrument among which a sale chooses; all are bought, or all are sold short.

    Arithmetic happens in the caller's context.
    """

    __slots__ = ("_gone", "_lots", "_method", "quantity")

    def __init__(self, method: CostMethod, lots: Iterable[Lot] = ()) -> None:
        self._method = method
        #: In the order taken, save by the last-in-first-out method, which takes from the end.
        self._lots: list[Lot] = []
        #: How many at the front are taken already: removing them one by one would be slow.
        self._gone = 0
        self.quantity = _ZERO
        for lot in lots:
            self.receive(lot)

    @property
    def lots(self) -> list[Lot]:
        """Return the open lots."""
        return self._lots[self._gone :]

    def receive(self, lot: Lot) -> None:
        """Add a lot, which is on the same side as those that are there."""
        self.quantity += lot.quantity
        lots = self._lots
        if self._method is CostMethod.AVERAGE and len(lots) > self._gone:
            lots[-1] = _merged(lots[-1], lot)
        elif self._method is CostMethod.HIFO:
            place = bisect_right(lots, _dearest_first(lot), lo=self._gone, key=_dearest_first)
            lots.insert(place, lot)
        elif len(lots) == self._gone or lots[-1].opened_on <= lot.opened_on:
            lots.append(lot)
        else:
            # Units that were delivered or transferred keep the day they were acquired.
            lots.insert(bisect_right(lots, lot.opened_on, lo=self._gone, key=_opened_on), lot)

    def take(self, quantity: Decimal) -> list[Lot]:
        """Take units away by the method, and return the parts taken with their costs.

        When only dust would stay, it goes along with its cost, so that a position that is closed
        is exactly zero.

        Args:
            quantity: how many, without a sign; not more than there are, dust aside.
        """
        if abs(self.quantity) - quantity < DUST:
            return self.clear()
        takes_newest = self._method is CostMethod.LIFO
        taken = []
        while quantity > 0:
            lot = self._lots[-1 if takes_newest else self._gone]
            if abs(lot.quantity) > quantity:
                lot, rest = cut(lot, quantity)
                self._lots[-1 if takes_newest else self._gone] = rest
            elif takes_newest:
                self._lots.pop()
            else:
                self._gone += 1
            taken.append(lot)
            quantity -= abs(lot.quantity)
            self.quantity -= lot.quantity
        if self._gone > _MOST_GONE and self._gone * 2 > len(self._lots):
            del self._lots[: self._gone]
            self._gone = 0
        return taken

    def take_named(self, names: Sequence[tuple[str, Decimal]]) -> list[Lot]:
        """Take from the lots that some rows opened, and return the parts taken.

        Of a lot that isn't there nothing is taken, and of one that is smaller only what it has.
        """
        taken: list[Lot] = []
        for event_id, quantity in names:
            kept: list[Lot] = []
            wanted = quantity
            for lot in self.lots:
                if lot.event_id != event_id or wanted <= 0:
                    kept.append(lot)
                    continue
                part, rest = cut(lot, wanted) if abs(lot.quantity) > wanted else (lot, None)
                taken.append(part)
                wanted -= abs(part.quantity)
                if rest is not None:
                    kept.append(rest)
            self._replace(kept)
        return taken

    def clear(self) -> list[Lot]:
        """Take everything, in the order taken."""
        lots = self.lots[::-1] if self._method is CostMethod.LIFO else self.lots
        self._replace([])
        return lots

    def change(self, changed: Callable[[Lot], Lot]) -> None:
        """Put another lot in the place of each."""
        self._replace([changed(lot) for lot in self.lots])

    def _replace(self, lots: list[Lot]) -> None:
        self._lots, self._gone = lots, 0
        self.quantity = sum((lot.quantity for lot in lots), _ZERO)


def cut(lot: Lot, quantity: Decimal) -> tuple[Lot, Lot]:
    """Part a lot in two: so many units without a sign, and the rest, each with its share."""
    whole, part = lot.quantity, quantity if lot.quantity > 0 else -quantity
    taken = Lot(
        lot.opened_on,
        lot.event_id,
        part,
        share(lot.cost, part, whole),
        share(lot.cost_base, part, whole),
        share(lot.charges, part, whole),
        share(lot.charges_base, part, whole),
        lot.account,
    )
    rest = Lot(
        lot.opened_on,
        lot.event_id,
        whole - part,
        minus(lot.cost, taken.cost),
        minus(lot.cost_base, taken.cost_base),
        minus(lot.charges, taken.charges),
        minus(lot.charges_base, taken.charges_base),
        lot.account,
    )
    return taken, rest


def units(quantity: Decimal) -> Decimal:
    """Cut a computed number of units to eighteen decimals.

    Adding up such numbers is exact in any order, which a ratio of endless digits would spoil: a
    book that was kept and continued has to equal one that never was.
    """
    return quantity if quantity.adjusted() > _MOST_WHOLE_DIGITS else quantity.quantize(_SMALLEST)


def share(amount: Decimal | None, part: Decimal, whole: Decimal) -> Decimal | None:
    """Return the part's share of what belongs to the whole."""
    if not amount:
        return amount
    # Multiplied before it is divided: exact wherever the share is.
    return amount * part / whole


def scaled(lot: Lot, factor: Decimal) -> Lot:
    """Return a lot with the fraction of the cost, and all of the units."""
    return lot._replace(
        cost=times(lot.cost, factor),
        cost_base=times(lot.cost_base, factor),
        charges=times(lot.charges, factor),
        charges_base=times(lot.charges_base, factor),
    )


def _merged(pooled: Lot, lot: Lot) -> Lot:
    return Lot(
        opened_on=min(pooled.opened_on, lot.opened_on),
        event_id=pooled.event_id,
        quantity=pooled.quantity + lot.quantity,
        cost=plus(pooled.cost, lot.cost),
        cost_base=plus(pooled.cost_base, lot.cost_base),
        charges=plus(pooled.charges, lot.charges),
        charges_base=plus(pooled.charges_base, lot.charges_base),
        account=pooled.account,
    )


def _opened_on(lot: Lot) -> date:
    return lot.opened_on


def _dearest_first(lot: Lot) -> tuple[bool, Decimal, date]:
    """Return what the highest-cost method sorts by; of equal ones the oldest goes first."""
    if lot.cost_base is None:
        return True, _ZERO, lot.opened_on
    return False, -lot.cost_base / lot.quantity, lot.opened_on
