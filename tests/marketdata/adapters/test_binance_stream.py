"""Binance's stream against a server that speaks as theirs does."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest

from common.remote.errors import (
    BadRequest,
    Schema,
)
from marketdata.adapters.base import StreamEnded
from marketdata.adapters.binance.stream import BinanceStream
from marketdata.domain.instruments import AssetClass
from tests.marketdata.providers import Binance, on_air
from tests.marketdata.streams import make_listing, next_quotes, settled
from tests.remote_server import Said, remote_server

BTC = make_listing(
    "BTC",
    mic="",
    currency="EUR",
    asset_class=AssetClass.CRYPTO,
    last_close=Decimal(50_000),
    last_close_date=date(2026, 11, 19),
)
ETH = make_listing("ETH", mic="", currency="EUR", asset_class=AssetClass.CRYPTO)
BINANCE_AT = 1_763_683_200_123  # 2025-11-21T00:00:00.123Z


@asynccontextmanager
async def binance_with(*listings):
    async with (
        on_air(Binance()) as provider,
        BinanceStream(stream_url=provider.url).connect() as connection,
    ):
        await connection.want(listings)
        await settled(connection, len(listings))
        yield provider, connection


async def test_binance_is_subscribed_to_and_sends_tickers():
    async with binance_with(BTC, ETH) as (provider, connection):
        await provider.tick("BTCEUR", "55000.10", BINANCE_AT)

        (quote,) = await next_quotes(connection)

    assert provider.paths == ["/stream"]
    assert provider.heard == [
        {"method": "SUBSCRIBE", "params": ["btceur@miniTicker", "etheur@miniTicker"], "id": 1}
    ]
    assert (quote.price, quote.currency, quote.source) == (Decimal("55000.10"), "EUR", "binance")
    assert quote.at == datetime(2025, 11, 21, 0, 0, 0, 123_000, tzinfo=UTC)


async def test_binance_is_told_only_what_changes():
    async with binance_with(BTC) as (provider, connection):
        await connection.want([ETH])
        async with asyncio.timeout(3):
            while connection.subscribed != {ETH.instrument_id}:
                await connection.receive()

    assert provider.streams == {"etheur@miniTicker"}
    assert [each["method"] for each in provider.heard] == ["SUBSCRIBE", "UNSUBSCRIBE", "SUBSCRIBE"]


async def test_many_streams_are_asked_for_in_few_messages_and_slowly():
    many = [make_listing(f"C{number}", currency="EUR") for number in range(450)]
    loop = asyncio.get_running_loop()
    started = loop.time()

    async with binance_with(*many) as (provider, _connection):
        seconds = loop.time() - started

    assert [len(each["params"]) for each in provider.heard] == [200, 200, 50]
    # No more than five a second.
    assert seconds >= 2 * 0.2


async def test_a_server_that_shuts_down_says_so():
    async with binance_with(BTC) as (provider, connection):
        told = {"e": "serverShutdown", "E": BINANCE_AT}
        await provider.say({"stream": "!serverShutdown", "data": told})

        with pytest.raises(StreamEnded):
            await next_quotes(connection)


async def test_a_refused_request_is_a_failure():
    async with binance_with(BTC) as (provider, connection):
        await provider.say({"error": {"code": 2, "msg": "Invalid request"}, "id": 2})

        with pytest.raises(BadRequest, match="Invalid request"):
            await next_quotes(connection)


@pytest.mark.parametrize("price", ["0", "-1", "NaN", "x", 5, None])
async def test_a_ticker_that_cannot_be_read_is_passed_over(price):
    async with binance_with(BTC) as (provider, connection):
        await provider.tick("BTCEUR", price, BINANCE_AT)
        await provider.tick("BTCEUR", "7", BINANCE_AT)

        (quote,) = await next_quotes(connection)

    assert quote.price == 7


@pytest.mark.parametrize("said", ["hello", "[]", "7"])
async def test_another_message_than_binances_is_none(said):
    async with binance_with(BTC) as (provider, connection):
        await provider.say(said)

        with pytest.raises(Schema):
            await next_quotes(connection)


def tickers(*symbols):
    told = {"lastPrice": "55000.10", "openTime": 1, "closeTime": BINANCE_AT, "volume": "1"}
    return Said(json.dumps([{"symbol": each, **told} for each in symbols]).encode())


def test_a_snapshot_asks_for_all_symbols_at_once():
    with remote_server() as remote:
        remote.answers = [tickers("BTCEUR", "ETHEUR", "OTHER")]

        quotes = BinanceStream(base_url=remote.url).snapshot([BTC, ETH])

    (path, _headers), *more = remote.asked
    query = parse_qs(urlsplit(path).query)
    assert (json.loads(query["symbols"][0]), query["type"]) == (["BTCEUR", "ETHEUR"], ["MINI"])
    assert not more
    assert [each.instrument_id for each in quotes] == [BTC.instrument_id, ETH.instrument_id]


def test_a_symbol_that_binance_does_not_know_costs_the_others_nothing():
    def respond(path, _headers):
        symbols = json.loads(parse_qs(urlsplit(path).query)["symbols"][0])
        return Said(b"{}", status=400) if "NOPEEUR" in symbols else tickers(*symbols)

    nope = make_listing("NOPE", currency="EUR", asset_class=AssetClass.CRYPTO)
    with remote_server() as remote:
        remote.respond = respond
        stream = BinanceStream(base_url=remote.url)

        quotes = stream.snapshot([BTC, nope, ETH])

    assert {each.instrument_id for each in quotes} == {BTC.instrument_id, ETH.instrument_id}
    assert [stream.covers(each) for each in (BTC, nope, ETH)] == [True, False, True]


@pytest.mark.parametrize(
    ("at", "previous"),
    [
        ("2026-11-20T00:00:00Z", Decimal(50_000)),
        ("2026-11-20T23:59:59Z", Decimal(50_000)),
        # Yesterday's close isn't stored yet, and that of the day before is another's.
        ("2026-11-21T00:00:00Z", None),
    ],
)
def test_the_previous_close_is_that_of_the_day_before_in_utc(at, previous):
    moment = int(datetime.fromisoformat(at).timestamp() * 1000)
    told = [{"symbol": "BTCEUR", "lastPrice": "1", "closeTime": moment}]
    with remote_server() as remote:
        remote.answers = [Said(json.dumps(told).encode())]

        (quote,) = BinanceStream(base_url=remote.url).snapshot([BTC])

    assert quote.previous_close == previous


@pytest.mark.parametrize("body", [b"{}", b"7", b"nonsense"])
def test_another_answer_than_tickers_is_none(body):
    with remote_server() as remote:
        remote.answers = [Said(body)]

        with pytest.raises(Schema):
            BinanceStream(base_url=remote.url).snapshot([BTC])
