"""What is held in an account cost, by which of its units went first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from brokers.sandbox.world import ZERO, Entry


@dataclass(slots=True)
class _Lot:
    """Units that came together, both below zero where they were sold short."""

    day: str
    units: Decimal
    cost: Decimal

    def take(self, units: Decimal) -> Decimal:
        """Let some of the units go; return what these cost."""
        cost = self.cost * units / self.units
        self.units, self.cost = self.units - units, self.cost - cost
        return cost


class Costs:
    """Lots of each symbol: the oldest goes first.

    Args:
        day_of: where it is given, what came on one day is one lot, at the average price of the day.
    """

    def __init__(self, *, day_of: Callable[[Entry], str] | None = None) -> None:
        self._day_of = day_of or (lambda _entry: "")
        self._lots: dict[str, list[_Lot]] = {}
        #: By the group that both name: the lots that an action took away, until it brings others.
        self._gone: dict[str, list[_Lot]] = {}

    def add(self, entries: Iterable[Entry]) -> Costs:
        """Go through what counts, oldest first."""
        for entry in entries:
            day = self._day_of(entry)
            for symbol, units in entry.units.items():
                if entry.is_trade:
                    self._trade(symbol, units, -sum(entry.cash.values(), ZERO), day)
                elif entry.group:
                    self._replace(symbol, units, entry.group)
                elif entry.ratio:
                    self._split(symbol, units, entry.ratio)
                elif entry.brought is not None:
                    self._open(symbol, units, entry.brought, day)
        return self

    def units(self, symbol: str) -> Decimal:
        """Return how many units are held."""
        return sum((lot.units for lot in self._lots.get(symbol, ())), ZERO)

    def of(self, symbol: str) -> Decimal:
        """Return what those that are held cost; below zero is what they brought, sold short."""
        return sum((lot.cost for lot in self._lots.get(symbol, ())), ZERO)

    def _trade(self, symbol: str, units: Decimal, spent: Decimal, day: str) -> None:
        lots, price, left = self._lots.setdefault(symbol, []), spent / units, units
        while left and lots and (lots[0].units > 0) != (left > 0):
            closed = min(abs(left), abs(lots[0].units)).copy_sign(lots[0].units)
            lots[0].take(closed)
            left += closed
            if not lots[0].units:
                del lots[0]
        if left:
            self._open(symbol, left, left * price, day)

    def _open(self, symbol: str, units: Decimal, cost: Decimal, day: str) -> None:
        lots = self._lots.setdefault(symbol, [])
        if day and lots and lots[-1].day == day:
            lots[-1].units, lots[-1].cost = lots[-1].units + units, lots[-1].cost + cost
        else:
            lots.append(_Lot(day, units, cost))

    def _split(self, symbol: str, came: Decimal, ratio: Decimal) -> None:
        wanted = self.units(symbol) + came
        for lot in self._lots.get(symbol, ()):
            lot.units *= ratio
        # What isn't a whole unit is paid for.
        if (fraction := self.units(symbol) - wanted) > 0:
            self._trade(symbol, -fraction, ZERO, "")

    def _replace(self, symbol: str, units: Decimal, group: str) -> None:
        """Take lots away in the first row of an action, and bring them back in its second."""
        if group not in self._gone:
            self._gone[group] = self._lots.pop(symbol, [])
            return
        lots = self._gone.pop(group)
        held = sum((lot.units for lot in lots), ZERO)
        for lot in lots:
            lot.units *= units / held
        self._lots.setdefault(symbol, []).extend(lots)
