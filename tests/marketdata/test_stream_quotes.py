"""The feed process: it leads alone, survives its servers, and is replaced when it dies."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError
from pymongo.errors import AutoReconnect

from common import clock, keys, redis
from common.remote.errors import Forbidden
from marketdata.adapters import feed_state, quote_cache, viewers
from marketdata.adapters.keeper import Patience
from marketdata.domain.condition import Health
from marketdata.domain.quotes import Quote
from marketdata.domain.routing import Interest, Reason
from marketdata.events import quotes_recorded
from marketdata.feeding import Feed, Rhythm
from tests.marketdata.streams import Ticker, away, feed_keys, make_listing, quote_of
from tests.marketdata.waiting import wait_for

__all__ = ["feed_keys"]


def make_feed(*sources, listings=None, list_interests=dict, keep_bars=list, **options) -> Feed:
    found = [make_listing()] if listings is None else listings
    builders: dict[str, Any] = {source.name: partial(_same, source) for source in sources}
    return Feed(
        builders,
        list_listings=found if callable(found) else lambda: found,
        list_interests=list_interests,
        keep_bars=keep_bars,
        **options,
    )


def _same(source):
    return source


@pytest.fixture
def batches():
    """Collect what feeds announce."""
    heard: list[list[Quote]] = []

    async def hear(*, quotes, **_more):
        if quotes:
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


async def test_a_feed_stores_and_announces_the_newest_of_each_instrument(batches):
    listings = [make_listing("ACME"), make_listing("BOLT")]

    async with running(make_feed(Ticker(), listings=listings)):
        await wait_for(lambda: len(batches) >= 3)

    ids = [listing.instrument_id for listing in listings]
    assert all(sorted(quote.instrument_id for quote in batch) == sorted(ids) for batch in batches)
    assert quote_cache.read(ids)[ids[0]] == batches[-1][0]
    assert quote_cache.feed_age(clock.now()) < 3


async def test_batches_come_at_most_ten_times_a_second(batches):
    loop = asyncio.get_running_loop()
    source = Ticker()

    async with running(make_feed(source)):
        await wait_for(lambda: batches)
        started, already, price = loop.time(), len(batches), source.price
        await wait_for(lambda: source.price > price + 200)
        seconds, told = loop.time() - started, len(batches) - already

    assert told <= seconds * 10 + 1


async def test_two_feeds_take_turns(batches):
    first_source, second_source = Ticker(), Ticker()
    first = make_feed(first_source)
    second = make_feed(second_source)

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


async def test_minutes_of_what_is_wanted_are_kept_and_the_last_ones_when_it_stops(batches):
    acme, bolt = make_listing("ACME"), make_listing("BOLT")
    kept = []
    feed = make_feed(
        Ticker(),
        listings=[acme, bolt],
        list_interests=wants(acme),
        keep_bars=kept.extend,
        rhythm=replace(FAST, bars=0.2),
    )

    async with running(feed):
        await wait_for(lambda: kept)
        already = len(kept)
        await wait_for(lambda: len(kept) > already)
        so_far = len(kept)
        await wait_for(lambda: len(batches) > 20)

    assert {key for key, _ in kept} == {acme.instrument_id}
    assert len(kept) > so_far
    told = [quote.price for each in batches for quote in each if quote.instrument_id in kept[0]]
    assert max(bar.high for _, bar in kept) == told[-1]


async def test_minutes_that_the_database_could_not_take_are_kept_later(batches):
    acme = make_listing("ACME")
    kept, failures = [], iter([DatabaseError("away"), AutoReconnect("away")])

    def keep(bars):
        if failure := next(failures, None):
            raise failure
        kept.extend(bars)

    feed = make_feed(
        Ticker(),
        listings=[acme],
        list_interests=wants(acme),
        keep_bars=keep,
        rhythm=replace(FAST, bars=0.1),
    )
    async with running(feed):
        await wait_for(lambda: kept)

    told = [quote.price for each in batches for quote in each]
    assert min(bar.low for _, bar in kept) <= told[1]


async def test_a_feed_whose_lease_was_taken_stops_writing(batches):
    async with running(make_feed(Ticker())):
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

    rhythm = Rhythm(listings=0.2, plan=0.05)
    async with running(make_feed(Ticker(), listings=lambda: list(listings), rhythm=rhythm)):
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

    rhythm = Rhythm(listings=0.2, plan=0.05)
    async with running(make_feed(Ticker(), listings=list_listings, rhythm=rhythm)):
        await wait_for(lambda: len(batches) > 10)


FAST = Rhythm(batch=0.02, interests=0.1, viewers=0.1, plan=0.05, report=0.1)
IMPATIENT = Patience(
    first_pause=0.02, longest_pause=0.05, down=0.2, proven=0.3, confirm=0.2, look_up=0.05
)


def wants(*listings, interest=Interest.HOLDING):
    return lambda: {interest: {each.instrument_id: 1 for each in listings}}


async def test_each_instrument_comes_from_the_first_source_that_has_it(batches):
    acme, btc = make_listing("ACME"), make_listing("BTC")
    shares = Ticker("shares", takes_all=False, knows={"ACME"})
    coins = Ticker("coins", takes_all=False, knows={"ACME", "BTC"})
    feed = make_feed(
        shares, coins, listings=[acme, btc], list_interests=wants(acme, btc), rhythm=FAST
    )

    async with running(feed):
        await wait_for(lambda: set(told(batches)) == {acme.instrument_id, btc.instrument_id})

    assert told(batches)[acme.instrument_id].source == "shares"
    assert told(batches)[btc.instrument_id].source == "coins"


async def test_an_instrument_comes_from_the_source_that_was_chosen_for_it(batches):
    acme = make_listing("ACME", quote_sources=("second",))
    now = clock.now()
    quote_cache.write([quote_of(acme, "100", at=now, source="first")])
    first, second = Ticker("first", takes_all=False), Ticker("second", takes_all=False)
    feed = make_feed(first, second, listings=[acme], list_interests=wants(acme), rhythm=FAST)

    async with running(feed):
        await wait_for(lambda: told(batches))

    assert {each.source for batch in batches for each in batch} == {"second"}
    assert not first.symbols


async def test_what_nobody_wants_is_not_asked_for(batches):
    acme, bolt = make_listing("ACME"), make_listing("BOLT")
    source = Ticker(takes_all=False)

    async with running(
        make_feed(source, listings=[acme, bolt], list_interests=wants(bolt), rhythm=FAST)
    ):
        await wait_for(lambda: batches)

    assert set(told(batches)) == {bolt.instrument_id}


async def test_what_is_on_a_screen_is_streamed_soon_and_before_what_is_only_held(batches):
    held, seen = make_listing("HELD"), make_listing("SEEN")
    source = Ticker(takes_all=False, room=1)
    feed = make_feed(source, listings=[held, seen], list_interests=wants(held), rhythm=FAST)

    async with running(feed):
        await wait_for(lambda: source.symbols == ["HELD"])
        await viewers.tell("a process", {seen.instrument_id: 1}, now=clock.now())
        await wait_for(lambda: source.symbols == ["SEEN"])
        await viewers.tell("a process", {}, now=clock.now())
        await wait_for(lambda: source.symbols == ["HELD"])


async def test_another_source_stands_in_for_one_that_is_down_until_it_is_back(batches):
    acme = make_listing("ACME")
    first, second = Ticker("first", takes_all=False), Ticker("second", takes_all=False)
    feed = make_feed(
        first,
        second,
        listings=[acme],
        list_interests=wants(acme),
        rhythm=FAST,
        patience=IMPATIENT,
    )

    async with running(feed):
        await wait_for(lambda: told(batches) and source_of(batches, acme) == "first")
        first.fails = away()
        await wait_for(lambda: source_of(batches, acme) == "second")
        first.fails = None
        await wait_for(lambda: source_of(batches, acme) == "first" and not second.symbols)

    moments = [each.at for batch in batches for each in batch]
    assert moments == sorted(moments)


async def test_an_older_quote_of_another_source_does_not_replace_a_newer_one(batches):
    acme = make_listing("ACME")
    now = clock.now()
    quote_cache.write([quote_of(acme, "100", at=now, source="second")])
    first = Ticker("first", takes_all=False)
    first.is_mute = True
    first.found = lambda _listings: [
        quote_of(acme, "99", at=now - timedelta(minutes=1), source="first")
    ]
    second = Ticker("second", takes_all=False, knows=set())

    async with running(
        make_feed(first, second, listings=[acme], list_interests=wants(acme), rhythm=FAST)
    ):
        await wait_for(lambda: first.looked_up)
        await asyncio.sleep(0.2)
        # It was passed on, and held against the newer one.
        assert first.connections == 1

    assert quote_cache.read([acme.instrument_id])[acme.instrument_id].price == 100


async def test_quotes_of_a_source_that_was_switched_off_are_forgotten(batches):
    acme = make_listing("ACME")
    quote_cache.write([quote_of(acme, "100", source="simulated")])
    source = Ticker(takes_all=False, knows=set())

    async with running(make_feed(source, listings=[acme], rhythm=FAST)):
        await wait_for(lambda: not quote_cache.read([acme.instrument_id]))


async def test_a_feed_without_news_gives_a_sign_of_life():
    signs = []

    async def hear(*, quotes, **_more):
        signs.append(quotes)

    source = Ticker(takes_all=False)
    quotes_recorded.connect(hear)
    try:
        async with running(make_feed(source, rhythm=Rhythm(beat=0.1))):
            await wait_for(lambda: len(signs) >= 3)
    finally:
        quotes_recorded.disconnect(hear)

    assert signs[:3] == [[], [], []]


async def test_staff_are_told_how_the_sources_are_and_what_nobody_streams():
    known, foreign, idle = make_listing("ACME"), make_listing("ALIEN"), make_listing("IDLE")
    well = Ticker("well", takes_all=False, knows={"ACME"}, room=5)
    refused = Ticker("refused", takes_all=False, knows={"ACME", "IDLE"})
    refused.fails = Forbidden("The plan doesn't allow it.")
    feed = make_feed(
        well,
        refused,
        listings=[known, foreign, idle],
        list_interests=wants(known, foreign),
        rhythm=FAST,
        patience=IMPATIENT,
    )

    async with running(feed):
        await wait_for(lambda: (state := feed_state.read()) and state.sources[0].subscribed)
        await wait_for(lambda: feed_state.read().sources[1].is_down)
        state = feed_state.read()

    first, second = state.sources
    assert (first.health, first.covers, first.room, first.wanted) == (Health.WELL, 1, 5, 1)
    assert (second.health, second.covers) == (Health.DOWN, 2)
    assert second.error == "The plan doesn't allow it."
    assert (state.instruments, state.uncovered) == (3, 1)
    assert [(each.wanted.instrument_id, each.reason) for each in state.left_out] == [
        (foreign.instrument_id, Reason.NO_SOURCE)
    ]
    assert state.left_out_counts == {Reason.NO_SOURCE: 1}


def told(batches) -> dict[str, Quote]:
    return {quote.instrument_id: quote for batch in batches for quote in batch}


def source_of(batches, listing) -> str:
    return told(batches)[listing.instrument_id].source
