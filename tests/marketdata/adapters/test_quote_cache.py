"""The latest quotes in Redis."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from bson import ObjectId

from common import keys, redis
from marketdata.adapters import quote_cache
from marketdata.adapters.quote_cache import Replaced, decode, encode, plain
from marketdata.domain.quotes import MarketState, Quote

NOW = datetime(2026, 3, 2, 12, 0, 0, 123_000, tzinfo=UTC)


def make_quote(price="190.10", **fields) -> Quote:
    known = {
        "instrument_id": str(ObjectId()),
        "currency": "USD",
        "at": NOW,
        "source": "test",
        "previous_close": Decimal("188.00"),
        "market_state": MarketState.OPEN,
    } | fields
    return Quote(price=Decimal(price), **known)


@pytest.fixture
def _feed_keys():
    yield
    redis.client().delete(keys.FEED_FENCE.of(), keys.FEED_HEARTBEAT.of(), keys.FEED_LEASE.of())


@pytest.fixture
def _no_redis(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"


@pytest.mark.parametrize(
    "quote",
    [
        make_quote(),
        make_quote("0.00001234"),
        make_quote("1E+3"),
        make_quote(previous_close=None),
        make_quote(market_state=MarketState.HALTED),
    ],
)
def test_a_quote_is_read_as_it_was_written(quote):
    assert decode(encode(quote)) == quote
    assert "E" not in json.loads(encode(quote))["price"]


def test_quotes_are_found_by_instrument_and_expire():
    first, second = make_quote("1.00"), make_quote("2.00")

    quote_cache.write([first, second])

    unknown = str(ObjectId())
    found = quote_cache.read([second.instrument_id, unknown, first.instrument_id])
    assert found == {first.instrument_id: first, second.instrument_id: second}
    assert 0 < redis.client().ttl(keys.QUOTE.of(first.instrument_id)) <= keys.QUOTE.ttl_seconds
    assert quote_cache.read([]) == {}


@pytest.mark.usefixtures("_no_redis")
def test_without_redis_there_are_no_quotes_and_no_error():
    assert quote_cache.read([str(ObjectId())]) == {}
    assert quote_cache.feed_age(NOW) is None


@pytest.mark.usefixtures("_feed_keys")
def test_the_feeds_age_is_that_of_its_last_beat():
    assert quote_cache.feed_age(NOW) is None

    redis.client().set(keys.FEED_HEARTBEAT.of(), (NOW - timedelta(seconds=4)).timestamp())

    assert quote_cache.feed_age(NOW) == pytest.approx(4)


@pytest.mark.usefixtures("_feed_keys")
async def test_a_feed_that_was_replaced_writes_no_more():
    redis.client().set(keys.FEED_FENCE.of(), 5)
    old, new = make_quote("1.00"), make_quote("2.00")

    await quote_cache.write_fenced([new], fence=5)
    with pytest.raises(Replaced):
        await quote_cache.write_fenced([old], fence=4)
    await redis.close_async_client()

    assert quote_cache.read([old.instrument_id, new.instrument_id]) == {new.instrument_id: new}


@pytest.mark.parametrize(
    ("number", "places", "text"),
    [
        ("8.0000000000", None, "8.00"),
        ("8.1", None, "8.1"),
        ("8", None, "8"),
        ("1.0705000000", None, "1.0705"),
        ("1E+2", None, "100"),
        ("0.125", 2, "0.12"),
        ("-0.001", 2, "0.00"),
        ("-0.006", 2, "-0.01"),
        ("1234.5", 0, "1234"),
    ],
)
def test_numbers_are_written_plainly(number, places, text):
    assert plain(Decimal(number), places=places) == text


def test_an_unknown_number_stays_unknown():
    assert plain(None) is None
