"""Sources of quotes for tests of the feed, and what they are asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest
from bson import ObjectId

from common import clock, keys, redis
from common.remote.errors import RemoteFailure, Transient
from marketdata.adapters.base import Listing
from marketdata.domain.instruments import AssetClass
from marketdata.domain.quotes import MarketState, Quote
from marketdata.domain.sources import Capabilities, Need

Found = Sequence[Quote] | RemoteFailure


@pytest.fixture(autouse=True)
def feed_keys():
    """Leave nothing of a feed behind, of those that a test of it wrote."""
    yield
    redis.client().delete(
        keys.FEED_FENCE.of(),
        keys.FEED_HEARTBEAT.of(),
        keys.FEED_LEASE.of(),
        keys.FEED_VIEWERS.of(),
        keys.FEED_STATE.of(),
    )


def make_listing(symbol="ACME", **fields) -> Listing:
    made = Listing(
        instrument_id=str(ObjectId()),
        identity=f"XNAS:{symbol}:USD",
        symbol=symbol,
        mic="XNAS",
        currency="USD",
        asset_class=AssetClass.STOCK,
    )
    return replace(made, **fields)


def quote_of(listing: Listing, price, *, at=None, source="ticker", **fields) -> Quote:
    known = {"previous_close": None, "market_state": MarketState.OPEN} | fields
    return Quote(
        instrument_id=listing.instrument_id,
        price=Decimal(price),
        currency=listing.currency,
        at=at or clock.now(),
        source=source,
        **known,
    )


class Ticker:
    """A source that counts: each round quotes everything, several times."""

    capabilities = Capabilities(
        needs=frozenset({Need.QUOTE}), asset_classes=frozenset(AssetClass), streams=True
    )

    def __init__(self, name="ticker", *, room=None, takes_all=True, knows=None) -> None:
        self.name = name
        self.most_instruments = room
        self.takes_all = takes_all
        self.price = 0
        self.state = MarketState.OPEN
        self.connections = 0
        #: What it says, how it fails, and what a snapshot is; all may be changed while it runs.
        self.is_mute = False
        self.is_deaf = False
        self.fails: Exception | None = None
        self.found: Callable[[Sequence[Listing]], Sequence[Quote] | RemoteFailure] = (
            lambda _listings: []
        )
        self.listings: Sequence[Listing] = ()
        self.looked_up: list[Sequence[Listing]] = []
        self._knows = knows

    def covers(self, listing) -> bool:
        return self._knows is None or listing.symbol in self._knows

    def state_of(self, listing, *, now: datetime) -> MarketState:
        return self.state

    @asynccontextmanager
    async def connect(self):
        if self.fails is not None:
            raise self.fails
        self.connections += 1
        yield _Connection(self)

    def snapshot(self, listings) -> Sequence[Quote]:
        self.looked_up.append(listings)
        found = self.found(listings)
        if isinstance(found, RemoteFailure):
            raise found
        return found

    def tick(self) -> list[Quote]:
        self.price += 1
        return [quote_of(each, self.price, source=self.name) for each in self.listings]

    @property
    def symbols(self) -> list[str]:
        return [each.symbol for each in self.listings]


class _Connection:
    def __init__(self, source: Ticker) -> None:
        self._source = source
        self._ticks = 0

    @property
    def subscribed(self) -> frozenset[str]:
        return frozenset(each.instrument_id for each in self._source.listings)

    async def want(self, listings) -> None:
        if not self._source.is_deaf:
            self._source.listings = listings

    async def receive(self) -> Sequence[Quote]:
        self._ticks += 1
        await asyncio.sleep(0 if self._ticks % 5 else 0.02)
        while self._source.is_mute:  # noqa: ASYNC110 - a test sets it whenever it likes
            await asyncio.sleep(0.01)
        if self._source.fails is not None:
            raise self._source.fails
        return self._source.tick()


def away(text="It is away.") -> Transient:
    return Transient(text)


async def next_quotes(connection, *, seconds=3.0):
    """Return the next quotes, past messages without any."""
    async with asyncio.timeout(seconds):
        while True:
            if quotes := await connection.receive():
                return quotes


async def settled(connection, count, *, seconds=3.0):
    async with asyncio.timeout(seconds):
        while len(connection.subscribed) != count:
            await connection.receive()
