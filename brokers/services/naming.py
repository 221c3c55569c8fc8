"""Find the instruments that a broker's events speak of, and make those that nobody knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from bson import ObjectId

from brokers.domain.events import BrokerEvent, InstrumentName
from common.currencies import is_currency
from common.errors import InvalidInput
from marketdata import selectors as market
from marketdata import services as market_services

#: Symbol and currency, and the day where it depends on it what is meant.
Key = tuple[str, str] | tuple[str, str, str]


@dataclass(slots=True)
class Instruments:
    """Knows the instruments of one owner, and remembers them for one run.

    Attributes:
        source: the broker who names them.
    """

    owner_id: ObjectId
    source: str
    _found: dict[Key, str] = field(default_factory=dict)
    #: Whether it depends on the day what a symbol means.
    _is_dated: dict[str, bool] = field(default_factory=dict)

    def find_all(self, events: Iterable[BrokerEvent], *, now: datetime) -> Mapping[Key, str]:
        """Map symbol and currency to the instrument, for all that some events name.

        Where it depends on the day what a symbol means, the day is part of the key.

        What is shared is found; what nobody knows becomes an instrument of the owner's own, so
        that nothing that was traded is left out. What can't be an instrument is missing.
        """
        for event in events:
            for name in (event.instrument, event.to_instrument):
                if name is not None and event.kind is not None:
                    currency = name.currency or event.currency
                    self.find(name, currency=currency, day=event.trade_date, now=now)
        return self._found

    def find(
        self, name: InstrumentName, *, currency: str, now: datetime, day: date | None = None
    ) -> str | None:
        """Find one as it was called on a day, or make it."""
        key = self._key(name, currency, day)
        if key not in self._found and is_currency(currency):
            made = self._look_up(name, currency, day) or self._make(name, currency, now=now)
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
            return self._look_up(name, currency, None) or (str(own.pk) if own else None)
        return self._found[key]

    def _key(self, name: InstrumentName, currency: str, day: date | None) -> Key:
        symbol = name.symbol
        if symbol not in self._is_dated:
            self._is_dated[symbol] = market.has_dated_alias(symbol, source=self.source)
        is_dated = self._is_dated[symbol] and day is not None
        return (symbol, currency, str(day)) if is_dated else (symbol, currency)

    def _look_up(self, name: InstrumentName, currency: str, day: date | None) -> str | None:
        instrument = market.find_instrument(
            user_id=self.owner_id,
            symbol=name.symbol,
            isin=name.isin,
            currency=currency,
            source=self.source,
            day=day,
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


def instrument_of(
    names: Mapping[Key, str], name: InstrumentName, *, currency: str, day: date
) -> str | None:
    """Look an instrument up in what `Instruments.find_all` has found."""
    symbol = name.symbol
    return names.get((symbol, currency, str(day))) or names.get((symbol, currency))
