"""Find the instruments that a broker's events speak of, and make those that nobody knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from bson import ObjectId

from brokers.domain.events import BrokerEvent, InstrumentName
from common.currencies import is_currency
from common.errors import InvalidInput
from marketdata import selectors as market
from marketdata import services as market_services


@dataclass(slots=True)
class Instruments:
    """Knows the instruments of one owner, and remembers them for one run."""

    owner_id: ObjectId
    _found: dict[tuple[str, str], str] = field(default_factory=dict)

    def find_all(
        self, events: Iterable[BrokerEvent], *, now: datetime
    ) -> Mapping[tuple[str, str], str]:
        """Map symbol and currency to the instrument, for all that some events name.

        What is shared is found; what nobody knows becomes an instrument of the owner's own, so
        that nothing that was traded is left out. What can't be an instrument is missing.
        """
        for event in events:
            for name in (event.instrument, event.to_instrument):
                if name is not None and event.kind is not None:
                    self.find(name, currency=name.currency or event.currency, now=now)
        return self._found

    def find(self, name: InstrumentName, *, currency: str, now: datetime) -> str | None:
        """Find one, or make it."""
        key = (name.symbol, currency)
        if key not in self._found and is_currency(currency):
            made = self._look_up(name, currency) or self._make(name, currency, now=now)
            if made is not None:
                self._found[key] = made
        return self._found.get(key)

    def known(self, name: InstrumentName, *, currency: str) -> str | None:
        """Find one that exists; make none."""
        key = (name.symbol, currency)
        if key not in self._found:
            own = market.find_own_instrument(
                user_id=self.owner_id, symbol=name.symbol, currency=currency
            )
            return self._look_up(name, currency) or (str(own.pk) if own else None)
        return self._found[key]

    def _look_up(self, name: InstrumentName, currency: str) -> str | None:
        instrument = market.find_instrument(
            user_id=self.owner_id, symbol=name.symbol, isin=name.isin, currency=currency
        )
        # Another listing of the same symbol is priced in another currency, and so isn't this one.
        if instrument is None or instrument.currency != currency:
            return None
        if _is_other(instrument.multiplier, name):
            return None
        return str(instrument.pk)

    def _make(self, name: InstrumentName, currency: str, *, now: datetime) -> str | None:
        found = market.find_own_instrument(
            user_id=self.owner_id, symbol=name.symbol, currency=currency
        )
        if found is not None:
            return None if _is_other(found.multiplier, name) else str(found.pk)
        try:
            made = market_services.create_instrument(
                self.owner_id,
                symbol=name.symbol,
                name=name.name,
                currency=currency,
                asset_class=name.asset_class,
                isin=name.isin,
                multiplier=name.multiplier or Decimal(1),
                now=now,
            )
        except market_services.InstrumentExists:
            found = market.find_own_instrument(
                user_id=self.owner_id, symbol=name.symbol, currency=currency
            )
            return str(found.pk) if found else None
        except InvalidInput:
            # The row is set aside for want of its instrument.
            return None
        return str(made.pk)


def _is_other(multiplier: Decimal, name: InstrumentName) -> bool:
    """Say whether one unit is worth something else than the broker says of its own."""
    return name.multiplier is not None and multiplier != name.multiplier
