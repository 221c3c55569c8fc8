"""What a source of prices must answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

from marketdata.domain.instruments import AssetClass
from marketdata.domain.quotes import Quote
from marketdata.domain.sources import Capabilities, Parsed, ReferenceRates


@dataclass(frozen=True, slots=True)
class Listing:
    """What a source needs to know of an instrument to price it."""

    instrument_id: str
    #: Stable across installations, such as `XNAS:AAPL:USD`; see `identity_of`.
    identity: str
    symbol: str
    mic: str
    currency: str
    asset_class: AssetClass
    last_close: Decimal | None = None


@dataclass(frozen=True, slots=True)
class DailyClose:
    """The last price of one trading day."""

    date: date
    close: Decimal


class BarSource(Protocol):
    """Somebody who knows daily closes."""

    @property
    def name(self) -> str:
        """Shown beside each price, so that people see where it comes from."""

    def daily_closes(self, listing: Listing, *, start: date, end: date) -> Sequence[DailyClose]:
        """Return the closes from `start` to `end`, both included, oldest first.

        Days without trading are left out, and so are instruments the source doesn't know.

        Raises:
            RemoteFailure: see `common.remote.errors`.
        """


class PriceSource(BarSource, Protocol):
    """Somebody who knows prices as they change, too."""

    def stream(self, listings: Sequence[Listing]) -> AsyncIterator[list[Quote]]:
        """Go on for ever with batches of new quotes, each instrument at most once in a batch."""


class FxSource(Protocol):
    """Somebody who publishes the exchange rates of a day."""

    @property
    def name(self) -> str:
        """Stored with each rate, so that people see where it comes from."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can tell."""

    def reference_rates(self, *, start: date, today: date) -> Parsed[ReferenceRates]:
        """Return the rates of the days from `start` on, oldest first; not every day has any.

        Raises:
            RemoteFailure: see `common.remote.errors`.
        """
