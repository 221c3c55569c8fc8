"""One instrument's position while events pass: its lots, and what they earned so far."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from portfolios.domain.books import Code, Disposal, Lot, Position
from portfolios.domain.lots import DUST, Pool
from portfolios.domain.policy import CostMethod
from portfolios.domain.status import Status
from portfolios.domain.unknowns import known_sum, plus

_ZERO = Decimal(0)


class RunningPosition:
    """A position that changes with each event; arithmetic happens in the caller's context."""

    __slots__ = (
        "_method",
        "accounts",
        "currency",
        "currency_gain_base",
        "fees_base",
        "flags",
        "income",
        "income_base",
        "instrument_id",
        "last_split",
        "multiplier",
        "pools",
        "price_gain_base",
        "quantity",
        "realized",
        "realized_base",
        "taxes_base",
    )

    def __init__(
        self, instrument_id: str, currency: str, multiplier: Decimal, method: CostMethod
    ) -> None:
        self.instrument_id = instrument_id
        self.currency = currency
        self.multiplier = multiplier
        self._method = method
        #: By account, or all under the empty name where accounts share their lots.
        self.pools: dict[str, Pool] = {}
        self.accounts: dict[str, Decimal] = {}
        #: Units held after the last event, below zero where they are sold short; see `settle`.
        self.quantity = _ZERO
        self.realized: Decimal | None = _ZERO
        self.realized_base: Decimal | None = _ZERO
        self.price_gain_base: Decimal | None = _ZERO
        self.currency_gain_base: Decimal | None = _ZERO
        self.income: Decimal | None = _ZERO
        self.income_base: Decimal | None = _ZERO
        self.fees_base: Decimal | None = _ZERO
        self.taxes_base: Decimal | None = _ZERO
        self.flags: set[Code] = set()
        self.last_split: tuple[date, Decimal, tuple[str, ...]] | None = None

    @classmethod
    def reopened(cls, position: Position, method: CostMethod) -> RunningPosition:
        """Go on from where a position stood."""
        running = cls(position.instrument_id, position.currency, position.multiplier, method)
        for lot in position.lots:
            running.pool(lot.account).receive(lot)
        running.accounts.update(position.accounts)
        for name in _CARRIED:
            setattr(running, name, getattr(position, name))
        running.flags.update(position.flags)
        running.quantity = position.quantity
        return running

    def pool(self, account: str) -> Pool:
        """Return the lots of an account, which may be none."""
        pool = self.pools.get(account)
        if pool is None:
            pool = self.pools[account] = Pool(self._method)
        return pool

    def move(self, account: str, quantity: Decimal) -> None:
        """Note that units came to an account, or left it."""
        self.accounts[account] = self.accounts.get(account, _ZERO) + quantity

    def settle(self) -> None:
        """Bring the quantity up to the lots when an event is through.

        Nothing in all is still something where one account holds what another sold short.
        """
        quantities = [pool.quantity for pool in self.pools.values()]
        self.quantity = sum(quantities, _ZERO)
        if not any(quantities):
            self.accounts.clear()

    def realize(self, disposal: Disposal) -> None:
        """Add the gain of a sale."""
        self.realized = plus(self.realized, disposal.gain)
        self.realized_base = plus(self.realized_base, disposal.gain_base)
        self.price_gain_base = plus(self.price_gain_base, disposal.price_gain_base)
        self.currency_gain_base = plus(self.currency_gain_base, disposal.currency_gain_base)

    def frozen(self) -> Position:
        """Return the position as it stands."""
        lots = tuple(lot for _, pool in sorted(self.pools.items()) for lot in pool.lots)
        return Position(
            instrument_id=self.instrument_id,
            currency=self.currency,
            quantity=self.quantity,
            cost=known_sum(lot.cost for lot in lots),
            cost_base=known_sum(lot.cost_base for lot in lots),
            charges_base=known_sum(lot.charges_base for lot in lots),
            realized=self.realized,
            realized_base=self.realized_base,
            price_gain_base=self.price_gain_base,
            currency_gain_base=self.currency_gain_base,
            income=self.income,
            income_base=self.income_base,
            fees_base=self.fees_base,
            taxes_base=self.taxes_base,
            lots=lots,
            opened_on=_oldest(lots),
            status=Status.PARTIAL if self.flags else Status.COMPLETE,
            flags=tuple(sorted(self.flags)),
            multiplier=self.multiplier,
            accounts={
                account: units
                for account, units in sorted(self.accounts.items())
                if abs(units) >= DUST
            },
            last_split=self.last_split,
        )


_CARRIED = (
    "realized",
    "realized_base",
    "price_gain_base",
    "currency_gain_base",
    "income",
    "income_base",
    "fees_base",
    "taxes_base",
    "last_split",
)


def _oldest(lots: tuple[Lot, ...]) -> date | None:
    return min((lot.opened_on for lot in lots), default=None)
