"""What a source of prices must answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from common.remote.errors import RemoteFailure, Transient
from marketdata.domain.actions import Action
from marketdata.domain.identifiers import Identified, Question
from marketdata.domain.instruments import AssetClass, identity_of
from marketdata.domain.intraday import Bar
from marketdata.domain.quotes import MarketState, Quote
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
    last_close_date: date | None = None
    #: The only sources that may quote it and tell its closes, the first one to be preferred; None
    #: is all of them in the order of the settings.
    quote_sources: tuple[str, ...] | None = None
    bar_sources: tuple[str, ...] | None = None
    #: By the name of the source, where it calls the instrument otherwise.
    spellings: Mapping[str, str] = field(default_factory=dict, hash=False)

    def spelled_by(self, source: str) -> str:
        """Return the symbol by which a source knows it."""
        return self.spellings.get(source, self.symbol)


@dataclass(frozen=True, slots=True)
class DailyClose:
    """The last price of one trading day."""

    date: date
    close: Decimal
    #: What the source told it in, such as `GBp`, where that isn't the instrument's currency: the
    #: close is in the currency already.
    told_in: str = ""


class BarSource(Protocol):
    """Somebody who knows daily closes."""

    @property
    def name(self) -> str:
        """Shown beside each price, so that people see where it comes from."""

    @property
    def most_days(self) -> int:
        """How many days one question may span."""

    def daily_closes(self, listing: Listing, *, start: date, end: date) -> Sequence[DailyClose]:
        """Return the closes from `start` to `end`, both included, oldest first.

        Days without trading are left out, and so are instruments the source doesn't know.

        Raises:
            RemoteFailure: see `common.remote.errors`.
        """


class MinuteSource(Protocol):
    """Somebody who knows the bars of minutes."""

    @property
    def name(self) -> str:
        """Shown beside each price, so that people see where it comes from."""

    @property
    def most_minutes(self) -> int:
        """How many minutes one question may span."""

    @property
    def minutes_late(self) -> int:
        """How many minutes have to pass until it tells all of one."""

    def covers(self, listing: Listing) -> bool:
        """Say whether it knows an instrument."""

    def minute_bars(self, listing: Listing, *, start: datetime, end: datetime) -> Sequence[Bar]:
        """Return the bars that begin from `start` on and before `end`, oldest first, unadjusted.

        Minutes without trading are left out, and so are those outside of regular sessions.

        Raises:
            RemoteFailure: see `common.remote.errors`.
        """


@dataclass(frozen=True, slots=True)
class Asset:
    """Something that a source knows and that isn't an instrument here yet."""

    symbol: str
    name: str
    #: The operating market's code.
    mic: str
    currency: str
    asset_class: AssetClass
    source: str

    @property
    def identity(self) -> str:
        """Return what its instrument will be told apart by."""
        return identity_of(symbol=self.symbol, mic=self.mic, currency=self.currency)


class AssetSource(Protocol):
    """Somebody who can be asked what there is."""

    @property
    def name(self) -> str:
        """Shown beside what it finds."""

    def find_assets(self, text: str) -> Sequence[Asset]:
        """Return what may be meant, likeliest first.

        Raises:
            RemoteFailure: see `common.remote.errors`.
        """


class IdentitySource(Protocol):
    """Somebody who knows the identifiers of instruments."""

    @property
    def name(self) -> str:
        """Kept with how it was last asked."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can tell."""

    @property
    def most_at_once(self) -> int:
        """How many instruments one question may be about."""

    def identify(self, questions: Sequence[Question]) -> Sequence[Identified]:
        """Return what is known of each, in their order.

        Raises:
            RemoteFailure: see `common.remote.errors`.
        """


class ActionSource(Protocol):
    """Somebody who knows what companies did to their shares."""

    @property
    def name(self) -> str:
        """Stored with each action, so that people see where it comes from."""

    def covers(self, listing: Listing) -> bool:
        """Say whether it knows an instrument."""

    def corporate_actions(
        self, listings: Sequence[Listing], *, start: date, end: date
    ) -> Parsed[Action]:
        """Return what was or will be carried out from `start` to `end`, both included.

        Raises:
            RemoteFailure: see `common.remote.errors`.
        """


class StreamConnection(Protocol):
    """An open connection to a source that sends quotes by itself."""

    @property
    def subscribed(self) -> frozenset[str]:
        """The ids of the instruments that the source has confirmed to send."""

    async def want(self, listings: Sequence[Listing]) -> None:
        """Ask for exactly these from now on, the most wanted first; doesn't wait for the answer.

        Raises:
            RemoteFailure: see `common.remote.errors`.
        """

    async def receive(self) -> Sequence[Quote]:
        """Wait for the next message, and return the quotes in it, if there are any.

        Raises:
            StreamEnded: the source ends the connection as it said it would.
            RemoteFailure: see `common.remote.errors`.
        """


class QuoteStream(Protocol):
    """Somebody who sends quotes as they are made."""

    @property
    def name(self) -> str:
        """Shown beside each price, so that people see where it comes from."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can tell, and how old it is by agreement."""

    @property
    def most_instruments(self) -> int | None:
        """How many it sends at once; None is without end."""

    @property
    def takes_all(self) -> bool:
        """Whether to ask for all that it covers, wanted or not: it costs nobody anything."""

    def covers(self, listing: Listing) -> bool:
        """Say whether it knows an instrument."""

    def state_of(self, listing: Listing, *, now: datetime) -> MarketState:
        """Say whether an instrument is traded at a moment."""

    def connect(self) -> AbstractAsyncContextManager[StreamConnection]:
        """Connect and sign in.

        Raises:
            RemoteFailure: see `common.remote.errors`.
        """

    def snapshot(self, listings: Sequence[Listing]) -> Sequence[Quote]:
        """Ask for the newest quotes: a stream tells nothing of what was before it.

        What the source doesn't know is left out. Blocks; call it in a thread.

        Raises:
            RemoteFailure: see `common.remote.errors`.
        """


class StreamEnded(Transient):
    """The source ended the connection as it said it would; connect again at once."""

    code = "stream-ended"


class TooManyInstruments(RemoteFailure):
    """The source doesn't send so many at once; what it sent before it goes on sending."""

    code = "too-many-instruments"


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
