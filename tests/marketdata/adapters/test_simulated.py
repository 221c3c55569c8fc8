"""Simulated prices: plausible, lively, and the same wherever they are computed."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import stdev

import pytest

from marketdata.adapters import directory
from marketdata.adapters.base import Listing
from marketdata.adapters.simulated import TICK, SimulatedSource
from marketdata.domain.instruments import AssetClass

LISTINGS = {
    each.symbol: Listing(
        instrument_id=each.symbol,
        identity=each.identity,
        symbol=each.symbol,
        mic=each.mic,
        currency=each.currency,
        asset_class=each.asset_class,
    )
    for each in directory.entries()
}
START = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
#: The ticks that begin and end a bar of a minute.
LOOKED_AT = (timedelta(), timedelta(seconds=59))


def make_source(seed=7, speed=60.0, **more) -> SimulatedSource:
    return SimulatedSource(seed=seed, speed=speed, **more)


def closes(symbol, start, end, **more) -> dict[date, Decimal]:
    found = make_source(**more).daily_closes(LISTINGS[symbol], start=start, end=end)
    return {each.date: each.close for each in found}


def test_closes_start_from_the_anchor():
    assert closes("AAPL", date(2022, 12, 30), date(2022, 12, 30)) == {
        date(2022, 12, 30): Decimal("129.93")
    }


@pytest.mark.parametrize("symbol", ["AAPL", "BTC", "EUR/USD"])
def test_a_close_does_not_depend_on_what_was_asked_before(symbol):
    days = date(2022, 6, 1), date(2024, 3, 1)
    source = make_source()
    whole = {
        each.date: each.close
        for each in source.daily_closes(LISTINGS[symbol], start=days[0], end=days[1])
    }

    for day in (date(2024, 2, 29), date(2022, 7, 1), date(2023, 5, 5)):
        assert closes(symbol, day, day) == {day: whole[day]}


def test_another_seed_gives_other_closes():
    days = date(2024, 1, 2), date(2024, 1, 31)

    assert closes("AAPL", *days) != closes("AAPL", *days, seed=8)


@pytest.mark.parametrize(("symbol", "count"), [("AAPL", 22), ("EUR/USD", 22), ("BTC", 31)])
def test_only_crypto_has_closes_on_weekends_and_holidays(symbol, count):
    # January 2024 has 23 weekdays, the first of which is New Year's Day.
    assert len(closes(symbol, date(2024, 1, 1), date(2024, 1, 31))) == count


@pytest.mark.parametrize("symbol", ["NVDA", "VWCE", "BTC", "EUR/USD"])
def test_closes_are_as_volatile_as_the_directory_says(symbol):
    prices = [float(close) for close in closes(symbol, date(2021, 1, 1), date(2026, 1, 1)).values()]
    (entry,) = [each for each in directory.entries() if each.symbol == symbol]
    days = 365 if entry.asset_class is AssetClass.CRYPTO else 252

    moves = [math.log(after / before) for before, after in pairwise(prices)]

    assert stdev(moves) * math.sqrt(days) == pytest.approx(entry.volatility, rel=0.1)


def test_an_instrument_the_simulation_does_not_know_has_neither_closes_nor_quotes():
    listing = Listing("x", "XNAS:X:USD", "X", "XNAS", "USD", AssetClass.STOCK, Decimal(1))

    assert make_source().daily_closes(listing, start=START.date(), end=START.date()) == []
    assert make_source().quote(listing, at=START) is None


def run_of(source, ticks=50):
    return [
        source.quotes(list(LISTINGS.values()), tick=tick) for tick in range(10**9, 10**9 + ticks)
    ]


def test_the_same_seed_and_start_give_the_same_quotes():
    assert run_of(make_source()) == run_of(make_source())
    assert run_of(make_source()) != run_of(make_source(seed=8))


def test_a_feed_that_is_started_again_goes_on_without_a_jump():
    running, listing = make_source(), LISTINGS["AAPL"]
    for second in range(60):
        running.quote(listing, at=START + timedelta(seconds=second))

    at = START + timedelta(minutes=1)

    assert make_source().quote(listing, at=at) == running.quote(listing, at=at)


def test_a_quote_belongs_to_the_close_before_it():
    known = closes("SAP", date(2026, 2, 27), date(2026, 3, 3))
    source = make_source()

    on_wednesday = source.quote(LISTINGS["SAP"], at=START)
    on_sunday = source.quote(LISTINGS["SAP"], at=datetime(2026, 3, 1, 12, 0, tzinfo=UTC))

    assert on_wednesday.previous_close == known[date(2026, 3, 3)]
    assert on_sunday.previous_close == known[date(2026, 2, 27)]


def test_quotes_stay_near_the_last_close():
    source = make_source()

    rates = [
        abs(source.quote(listing, at=START + timedelta(minutes=minute)).change_rate)
        for listing in LISTINGS.values()
        for minute in range(0, 600, 20)
    ]

    assert max(rates) < Decimal("0.35")


@pytest.mark.parametrize(
    ("symbol", "step"),
    [("AAPL", "0.01"), ("BTC", "0.01"), ("EUR/USD", "0.00001"), ("EUR/JPY", "0.001")],
)
def test_prices_are_on_the_grid_of_their_market(symbol, step):
    source = make_source()

    for second in range(30):
        price = source.quote(LISTINGS[symbol], at=START + timedelta(seconds=second)).price
        assert price == price.quantize(Decimal(step))


def states(source, seconds):
    at = START + timedelta(seconds=seconds)
    return Counter(source.quote(each, at=at).market_state.value for each in LISTINGS.values())


def test_most_instruments_trade_at_any_time_while_some_are_halted_or_closed():
    source = make_source()

    seen = [states(source, seconds) for seconds in range(0, 3_600, 60)]

    assert min(each["open"] for each in seen) > len(LISTINGS) / 2
    assert sum(each["halted"] > 0 for each in seen) > len(seen) / 4
    assert sum(each["closed"] > 0 for each in seen) > len(seen) / 4


def test_prices_rest_while_a_market_does_and_begin_again_with_a_gap():
    source, listing = make_source(), LISTINGS["NVDA"]
    quotes = [source.quote(listing, at=START + timedelta(seconds=second)) for second in range(900)]
    resting = [quote for quote in quotes if quote.market_state != "open"]
    resumed = [
        (before, after)
        for before, after in pairwise(quotes)
        if before.market_state == "closed" and after.market_state == "open"
    ]

    moved = [
        (before, after)
        for before, after in pairwise(quotes)
        if before.market_state == after.market_state != "open" and before.price != after.price
    ]

    assert resting
    # Tomorrow's close draws the level on by less than a cent while trading rests.
    assert moved == []
    assert any(before.price != after.price for before, after in resumed)


def test_moving_prices_move_every_second_or_two():
    source = make_source()

    for symbol in ("AAPL", "BTC", "EUR/USD"):
        prices = [
            source.quote(LISTINGS[symbol], at=START + timedelta(seconds=2 * number)).price
            for number in range(100)
        ]
        assert sum(before != after for before, after in pairwise(prices)) > 60


async def test_a_snapshot_has_everything_and_the_stream_tells_what_is_new():
    moments = iter(START + number * TICK for number in range(1_000))
    source = make_source(clock=lambda: next(moments))
    listings = list(LISTINGS.values())

    first = source.snapshot(listings)
    async with source.connect() as connection:
        await connection.want(listings)
        second = await connection.receive()

    assert len(first) == len(LISTINGS)
    assert 0 < len(second) < len(LISTINGS)
    assert second[0].at > first[0].at
    assert {quote.source for quote in first} == {"simulated"}
    assert connection.subscribed == {each.instrument_id for each in listings}


def test_what_the_simulation_does_not_know_is_not_covered():
    source = make_source()

    assert all(source.covers(each) for each in LISTINGS.values())
    assert not source.covers(replace(next(iter(LISTINGS.values())), identity="XNAS:NOBODY:USD"))


@pytest.mark.parametrize("symbol", ["AAPL", "BTC"])
def test_minutes_hold_the_quotes_of_their_time(symbol):
    source, listing = make_source(), LISTINGS[symbol]
    end = START + timedelta(minutes=30)

    bars = source.minute_bars(listing, start=START, end=end)

    assert bars == make_source().minute_bars(listing, start=START, end=end)
    assert [bar.at for bar in bars] == sorted({bar.at for bar in bars})
    # Shares rest now and then; coins never do.
    assert len(bars) == 30 if symbol == "BTC" else 10 < len(bars) < 30
    for bar in bars:
        opened, closed = (source.quote(listing, at=bar.at + after) for after in LOOKED_AT)
        assert (bar.open, bar.close) == (opened.price, closed.price)
        assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high


def test_what_it_does_not_know_has_no_minutes():
    unknown = replace(LISTINGS["BTC"], identity="-:NONE:EUR")

    assert make_source().minute_bars(unknown, start=START, end=START + timedelta(minutes=5)) == []
