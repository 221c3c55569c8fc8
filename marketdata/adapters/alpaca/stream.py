"""Streams trades of shares and funds from Alpaca; `messages` reads them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal

import structlog

from common.remote.errors import Transient
from common.remote.http import Budget, HttpClient, Service
from common.remote.sockets import RemoteSocket, open_socket
from marketdata.adapters.alpaca.client import BASE_URL, LIMITS, covers
from marketdata.adapters.alpaca.messages import (
    Acknowledged,
    Halt,
    Trade,
    day_of,
    read_events,
    read_greeting,
    read_snapshots,
)
from marketdata.adapters.base import Listing
from marketdata.domain.hours import is_us_session
from marketdata.domain.instruments import AssetClass
from marketdata.domain.quotes import MarketState, Quote
from marketdata.domain.sources import Capabilities, Need

log = structlog.get_logger(__name__)

STREAM_URL = "wss://stream.data.alpaca.markets"
#: How old a feed's prices are by agreement.
FEEDS = {"iex": 0, "sip": 0, "delayed_sip": 15 * 60}
_GREETING_SECONDS = 10.0
_SYMBOLS_AT_ONCE = 100


class AlpacaStream:
    """Last trades of shares and funds at the markets of the United States."""

    name = "alpaca"
    takes_all = False

    def __init__(
        self,
        *,
        key_id: str,
        secret_key: str,
        feed: str = "iex",
        most_instruments: int | None = 30,
        stream_url: str = STREAM_URL,
        base_url: str = BASE_URL,
    ) -> None:
        """Take an account's key.

        Args:
            key_id: of the key.
            secret_key: its secret.
            feed: one of `FEEDS`.
            most_instruments: what the account's plan allows; None is without end.
            stream_url: where the streams are.
            base_url: where snapshots are.
        """
        self.most_instruments = most_instruments
        self.capabilities = Capabilities(
            needs=frozenset({Need.QUOTE}),
            asset_classes=frozenset({AssetClass.STOCK, AssetClass.ETF}),
            streams=True,
            delay_seconds=FEEDS[feed],
        )
        self._feed = feed
        self._key_id, self._secret_key = key_id, secret_key
        self._stream_url = stream_url
        headers = {"APCA-API-KEY-ID": key_id, "APCA-API-SECRET-KEY": secret_key}
        self._http = HttpClient(
            Service(
                name=self.name,
                base_url=base_url,
                headers=headers,
                limits=LIMITS,
                silence_seconds=5.0,
                answer_seconds=10.0,
            ),
            # Whoever waits for a snapshot tries again by themselves.
            budget=Budget(left=0),
        )
        #: The close before a trading day, by symbol: good for the trades of that day.
        self._previous: dict[str, tuple[date, Decimal]] = {}
        self._halted: set[str] = set()

    def covers(self, listing: Listing) -> bool:
        """Say whether it is a share or a fund at a market of the United States."""
        return covers(listing)

    def state_of(self, listing: Listing, *, now: datetime) -> MarketState:
        """Say whether it is traded at the moment that the prices of this feed are of."""
        if not is_us_session(now - timedelta(seconds=self.capabilities.delay_seconds)):
            return MarketState.CLOSED
        is_halted = listing.spelled_by(self.name) in self._halted
        return MarketState.HALTED if is_halted else MarketState.OPEN

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[AlpacaConnection]:
        """Connect and sign in.

        Raises:
            RemoteFailure: see `common.remote.errors`.
        """
        # Who was halted before a gap isn't known after it.
        self._halted.clear()
        url = f"{self._stream_url}/v2/{self._feed}"
        async with open_socket(url, name="Alpaca") as socket:
            await self._sign_in(socket)
            yield AlpacaConnection(self, socket)

    async def _sign_in(self, socket: RemoteSocket) -> None:
        key = {"action": "auth", "key": self._key_id, "secret": self._secret_key}
        try:
            async with asyncio.timeout(_GREETING_SECONDS):
                read_greeting(await socket.receive(), expected="connected")
                await socket.send(key)
                read_greeting(await socket.receive(), expected="authenticated")
        except TimeoutError as error:
            raise Transient("Alpaca doesn't greet.") from error

    def snapshot(self, listings: Sequence[Listing]) -> Sequence[Quote]:
        """Ask for the last trades.

        Raises:
            RemoteFailure: see `common.remote.errors`.
        """
        by_symbol = {each.spelled_by(self.name): each for each in listings}
        symbols = sorted(by_symbol)
        quotes = []
        for start in range(0, len(symbols), _SYMBOLS_AT_ONCE):
            some = symbols[start : start + _SYMBOLS_AT_ONCE]
            body = self._http.get(
                "/v2/stocks/snapshots",
                params={"symbols": ",".join(some), "feed": self._feed},
                content_types=("application/json",),
            )
            found = read_snapshots(body, symbols=some)
            for error in found.errors:
                log.warning("quote.refused", source=self.name, where=error.where)
            for each in found.rows:
                if each.previous_close is not None:
                    known = (day_of(each.trade.at), each.previous_close)
                    self._previous[each.trade.symbol] = known
                quotes.append(self.quote(each.trade, by_symbol[each.trade.symbol]))
        return quotes

    def quote(self, trade: Trade, listing: Listing) -> Quote:
        """Make a quote of a trade."""
        day, previous_close = self._previous.get(listing.spelled_by(self.name), (None, None))
        return Quote(
            instrument_id=listing.instrument_id,
            price=trade.price,
            currency=listing.currency,
            at=trade.at,
            source=self.name,
            previous_close=previous_close if day == day_of(trade.at) else None,
            market_state=self.state_of(listing, now=trade.at + self._delay),
            delay_seconds=self.capabilities.delay_seconds,
        )

    @property
    def _delay(self) -> timedelta:
        return timedelta(seconds=self.capabilities.delay_seconds)

    def note_halt(self, halt: Halt) -> None:
        """Remember that trading in a symbol was halted, or goes on."""
        (self._halted.add if halt.is_halted else self._halted.discard)(halt.symbol)


class AlpacaConnection:
    """A connection that is signed in."""

    def __init__(self, stream: AlpacaStream, socket: RemoteSocket) -> None:
        self._stream = stream
        self._socket = socket
        self._listings: dict[str, Listing] = {}
        self._acknowledged: frozenset[str] = frozenset()

    @property
    def subscribed(self) -> frozenset[str]:
        """The ids of the instruments whose symbols Alpaca says it sends."""
        return frozenset(
            self._listings[symbol].instrument_id
            for symbol in self._acknowledged
            if symbol in self._listings
        )

    async def want(self, listings: Sequence[Listing]) -> None:
        """Ask for exactly these; what is wanted no more first, to make room."""
        wanted = {each.spelled_by(self._stream.name): each for each in listings}
        gone = [symbol for symbol in self._acknowledged if symbol not in wanted]
        added = [symbol for symbol in wanted if symbol not in self._acknowledged]
        self._listings = wanted
        for action, symbols in (("unsubscribe", gone), ("subscribe", added)):
            if symbols:
                channels = {"trades": symbols, "statuses": symbols}
                await self._socket.send({"action": action, **channels})

    async def receive(self) -> Sequence[Quote]:
        """Wait for the next message."""
        found = read_events(await self._socket.receive())
        for error in found.errors:
            log.warning("message.refused", source=self._stream.name, where=error.where)
        newest: dict[str, Quote] = {}
        for event in found.rows:
            if isinstance(event, Acknowledged):
                self._acknowledged = event.symbols
            elif isinstance(event, Halt):
                self._stream.note_halt(event)
            elif (listing := self._listings.get(event.symbol)) is not None:
                quote = self._stream.quote(event, listing)
                known = newest.get(event.symbol)
                if known is None or known.at <= quote.at:
                    newest[event.symbol] = quote
        return list(newest.values())
