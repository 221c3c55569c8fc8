"""Alpaca's stream against a server that speaks as theirs does."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest

from common import clock
from common.remote.errors import (
    AuthExpired,
    BadRequest,
    Forbidden,
    RateLimited,
    Schema,
    Transient,
)
from marketdata.adapters.alpaca.stream import AlpacaStream
from marketdata.adapters.base import TooManyInstruments
from marketdata.domain.quotes import MarketState
from tests.marketdata.providers import Alpaca, alpaca_snapshot, alpaca_trade, on_air
from tests.marketdata.streams import make_listing, next_quotes, settled
from tests.marketdata.waiting import wait_for
from tests.remote_server import Said, remote_server

ACME, BOLT = make_listing("ACME"), make_listing("BOLT")
IN_SESSION = "2026-11-20T15:07:40.286587431Z"


def alpaca_of(provider=None, *, secret=Alpaca.SECRET, base_url="", **options):
    url = provider.url if provider else "ws://127.0.0.1:1"
    return AlpacaStream(
        key_id=Alpaca.KEY, secret_key=secret, stream_url=url, base_url=base_url, **options
    )


@asynccontextmanager
async def alpaca_with(*listings, **options):
    async with on_air(Alpaca()) as provider, alpaca_of(provider, **options).connect() as connection:
        await connection.want(listings)
        await settled(connection, len(listings))
        yield provider, connection


async def test_alpaca_is_signed_in_to_and_subscribed_and_sends_trades():
    async with alpaca_with(ACME, BOLT) as (provider, connection):
        await provider.trade("ACME", 38.42, IN_SESSION)

        (quote,) = await next_quotes(connection)

    assert provider.paths == ["/v2/iex"]
    assert [each["action"] for each in provider.heard] == ["auth", "subscribe"]
    assert provider.heard[1]["trades"] == provider.heard[1]["statuses"] == ["ACME", "BOLT"]
    assert (quote.instrument_id, quote.price, quote.currency) == (
        ACME.instrument_id,
        Decimal("38.42"),
        "USD",
    )
    assert quote.at == datetime(2026, 11, 20, 15, 7, 40, 286587, tzinfo=UTC)
    assert (quote.source, quote.market_state) == ("alpaca", MarketState.OPEN)


async def test_alpaca_is_told_only_what_changes():
    async with alpaca_with(ACME) as (provider, connection):
        await connection.want([BOLT])
        await settled(connection, 1)
        async with asyncio.timeout(3):
            while connection.subscribed != {BOLT.instrument_id}:
                await connection.receive()

    assert [(each["action"], each["trades"]) for each in provider.heard[1:]] == [
        ("subscribe", ["ACME"]),
        ("unsubscribe", ["ACME"]),
        ("subscribe", ["BOLT"]),
    ]
    assert provider.subscribed == {"BOLT"}


async def test_of_many_trades_in_one_message_the_newest_of_each_symbol_counts():
    async with alpaca_with(ACME, BOLT) as (provider, connection):
        await provider.say(
            [
                alpaca_trade("ACME", 10, "2026-11-20T15:00:02Z"),
                alpaca_trade("BOLT", 5, "2026-11-20T15:00:01Z"),
                alpaca_trade("ACME", 9, "2026-11-20T15:00:01Z"),
                alpaca_trade("OTHER", 1, "2026-11-20T15:00:01Z"),
                {"T": "q", "S": "ACME", "bp": 1, "ap": 2},
                {"T": "what will come"},
            ]
        )

        quotes = await next_quotes(connection)

    assert {each.instrument_id: each.price for each in quotes} == {
        ACME.instrument_id: 10,
        BOLT.instrument_id: 5,
    }


@pytest.mark.parametrize("condition", ["I", "T", "Q", "M", "W", "Z", "4"])
async def test_a_trade_that_sets_no_last_price_is_passed_over(condition):
    async with alpaca_with(ACME) as (provider, connection):
        await provider.trade("ACME", 1, IN_SESSION, c=["@", condition])
        await provider.trade("ACME", 38, IN_SESSION, c=["@", "F"])

        (quote,) = await next_quotes(connection)

    assert quote.price == 38


@pytest.mark.parametrize(
    "broken",
    [
        {"p": "38.42"},
        {"p": 0},
        {"p": -1},
        {"p": True},
        {"t": "2026-11-20T15:07:40"},
        {"t": "yesterday"},
        {"t": None},
    ],
)
async def test_a_trade_that_cannot_be_read_is_passed_over_alone(broken):
    async with alpaca_with(ACME, BOLT) as (provider, connection):
        await provider.say(
            [alpaca_trade("ACME", 1, IN_SESSION) | broken, alpaca_trade("BOLT", 2, IN_SESSION)]
        )

        quotes = await next_quotes(connection)

    assert [each.instrument_id for each in quotes] == [BOLT.instrument_id]


async def test_a_halt_is_told_with_the_state_until_trading_resumes():
    stream = None
    async with on_air(Alpaca()) as provider:
        stream = alpaca_of(provider)
        async with stream.connect() as connection:
            await connection.want([ACME])
            await settled(connection, 1)
            states = []
            for code in ("H", "T"):
                status = {"T": "s", "S": "ACME", "sc": code, "sm": "", "rc": "", "rm": ""}
                await provider.say([status | {"t": IN_SESSION, "z": "C"}])
                await connection.receive()
                now = datetime(2026, 11, 20, 15, 8, tzinfo=UTC)
                states.append(stream.state_of(ACME, now=now))

    assert states == [MarketState.HALTED, MarketState.OPEN]


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        (400, BadRequest),
        (401, AuthExpired),
        (402, AuthExpired),
        (403, BadRequest),
        (404, Transient),
        (405, TooManyInstruments),
        (406, Transient),
        (407, Transient),
        (408, Forbidden),
        (409, Forbidden),
        (500, Transient),
        (599, Transient),
        (None, Transient),
    ],
)
async def test_each_of_alpacas_errors_has_its_class(code, failure):
    async with alpaca_with(ACME) as (provider, connection):
        await provider.fail(code, "something")

        with pytest.raises(failure) as caught:
            await next_quotes(connection)

    assert type(caught.value) is failure


async def test_a_wrong_secret_is_refused():
    async with on_air(Alpaca()) as provider:
        with pytest.raises(AuthExpired, match="402"):
            async with alpaca_of(provider, secret="another").connect():
                pass


async def test_a_symbol_too_many_leaves_the_others_subscribed():
    async with on_air(Alpaca(most=1)) as provider, alpaca_of(provider).connect() as connection:
        await connection.want([ACME])
        await settled(connection, 1)
        await connection.want([ACME, BOLT])
        with pytest.raises(TooManyInstruments):
            await next_quotes(connection)
        await provider.trade("ACME", 38, IN_SESSION)

        assert len(await next_quotes(connection)) == 1
        assert connection.subscribed == {ACME.instrument_id}


@pytest.mark.parametrize("said", ["hello", "{}", "[1]", '"text"', '[{"T":"success"}]'])
async def test_another_greeting_than_alpacas_is_none(said):
    async with on_air(Alpaca()) as provider:
        provider.is_greeting = False

        async def connect():
            async with alpaca_of(provider).connect():
                pass

        connecting = asyncio.create_task(connect())
        await wait_for(lambda: provider.connections)
        await provider.say(said)

        with pytest.raises(Schema):
            await connecting


@pytest.mark.parametrize(
    ("status", "failure"),
    [(401, AuthExpired), (403, Forbidden), (404, BadRequest), (429, RateLimited), (503, Transient)],
)
async def test_a_refused_handshake_has_its_class(status, failure):
    async with on_air(Alpaca()) as provider:
        provider.refusals = [(status, {})]

        with pytest.raises(failure, match=str(status)):
            async with alpaca_of(provider).connect():
                pass


@pytest.mark.parametrize(("headers", "seconds"), [({"Retry-After": "7"}, 7), ({}, 60)])
async def test_a_handshake_too_many_says_when_the_next_may_come(headers, seconds):
    async with on_air(Alpaca()) as provider:
        provider.refusals = [(429, headers)]
        with pytest.raises(RateLimited) as caught:
            async with alpaca_of(provider).connect():
                pass

    left = (caught.value.until - clock.now()).total_seconds()
    assert seconds - 5 < left <= seconds


async def test_nobody_at_the_address_may_pass():
    with pytest.raises(Transient):
        async with alpaca_of().connect():
            pass


async def test_a_connection_that_is_cut_is_noticed():
    async with alpaca_with(ACME) as (provider, connection):
        await provider.drop()

        with pytest.raises(Transient, match="lost"):
            await next_quotes(connection)


async def test_a_connection_that_is_closed_says_by_which_code():
    async with alpaca_with(ACME) as (provider, connection):
        await provider.connection.close(1012)

        with pytest.raises(Transient, match="1012"):
            await next_quotes(connection)


def test_the_delayed_feed_is_late_by_agreement_and_so_is_its_session():
    stream = alpaca_of(feed="delayed_sip")
    opening = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)

    assert stream.capabilities.delay_seconds == 900
    assert stream.state_of(ACME, now=opening + timedelta(minutes=14)) is MarketState.CLOSED
    assert stream.state_of(ACME, now=opening + timedelta(minutes=16)) is MarketState.OPEN


SNAPSHOTS = [
    # (last trade, bar of the day, bar of the day before, previous close)
    (IN_SESSION, ("2026-11-20T05:00:00Z", 38), ("2026-11-19T05:00:00Z", 37), Decimal(37)),
    # Before the first trade of the day's bar: the newest bar is that of the day before.
    ("2026-11-20T14:31:00Z", ("2026-11-19T05:00:00Z", 37), ("2026-11-18T05:00:00Z", 36), 37),
    # At a weekend the last trade is Friday's, and its change that of Friday.
    ("2026-11-20T20:59:59Z", ("2026-11-20T05:00:00Z", 38), ("2026-11-19T05:00:00Z", 37), 37),
    (IN_SESSION, None, None, None),
    (IN_SESSION, ("2026-11-20T05:00:00Z", 38), None, None),
]


@pytest.mark.parametrize(("at", "day", "before", "previous"), SNAPSHOTS)
def test_a_snapshot_gives_the_last_trade_and_the_close_before_its_day(at, day, before, previous):
    with remote_server() as remote:
        found = {"ACME": alpaca_snapshot(38.42, at, day=day, before=before), "BOLT": None}
        remote.answers = [Said(json.dumps(found).encode())]

        (quote,) = alpaca_of(base_url=remote.url).snapshot([ACME, BOLT])

    path, headers = remote.asked[0]
    assert parse_qs(urlsplit(path).query) == {"symbols": ["ACME,BOLT"], "feed": ["iex"]}
    assert headers["APCA-API-KEY-ID"] == Alpaca.KEY
    assert (quote.price, quote.previous_close) == (Decimal("38.42"), previous)


def test_a_last_trade_that_does_not_count_gives_way_to_the_last_minute():
    found = alpaca_snapshot(1, IN_SESSION)
    found["latestTrade"]["c"] = ["@", "I"]
    found["minuteBar"] = {"t": "2026-11-20T15:06:00Z", "c": 38.4}
    with remote_server() as remote:
        remote.answers = [Said(json.dumps({"ACME": found}).encode())]

        (quote,) = alpaca_of(base_url=remote.url).snapshot([ACME])

    assert (quote.price, quote.at.minute) == (Decimal("38.4"), 6)


async def test_the_close_before_a_day_is_not_that_before_the_next():
    with remote_server() as remote:
        bars = {"day": ("2026-11-20T05:00:00Z", 38), "before": ("2026-11-19T05:00:00Z", 37)}
        found = {"ACME": alpaca_snapshot(38, IN_SESSION, **bars)}
        remote.answers = [Said(json.dumps(found).encode())]
        async with alpaca_with(ACME, base_url=remote.url) as (provider, connection):
            await asyncio.to_thread(connection._stream.snapshot, [ACME])
            told = []
            for at in ("2026-11-20T20:00:00Z", "2026-11-23T15:00:00Z"):
                await provider.trade("ACME", 39, at)
                told += await next_quotes(connection)

    assert [each.previous_close for each in told] == [37, None]


@pytest.mark.parametrize(
    ("said", "failure"),
    [
        (Said(b"[]"), Schema),
        (Said(b"<html>", type="text/html"), Schema),
        (Said(b"{}", status=401), AuthExpired),
        (Said(b"{}", status=403), Forbidden),
        (Said(b"{}", status=429, headers={"Retry-After": "3"}), RateLimited),
        (Said(b"{}", status=500), Transient),
    ],
)
def test_a_snapshot_that_fails_has_its_class_and_is_asked_for_once(said, failure):
    with remote_server() as remote:
        remote.answers = [said]

        with pytest.raises(failure):
            alpaca_of(base_url=remote.url).snapshot([ACME])

    assert len(remote.asked) == 1
