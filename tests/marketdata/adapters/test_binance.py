"""Binance's daily candles, in the form of its documentation."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

from common.remote.errors import BadRequest, RateLimited, Schema
from common.remote.http import HttpClient, Service
from marketdata.adapters.base import DailyClose, Listing
from marketdata.adapters.binance.client import BinanceSource
from marketdata.adapters.binance.parser import parse_daily_klines, parse_minute_klines
from marketdata.domain.instruments import AssetClass
from marketdata.domain.intraday import BarStatus
from tests.remote_server import Said, remote_server

NOW = datetime(2024, 6, 30, 15, tzinfo=UTC)
DAY_MS = 86_400_000


def candle(day, close, **changed):
    opened = int(datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp()) * 1000
    fields = [opened, "1", "1", "1", close, "148976.1", opened + DAY_MS - 1, "2434.1", 308]
    fields += ["1756.8", "28.4", "0"]
    for place, value in changed.items():
        fields[int(place[1:])] = value
    return fields


def said(*candles):
    return json.dumps(candles).encode()


def listing(**fields):
    known = {
        "instrument_id": "1",
        "identity": "-:BTC:EUR",
        "symbol": "BTC",
        "mic": "",
        "currency": "EUR",
        "asset_class": AssetClass.CRYPTO,
    } | fields
    return Listing(**known)


@pytest.fixture
def remote():
    with remote_server() as started:
        yield started


@pytest.fixture
def source(remote):
    service = Service(name=f"binance-{uuid4().hex}", base_url=remote.url)
    return BinanceSource(HttpClient(service, sleep=lambda _: None), now=lambda: NOW)


def test_prices_are_exact_and_the_open_day_is_left_out():
    body = said(candle("2024-06-29", "56890.12000000"), candle("2024-06-30", "57001.5"))

    parsed = parse_daily_klines(body, today=NOW.date())

    assert parsed.rows == [DailyClose(date=date(2024, 6, 29), close=Decimal("56890.12"))]
    assert parsed.errors == []


@pytest.mark.parametrize(
    "bad",
    [
        [],
        {},
        candle("2024-06-28", "oops"),
        candle("2024-06-28", "0"),
        candle("2024-06-28", 5),
        candle("2024-06-28", "5", _0="1719532800000"),
        candle("2024-06-28", "5", _0=1719532800001),
        candle("2024-06-28", "5", _0=10**30),
    ],
)
def test_one_bad_candle_costs_one_day(bad):
    parsed = parse_daily_klines(said(bad, candle("2024-06-29", "5")), today=NOW.date())

    assert [str(row.date) for row in parsed.rows] == ["2024-06-29"]
    assert [error.where for error in parsed.errors] == ["candle 0"]


@pytest.mark.parametrize("body", [b"", b'{"code": -1121, "msg": "Invalid symbol."}', b"7"])
def test_what_is_no_list_is_refused(body):
    with pytest.raises(Schema):
        parse_daily_klines(body, today=NOW.date())


def test_a_long_span_is_asked_for_in_parts(remote, source):
    remote.answers = [
        Said(said(candle("2021-01-01", "1"), candle("2021-01-01", "2"))),
        Said(said(candle("2024-06-29", "3"))),
    ]

    found = source.daily_closes(listing(), start=date(2021, 10, 3), end=date(2024, 6, 29))

    assert found == [DailyClose(date=date(2024, 6, 29), close=Decimal(3))]
    queries = [parse_qs(urlsplit(path).query) for path, _ in remote.asked]
    assert [query["symbol"] for query in queries] == [["BTCEUR"]] * 2
    first, second = ([int(query[key][0]) for key in ("startTime", "endTime")] for query in queries)
    assert first == [1633219200000, 1633219200000 + 999 * DAY_MS]
    assert second == [first[1] + DAY_MS, 1719619200000]


@pytest.mark.parametrize("fields", [{"asset_class": AssetClass.STOCK}, {"currency": "USD"}])
def test_what_it_does_not_cover_is_not_asked_for(remote, source, fields):
    found = source.daily_closes(listing(**fields), start=NOW.date(), end=NOW.date())

    assert (found, remote.asked) == ([], [])


@pytest.mark.parametrize(("status", "failure"), [(400, BadRequest), (418, RateLimited)])
def test_its_refusals_are_told_apart(remote, source, status, failure):
    remote.answers = [Said(b'{"code": -1121, "msg": "Invalid symbol."}', status=status)]

    with pytest.raises(failure):
        source.daily_closes(listing(), start=date(2024, 6, 1), end=date(2024, 6, 2))


def minute(at, prices="5 7 4 6"):
    opened = int(at.timestamp()) * 1000
    fields = [opened, *prices.split(), "148.1", opened + 59_999, "2434.1", 308]
    return [*fields, "1756.8", "28.4", "0"]


def test_minutes_are_told_but_for_the_one_that_is_still_open(remote, source):
    start = NOW - timedelta(minutes=2)
    remote.answers = [Said(said(minute(start), minute(NOW), minute(start)))]

    found = source.minute_bars(listing(), start=start, end=NOW + timedelta(minutes=1))

    (bar,) = found
    assert (bar.at, bar.open, bar.high, bar.low, bar.close) == (start, 5, 7, 4, 6)
    assert (bar.source, bar.status) == ("binance", BarStatus.FINAL)
    query = parse_qs(urlsplit(remote.asked[0][0]).query)
    assert (query["interval"], query["limit"]) == (["1m"], ["1000"])
    first, last = (int(query[name][0]) for name in ("startTime", "endTime"))
    assert (first, last) == (int(start.timestamp()) * 1000, int(NOW.timestamp()) * 1000)


@pytest.mark.parametrize(
    "bad",
    [
        [],
        minute(NOW - timedelta(seconds=90)),
        minute(NOW - timedelta(minutes=3), "5 4 3 4"),
        minute(NOW - timedelta(minutes=3), "NaN 4 3 4"),
        [*minute(NOW - timedelta(minutes=3))[:1], 5, "7", "4", "6", *["0"] * 7],
    ],
)
def test_one_bad_candle_costs_one_minute(bad):
    good = minute(NOW - timedelta(minutes=2))

    parsed = parse_minute_klines(said(bad, good), now=NOW)

    assert [each.at for each in parsed.rows] == [NOW - timedelta(minutes=2)]
    assert [error.where for error in parsed.errors] == ["candle 0"]
