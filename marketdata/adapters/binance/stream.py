"""Streams last prices of cryptocurrencies from Binance; `messages` reads them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count

import structlog

from common.remote.errors import BadRequest
from common.remote.http import Budget, HttpClient, Service
from common.remote.sockets import RemoteSocket, open_socket
from marketdata.adapters.base import Listing
from marketdata.adapters.binance.client import BASE_URL, LIMITS, covers, symbol_of
from marketdata.adapters.binance.messages import Answer, Ticker, read_message, read_tickers
from marketdata.domain.instruments import AssetClass
from marketdata.domain.quotes import MarketState, Quote
from marketdata.domain.sources import Capabilities, Need, RowError

log = structlog.get_logger(__name__)

STREAM_URL = "wss://data-stream.binance.vision"
#: Five messages a second may be sent, pings and all.
_PAUSE_SECONDS = 0.25
_STREAMS_AT_ONCE = 200
_SYMBOLS_AT_ONCE = 100


class BinanceStream:
    """Last prices of cryptocurrencies, each at most once a second."""

    name = "binance"
    takes_all = False
    #: What one connection carries.
    most_instruments: int | None = 1_024
    capabilities = Capabilities(
        needs=frozenset({Need.QUOTE}), asset_classes=frozenset({AssetClass.CRYPTO}), streams=True
    )

    def __init__(
        self,
        *,
        stream_url: str = STREAM_URL,
        base_url: str = BASE_URL,
    ) -> None:
        self._stream_url = stream_url
        self._unknown: set[str] = set()
        self._http = HttpClient(
            Service(
                name=self.name,
                base_url=base_url,
                limits=LIMITS,
                silence_seconds=5.0,
                answer_seconds=10.0,
            ),
            # Whoever waits for a snapshot tries again by themselves.
            budget=Budget(left=0),
        )

    def covers(self, listing: Listing) -> bool:
        """Say whether it is a cryptocurrency priced in something that Binance has."""
        return covers(listing) and symbol_of(listing) not in self._unknown

    def state_of(self, listing: Listing, *, now: datetime) -> MarketState:
        """Say that it is traded: it always is."""
        return MarketState.OPEN

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[BinanceConnection]:
        """Connect; there is nothing to sign in to.

        Raises:
            RemoteFailure: see `common.remote.errors`.
        """
        async with open_socket(f"{self._stream_url}/stream", name="Binance") as socket:
            yield BinanceConnection(self, socket)

    def snapshot(self, listings: Sequence[Listing]) -> Sequence[Quote]:
        """Ask for the last prices, and leave out the symbols that Binance doesn't know.

        Raises:
            RemoteFailure: see `common.remote.errors`.
        """
        by_symbol = {symbol_of(each): each for each in listings}
        symbols = sorted(by_symbol)
        starts = range(0, len(symbols), _SYMBOLS_AT_ONCE)
        return [
            self.quote(each, by_symbol[each.symbol])
            for start in starts
            for each in self._tickers(symbols[start : start + _SYMBOLS_AT_ONCE])
            if each.symbol in by_symbol
        ]

    def _tickers(self, symbols: list[str]) -> Sequence[Ticker]:
        """Ask for some symbols; one that is unknown would have all of them refused."""
        try:
            body = self._http.get(
                "/api/v3/ticker/24hr",
                params={"symbols": json.dumps(symbols, separators=(",", ":")), "type": "MINI"},
                content_types=("application/json",),
            )
        except BadRequest:
            if len(symbols) == 1:
                self._unknown.update(symbols)
                log.warning("symbol.unknown", source=self.name, symbol=symbols[0])
                return []
            half = len(symbols) // 2
            return [*self._tickers(symbols[:half]), *self._tickers(symbols[half:])]
        found = read_tickers(body)
        for error in found.errors:
            log.warning("quote.refused", source=self.name, where=error.where)
        return found.rows

    def quote(self, ticker: Ticker, listing: Listing) -> Quote:
        """Make a quote of a ticker."""
        return Quote(
            instrument_id=listing.instrument_id,
            price=ticker.price,
            currency=listing.currency,
            at=ticker.at,
            source=self.name,
            previous_close=_close_before(ticker.at, listing),
            market_state=MarketState.OPEN,
        )


class BinanceConnection:
    """An open connection, on which streams are wanted and unwanted."""

    def __init__(self, stream: BinanceStream, socket: RemoteSocket) -> None:
        self._stream = stream
        self._socket = socket
        self._listings: dict[str, Listing] = {}
        #: The symbols that were asked for, and those of them that were confirmed.
        self._asked: set[str] = set()
        self._confirmed: set[str] = set()
        self._waiting: dict[int, tuple[str, list[str]]] = {}
        self._numbers = count(1)

    @property
    def subscribed(self) -> frozenset[str]:
        """The ids of the instruments whose streams were confirmed."""
        return frozenset(
            self._listings[symbol].instrument_id
            for symbol in self._confirmed
            if symbol in self._listings
        )

    async def want(self, listings: Sequence[Listing]) -> None:
        """Ask for exactly these, in few messages and not too fast."""
        wanted = {symbol_of(each): each for each in listings}
        gone = sorted(self._asked - wanted.keys())
        added = [symbol for symbol in wanted if symbol not in self._asked]
        self._listings, self._asked = wanted, set(wanted)
        for method, symbols in (("UNSUBSCRIBE", gone), ("SUBSCRIBE", added)):
            for start in range(0, len(symbols), _STREAMS_AT_ONCE):
                await self._request(method, symbols[start : start + _STREAMS_AT_ONCE])

    async def _request(self, method: str, symbols: list[str]) -> None:
        number = next(self._numbers)
        self._waiting[number] = (method, symbols)
        params = [f"{symbol.lower()}@miniTicker" for symbol in symbols]
        await self._socket.send({"method": method, "params": params, "id": number})
        await asyncio.sleep(_PAUSE_SECONDS)

    async def receive(self) -> Sequence[Quote]:
        """Wait for the next message."""
        event = read_message(await self._socket.receive())
        if isinstance(event, Answer):
            self._confirm(event)
        elif isinstance(event, RowError):
            log.warning("message.refused", source=self._stream.name, where=event.where)
        elif event is not None and (listing := self._listings.get(event.symbol)) is not None:
            return [self._stream.quote(event, listing)]
        return []

    def _confirm(self, answer: Answer) -> None:
        method, symbols = self._waiting.pop(answer.request_id, ("", []))
        if method == "SUBSCRIBE":
            self._confirmed.update(symbols)
        else:
            self._confirmed.difference_update(symbols)


def _close_before(moment: datetime, listing: Listing) -> Decimal | None:
    """Return the last close, if it is that of the day before; days end at midnight UTC."""
    yesterday = moment.date() - timedelta(days=1)
    return listing.last_close if listing.last_close_date == yesterday else None
