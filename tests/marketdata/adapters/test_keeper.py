"""One source's keeper: it connects again, notices silence, vouches for old prices, stands aside."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

from common import clock
from common.remote.errors import AuthExpired, RateLimited
from marketdata.adapters.base import StreamEnded, TooManyInstruments
from marketdata.adapters.keeper import Keeper, Patience
from marketdata.domain.condition import Health
from marketdata.domain.quotes import MarketState
from tests.marketdata.streams import Ticker, away, make_listing, quote_of
from tests.marketdata.waiting import wait_for

QUICK = Patience(
    first_pause=0.02,
    longest_pause=0.05,
    refused_pause=0.05,
    answer=0.3,
    silence=0.1,
    unanswered=0.4,
    down=0.3,
    proven=0.4,
    confirm=0.1,
    look_up=0.05,
)
ACME, BOLT = make_listing("ACME"), make_listing("BOLT")


@asynccontextmanager
async def kept(source, *, listings=(ACME,), build=None, patience=QUICK):
    """Run a keeper of a source; yields it, and what it has passed on so far."""
    told = []
    keeper = Keeper(source.name, build or (lambda: source), take=told.extend, patience=patience)
    keeper.want(listings)
    task = asyncio.create_task(keeper.run())
    try:
        yield keeper, told
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_what_is_wanted_is_streamed_and_looked_up_first():
    source = Ticker()
    source.found = lambda listings: [quote_of(each, "0.5") for each in listings]

    async with kept(source) as (keeper, told):
        await wait_for(lambda: len(told) > 5)
        keeper.want([BOLT, ACME])
        await wait_for(lambda: {each.instrument_id for each in told[-2:]} == ids(ACME, BOLT))
        await wait_for(lambda: len(source.looked_up) == 2)

    assert [[each.symbol for each in asked] for asked in source.looked_up] == [["ACME"], ["BOLT"]]
    assert (keeper.condition.subscribed, source.connections) == (0, 1)


async def test_what_is_wanted_no_more_is_passed_on_no_more():
    source = Ticker()

    async with kept(source, listings=[ACME, BOLT]) as (keeper, told):
        await wait_for(lambda: told)
        keeper.want([BOLT])
        told.clear()
        await wait_for(lambda: source.symbols == ["BOLT"] and len(told) > 5)

    assert {each.instrument_id for each in told[-5:]} == ids(BOLT)


async def test_after_a_failure_it_connects_subscribes_and_looks_up_again():
    source = Ticker()

    async with kept(source) as (keeper, told):
        await wait_for(lambda: told)
        source.fails = away("The connection was lost.")
        await wait_for(lambda: not keeper.condition.is_connected)
        assert keeper.condition.error == "The connection was lost."
        source.fails = None
        seen = len(told)
        await wait_for(lambda: len(told) > seen and len(source.looked_up) == 2)

    assert source.connections == 2


async def test_a_source_that_fails_for_long_is_down_until_it_speaks_again():
    source = Ticker()

    async with kept(source) as (keeper, told):
        await wait_for(lambda: told)
        source.fails = away()
        await wait_for(lambda: keeper.condition.error)
        failing = keeper.state(covers=None)
        await wait_for(lambda: keeper.is_down)
        assert keeper.state(covers=None).health is Health.DOWN
        source.fails = None
        await wait_for(lambda: not keeper.is_down)

    assert failing.health is Health.AWAY
    assert failing.failing_since <= failing.error_at
    assert keeper.state(covers=None).failing_since is None


async def test_a_source_without_work_is_trusted_again_when_its_connection_lasts():
    source = Ticker()
    source.fails = away()

    async with kept(source, listings=[]) as (keeper, _told):
        await wait_for(lambda: keeper.is_down)
        source.fails, source.is_mute = None, True
        await wait_for(lambda: keeper.condition.is_connected)
        assert keeper.is_down
        await wait_for(lambda: not keeper.is_down)


async def test_a_refused_key_is_read_anew_before_each_try():
    keys = iter([AuthExpired("It refuses the key."), AuthExpired("It refuses the key.")])
    source = Ticker()

    def build():
        for failure in keys:
            raise failure
        return source

    async with kept(source, build=build) as (keeper, told):
        await wait_for(lambda: keeper.is_down)
        assert keeper.condition.error == "It refuses the key."
        await wait_for(lambda: told and not keeper.is_down)


async def test_a_source_that_asks_for_a_pause_gets_it():
    source = Ticker()
    until = clock.now() + timedelta(seconds=0.4)
    source.fails = RateLimited("Too often.", until=until)

    async with kept(source) as (_keeper, told):
        source.fails = RateLimited("Too often.", until=until)
        await asyncio.sleep(0.1)
        source.fails = None
        await wait_for(lambda: told)

    assert clock.now() >= until


async def test_a_connection_that_ends_as_announced_is_no_failure():
    source = Ticker()

    async with kept(source) as (keeper, told):
        await wait_for(lambda: told)
        source.fails = StreamEnded("It restarts.")
        await wait_for(lambda: not keeper.condition.is_connected)
        source.fails = None
        await wait_for(lambda: source.connections == 2)

    assert keeper.condition.error == ""


async def test_silence_that_hides_a_new_price_ends_the_connection():
    source = Ticker()

    async with kept(source) as (keeper, told):
        await wait_for(lambda: told)
        source.is_mute = True
        source.found = lambda listings: [quote_of(each, "777") for each in listings]
        await wait_for(lambda: source.connections == 2)
        source.is_mute = False
        assert "says nothing" in keeper.condition.error


async def test_silence_that_hides_nothing_is_confirmed():
    source = Ticker()

    async with kept(source) as (keeper, told):
        await wait_for(lambda: told)
        assert keeper.state(covers=7).health is Health.WELL
        source.is_mute = True
        await asyncio.sleep(0.05)
        last = told[-1]
        source.found = lambda listings: [last]
        await wait_for(lambda: told[-1].confirmed_at is not None, seconds=3)
        first_confirmed = told[-1].confirmed_at
        await wait_for(lambda: told[-1].confirmed_at > first_confirmed, seconds=3)
        silent, confirmed = keeper.state(covers=7), told[-1]
        source.is_mute = False
        await wait_for(lambda: keeper.state(covers=7).silent_since is None)

    assert silent.health is Health.SILENT
    # It counts from the last message on, not from when somebody noticed.
    assert silent.silent_since == silent.heard_at < silent.confirmed_at

    assert (confirmed.price, confirmed.at, source.connections) == (last.price, last.at, 1)


async def test_silence_without_an_answer_ends_the_connection():
    source = Ticker()

    async with kept(source) as (keeper, told):
        await wait_for(lambda: told)
        source.found = lambda _listings: away("No answer.")
        source.is_mute = True
        await wait_for(lambda: "doesn't answer either" in keeper.condition.error, seconds=3)
        await wait_for(lambda: source.connections == 2)


async def test_a_closed_market_may_be_silent():
    source = Ticker()
    source.state = MarketState.CLOSED

    async with kept(source) as (_keeper, told):
        await wait_for(lambda: told and source.looked_up)
        source.is_mute = True
        await wait_for(lambda: told[-1].market_state is MarketState.CLOSED)
        looked_up, count = len(source.looked_up), len(told)
        await asyncio.sleep(0.5)

    assert (len(source.looked_up), len(told), source.connections) == (looked_up, count, 1)


async def test_an_older_price_and_the_same_again_are_not_passed_on():
    source = Ticker()
    now = clock.now()
    said = [
        quote_of(ACME, "10", at=now),
        quote_of(ACME, "10", at=now),
        quote_of(ACME, "9", at=now - timedelta(seconds=1)),
        quote_of(ACME, "11", at=now),
    ]
    source.is_mute = True
    source.found = lambda _listings: said

    async with kept(source) as (_keeper, told):
        await wait_for(lambda: len(told) >= 2)
        await asyncio.sleep(0.05)

    assert [str(each.price) for each in told[:2]] == ["10", "11"]


async def test_a_price_of_the_future_is_taken_as_one_of_now():
    source = Ticker()
    source.is_mute = True
    source.found = lambda _listings: [quote_of(ACME, "10", at=clock.now() + timedelta(minutes=5))]

    async with kept(source) as (keeper, told):
        await wait_for(lambda: told)

    assert told[0].at <= clock.now()
    assert keeper.condition.skew > timedelta(minutes=4)
    assert "ahead" in keeper.condition.error


async def test_a_source_that_takes_fewer_is_asked_for_fewer():
    source = Ticker()

    async with kept(source, listings=[ACME, BOLT]) as (keeper, told):
        await wait_for(lambda: told)
        source.fails = TooManyInstruments("It doesn't send so many.")
        await wait_for(lambda: keeper.room == 2)
        source.fails = None
        assert keeper.condition.is_connected

    assert source.connections == 1


async def test_a_fault_in_a_source_is_a_failure_of_it_alone():
    source = Ticker()

    async with kept(source) as (keeper, told):
        await wait_for(lambda: told)
        source.fails = ZeroDivisionError()
        await wait_for(lambda: keeper.is_down)
        source.fails = None
        await wait_for(lambda: not keeper.is_down)


async def test_a_subscription_that_is_never_answered_is_a_failure():
    source = Ticker(takes_all=False)
    source.is_deaf = True

    async with kept(source) as (keeper, _told):
        await wait_for(lambda: "doesn't answer a subscription" in keeper.condition.error, seconds=3)
        source.is_deaf = False
        await wait_for(lambda: keeper.condition.subscribed == 1)


def ids(*listings):
    return {each.instrument_id for each in listings}
