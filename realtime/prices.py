"""The newest price of everything, as the hub knows it, and which of them are out of date."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal

from marketdata.adapters import quote_cache
from marketdata.domain.fx import Rates
from marketdata.domain.quotes import Quote, is_stale
from realtime.protocol import quote_part


class PriceBoard:
    """Quotes by instrument: as text for clients, and as numbers for whoever calculates."""

    def __init__(self, *, stale_after_seconds: float, moment: float) -> None:
        """Begin empty.

        Args:
            stale_after_seconds: how old a quote may be, and how long the feed may be silent.
            moment: the present on the monotonic clock, as everywhere in this class.
        """
        self._stale_after = stale_after_seconds
        self._texts: dict[str, str] = {}
        # Both made when they are first asked for.
        self._quotes: dict[str, Quote] = {}
        self._parts: dict[str, str] = {}
        self._stale: set[str] = set()
        # Known from the feed, which tells by itself when they change; others are looked up.
        self._fed: set[str] = set()
        self._heard_at = moment
        self._pairs: Mapping[str, tuple[str, str]] = {}
        self._rates: tuple[Rates, Rates] | None = None
        self.is_silent = False

    def record(self, texts: Mapping[str, str], *, now: datetime, moment: float) -> set[str]:
        """Take a batch from the feed; returns the instruments whose part has changed."""
        self._heard_at = moment
        self._texts.update(texts)
        self._fed.update(texts)
        for key in texts:
            self._quotes.pop(key, None)
            self._parts.pop(key, None)
        self._stale.difference_update(texts)
        changed = set(texts)
        if self.is_silent:
            self.is_silent = False
            changed |= self._review(now)
        if not self._pairs.keys().isdisjoint(changed):
            self._rates = None
        return changed

    def take(
        self, found: Mapping[str, Quote], *, asked: Collection[str], now: datetime
    ) -> set[str]:
        """Take prices that were looked up; returns the instruments whose price has changed.

        What the feed said meanwhile is newer. What was asked for and not found has no price.
        """
        changed = set()
        for key in asked:
            text = quote_cache.encode(found[key]) if key in found else None
            if key in self._fed or text == self._texts.get(key):
                continue
            changed.add(key)
            self._forget(key)
            if text is not None:
                self._texts[key] = text
                if self._is_stale(key, now):
                    self._stale.add(key)
        if not self._pairs.keys().isdisjoint(changed):
            self._rates = None
        return changed

    def review(self, *, now: datetime, moment: float) -> set[str]:
        """Find out what has become stale, or has not been after all; returns what changed."""
        self.is_silent = moment - self._heard_at > self._stale_after
        return self._review(now)

    def not_fed(self, keys: Collection[str]) -> list[str]:
        """List those whose price must be looked up: the feed has said nothing of them."""
        return [key for key in keys if key not in self._fed]

    def parts(self, keys: Collection[str]) -> dict[str, str]:
        """Return the encoded quotes of those instruments that have one."""
        return {key: self._part(key) for key in keys if key in self._texts}

    def quotes(self, keys: Collection[str]) -> dict[str, Quote]:
        """Return the quotes of those instruments that have one."""
        return {key: self._quote(key) for key in keys if key in self._texts}

    def is_any_stale(self, keys: Collection[str]) -> bool:
        """Tell whether a figure that rests on these is out of date."""
        return not self._stale.isdisjoint(keys)

    def set_pairs(self, pairs: Mapping[str, tuple[str, str]]) -> None:
        """Take the currency pairs: instrument to its two currencies."""
        if pairs != self._pairs:
            self._pairs = pairs
            self._rates = None

    def pairs_for(self, currencies: Collection[str]) -> set[str]:
        """Return the pairs that can bear on amounts in these currencies."""
        if len(currencies) < 2:
            return set()
        return {key for key, sides in self._pairs.items() if not set(sides).isdisjoint(currencies)}

    def rates(self) -> tuple[Rates, Rates]:
        """Return the exchange rates of now and of the previous close."""
        if self._rates is None:
            now: dict[tuple[str, str], Decimal] = {}
            previous: dict[tuple[str, str], Decimal] = {}
            for key, quote in self.quotes(self._pairs.keys()).items():
                now[self._pairs[key]] = quote.price
                previous[self._pairs[key]] = quote.previous_close or quote.price
            self._rates = Rates(now), Rates(previous)
        return self._rates

    def _forget(self, key: str) -> None:
        for known in (self._texts, self._quotes, self._parts):
            known.pop(key, None)
        self._stale.discard(key)

    def _part(self, key: str) -> str:
        part = self._parts.get(key)
        if part is None:
            part = quote_part(self._texts[key], stale=key in self._stale)
            self._parts[key] = part
        return part

    def _quote(self, key: str) -> Quote:
        if key not in self._quotes:
            self._quotes[key] = quote_cache.decode(self._texts[key])
        return self._quotes[key]

    def _review(self, now: datetime) -> set[str]:
        stale = {key for key in self._texts if self._is_stale(key, now)}
        changed = stale ^ self._stale
        self._stale = stale
        for key in changed:
            self._parts.pop(key, None)
        return changed

    def _is_stale(self, key: str, now: datetime) -> bool:
        return self.is_silent or is_stale(
            self._quote(key), now=now, after_seconds=self._stale_after
        )
