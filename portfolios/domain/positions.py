"""One instrument's lots while events pass: units come, go in parts, and split."""

from __future__ import annotations

from collections import deque
from decimal import Decimal

from portfolios.domain.books import Code, Lot, Position
from portfolios.domain.status import Status
from portfolios.domain.unknowns import known_sum, minus, plus, times

_ZERO = Decimal(0)
#: Less than this is what rounding left, not a holding.
DUST = Decimal("1e-12")


class RunningPosition:
    """A position that grows with each event; arithmetic happens in the caller's context."""

    __slots__ = (
        "currency",
        "fees_base",
        "flags",
        "income",
        "income_base",
        "instrument_id",
        "lots",
        "quantity",
        "realized",
        "realized_base",
        "taxes_base",
    )

    def __init__(self, instrument_id: str, currency: str) -> None:
        self.instrument_id = instrument_id
        self.currency = currency
        #: Oldest first.
        self.lots: deque[Lot] = deque()
        self.quantity = _ZERO
        self.realized: Decimal | None = _ZERO
        self.realized_base: Decimal | None = _ZERO
        self.income: Decimal | None = _ZERO
        self.income_base: Decimal | None = _ZERO
        self.fees_base: Decimal | None = _ZERO
        self.taxes_base: Decimal | None = _ZERO
        self.flags: set[Code] = set()

    @classmethod
    def reopened(cls, position: Position) -> RunningPosition:
        """Go on from where a position stood."""
        running = cls(position.instrument_id, position.currency)
        running.lots.extend(position.lots)
        running.quantity = position.quantity
        running.realized = position.realized
        running.realized_base = position.realized_base
        running.income = position.income
        running.income_base = position.income_base
        running.fees_base = position.fees_base
        running.taxes_base = position.taxes_base
        running.flags.update(position.flags)
        return running

    def receive(self, lot: Lot) -> None:
        """Add units."""
        self.lots.append(lot)
        self.quantity += lot.quantity

    def take(self, quantity: Decimal) -> tuple[Lot, ...]:
        """Take units away, oldest first, and return the parts taken with their costs.

        Fewer are returned when fewer are held. When only dust would stay, it goes along with its
        cost, so that a position that is closed is exactly zero.
        """
        if self.quantity - quantity < DUST:
            taken = tuple(self.lots)
            self.lots.clear()
            self.quantity = _ZERO
            return taken
        self.quantity -= quantity
        parts = []
        while quantity > 0:
            lot = self.lots.popleft()
            if lot.quantity > quantity:
                lot, rest = _cut(lot, quantity)
                self.lots.appendleft(rest)
            parts.append(lot)
            quantity -= lot.quantity
        return tuple(parts)

    def split(self, ratio: Decimal) -> None:
        """Multiply the units of every lot; what they cost stays."""
        self.lots = deque(
            Lot(lot.opened_on, lot.event_id, lot.quantity * ratio, lot.cost, lot.cost_base)
            for lot in self.lots
        )
        self.quantity = sum((lot.quantity for lot in self.lots), _ZERO)

    def realize(self, gain: Decimal | None, gain_base: Decimal | None) -> None:
        """Add the gain of a sale."""
        self.realized = plus(self.realized, gain)
        self.realized_base = plus(self.realized_base, gain_base)

    def frozen(self) -> Position:
        """Return the position as it stands."""
        return Position(
            instrument_id=self.instrument_id,
            currency=self.currency,
            quantity=self.quantity,
            cost=known_sum(lot.cost for lot in self.lots),
            cost_base=known_sum(lot.cost_base for lot in self.lots),
            realized=self.realized,
            realized_base=self.realized_base,
            income=self.income,
            income_base=self.income_base,
            fees_base=self.fees_base,
            taxes_base=self.taxes_base,
            lots=tuple(self.lots),
            opened_on=self.lots[0].opened_on if self.lots else None,
            status=Status.PARTIAL if self.flags else Status.COMPLETE,
            flags=tuple(sorted(self.flags)),
        )


def _cut(lot: Lot, quantity: Decimal) -> tuple[Lot, Lot]:
    """Part a lot in two, each with its share of the cost."""
    cost = _share(lot.cost, quantity, lot.quantity)
    cost_base = _share(lot.cost_base, quantity, lot.quantity)
    taken = Lot(lot.opened_on, lot.event_id, quantity, cost, cost_base)
    rest = Lot(
        lot.opened_on,
        lot.event_id,
        lot.quantity - quantity,
        minus(lot.cost, cost),
        minus(lot.cost_base, cost_base),
    )
    return taken, rest


def _share(cost: Decimal | None, part: Decimal, whole: Decimal) -> Decimal | None:
    # Multiplied before it is divided: exact wherever the share is.
    product = times(cost, part)
    return None if product is None else product / whole
