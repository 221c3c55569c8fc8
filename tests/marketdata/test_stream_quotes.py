"""The feed process: it leads alone, survives its servers, and is replaced when it dies."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest
from bson import ObjectId
from django.conf import settings
from django.db import DatabaseError, connection

from common import clock, keys, redis
from config import processes
from marketdata.adapters import quote_cache
from marketdata.adapters.base import Listing
from marketdata.domain.instruments import AssetClass
from marketdata.domain.quotes import MarketState, Quote
from marketdata.events import quotes_recorded
from marketdata.management.commands.stream_quotes import Feed, cancel
from tests import factories


def make_listing(symbol="ACME") -> Listing:
    return Listing(
        instrument_id=str(ObjectId()),
        identity=f"XNAS:{symbol}:USD",
        symbol=symbol,
        mic="XNAS",
        currency="USD",
        asset_class=AssetClass.STOCK,
    )


class Ticker:
    """A source that counts: each round quotes everything, several times."""

    name = "ticker"

    def __init__(self, rounds: int | None = None) -> None:
        self._rounds = rounds
        self.price = 0

    def daily_closes(self, listing, *, start, end) -> Sequence:
        return []

    async def stream(self, listings: Sequence[Listing]) -> AsyncIterator[list[Quote]]:
        while self._rounds is None or self._rounds > 0:
            for _ in range(5):
                self.price += 1
                yield [self._quote(listing) for listing in listings]
            await asyncio.sleep(0.02)
            if self._rounds is not None:
                self._rounds -= 1

    def _quote(self, listing: Listing) -> Quote:
        return Quote(
            instrument_id=listing.instrument_id,
            price=Decimal(self.price),
            currency="USD",
            at=clock.now(),
            source=self.name,
            previous_close=None,
            market_state=MarketState.OPEN,
        )


@pytest.fixture(autouse=True)
def _feed_keys():
    yield
    redis.client().delete(keys.FEED_FENCE.of(), keys.FEED_HEARTBEAT.of(), keys.FEED_LEASE.of())


@pytest.fixture
def batches():
    """Collect what feeds announce."""
    heard: list[list[Quote]] = []

    async def hear(*, quotes, **_more):
        heard.append(quotes)

    quotes_recorded.connect(hear)
    yield heard
    quotes_recorded.disconnect(hear)


@asynccontextmanager
async def running(feed):
    stopped = asyncio.Event()
    task = asyncio.create_task(feed.run(stopped))
    try:
        yield task
    finally:
        stopped.set()
        await asyncio.wait_for(task, 5)


async def wait_for(condition, seconds=5.0):
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.02)


async def test_a_feed_stores_and_announces_the_newest_of_each_instrument(batches):
    listings = [make_listing("ACME"), make_listing("BOLT")]

    async with running(Feed(Ticker(), list_listings=lambda: listings)):
        await wait_for(lambda: len(batches) >= 3)

    ids = [listing.instrument_id for listing in listings]
    assert all(sorted(quote.instrument_id for quote in batch) == sorted(ids) for batch in batches)
    assert quote_cache.read(ids)[ids[0]] == batches[-1][0]
    assert quote_cache.feed_age(clock.now()) < 3


async def test_batches_come_at_most_ten_times_a_second(batches):
    loop = asyncio.get_running_loop()
    source = Ticker()

    async with running(Feed(source, list_listings=lambda: [make_listing()])):
        await wait_for(lambda: batches)
        started, already, price = loop.time(), len(batches), source.price
        await wait_for(lambda: source.price > price + 200)
        seconds, told = loop.time() - started, len(batches) - already

    assert told <= seconds * 10 + 1


async def test_two_feeds_take_turns(batches):
    first_source, second_source = Ticker(), Ticker()
    first = Feed(first_source, list_listings=lambda: [make_listing()])
    second = Feed(second_source, list_listings=lambda: [make_listing()])

    async with running(second):
        async with running(first):
            await wait_for(lambda: first_source.price or second_source.price)
            leader, other = (
                (first_source, second_source)
                if first_source.price
                else (second_source, first_source)
            )
            seen = leader.price
            await wait_for(lambda: leader.price > seen + 20)
            assert other.price == 0
        if leader is first_source:
            await wait_for(lambda: second_source.price)


async def test_a_feed_whose_lease_was_taken_stops_writing(batches):
    async with running(Feed(Ticker(), list_listings=lambda: [make_listing()])):
        await wait_for(lambda: batches)
        redis.client().set(keys.FEED_LEASE.of(), "somebody else", ex=60)
        redis.client().incr(keys.FEED_FENCE.of())
        await asyncio.sleep(0.3)
        told = len(batches)
        await asyncio.sleep(0.5)

        assert len(batches) == told
        assert redis.client().get(keys.FEED_LEASE.of()) == "somebody else"


async def test_new_instruments_are_picked_up(batches):
    listings = [make_listing()]

    async with running(Feed(Ticker(), list_listings=lambda: list(listings), listings_seconds=0.2)):
        await wait_for(lambda: batches)
        listings.append(make_listing("BOLT"))
        await wait_for(lambda: len(batches[-1]) == 2)


async def test_the_feed_goes_on_while_the_database_is_away(batches):
    answers = iter([[make_listing()]])

    def list_listings():
        try:
            return next(answers)
        except StopIteration:
            raise DatabaseError("away") from None

    async with running(Feed(Ticker(), list_listings=list_listings, listings_seconds=0.2)):
        await wait_for(lambda: len(batches) > 10)


async def test_a_source_that_ends_is_asked_again(batches):
    source = Ticker(rounds=1)

    async with running(Feed(source, list_listings=lambda: [make_listing()])):
        await wait_for(lambda: batches)
        source._rounds = 1
        seen = source.price
        await wait_for(lambda: source.price > seen)


FEED = [sys.executable, "manage.py", "stream_quotes"]


@pytest.fixture
def feeds(transactional_db):
    """Start real feed processes against the test's own database and Redis."""
    started: list[subprocess.Popen] = []
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "MONGODB_NAME": connection.settings_dict["NAME"],
        "REDIS_URL": settings.REDIS_URL,
    }

    def start() -> subprocess.Popen:
        started.append(subprocess.Popen(FEED, env=environment, stderr=subprocess.DEVNULL))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def lease():
    return redis.client().get(keys.FEED_LEASE.of())


@pytest.mark.chaos
def test_another_process_takes_over_when_the_leader_is_killed(feeds):
    instrument = factories.make_instrument("AAPL")
    leader = feeds()
    assert processes.wait_until(lambda: quote_cache.read([str(instrument.pk)]), seconds=30)
    held = lease()
    feeds()

    leader.kill()
    redis.client().delete(keys.QUOTE.of(str(instrument.pk)))

    assert processes.wait_until(lambda: lease() not in {None, held}, seconds=30)
    assert processes.wait_until(lambda: quote_cache.read([str(instrument.pk)]), seconds=30)


@pytest.mark.chaos
def test_a_feed_that_is_asked_to_stop_ends_cleanly_and_leaves_the_lead(feeds):
    factories.make_instrument("AAPL")
    process = feeds()
    assert processes.wait_until(lease, seconds=30)

    process.send_signal(signal.SIGTERM)

    assert process.wait(60) == 0
    assert lease() is None


async def test_a_task_that_loses_a_cancellation_is_told_again():
    told = 0

    async def deaf_at_first():
        nonlocal told
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                told += 1
                if told > 1:
                    raise

    task = asyncio.create_task(deaf_at_first())
    await asyncio.sleep(0)

    await cancel(task, patience_seconds=0.01)

    assert (told, task.cancelled()) == (2, True)
