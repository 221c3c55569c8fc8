"""Alpaca's daily bars. The page is its SDK's own example, in the form for several symbols."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

from common.remote.errors import AuthExpired, Schema
from common.remote.http import HttpClient, Service
from marketdata.adapters.alpaca.client import AlpacaSource
from marketdata.adapters.alpaca.parser import parse_daily_bars
from marketdata.adapters.base import DailyClose, Listing
from marketdata.domain.instruments import AssetClass
from marketdata.domain.intraday import BarStatus
from tests.remote_server import Said, remote_server

BARS = (Path(__file__).parent / "payloads" / "alpaca-bars.json").read_bytes()
FIRST = DailyClose(date=date(2022, 2, 1), close=Decimal("174.61"))
SECOND = DailyClose(date=date(2022, 2, 2), close=Decimal("175.84"))
SUMMER = {"t": "2022-07-01T04:00:00Z", "c": 138.93}


def listing(**fields):
    known = {
        "instrument_id": "1",
        "identity": "XNAS:AAPL:USD",
        "symbol": "AAPL",
        "mic": "XNAS",
        "currency": "USD",
        "asset_class": AssetClass.STOCK,
    } | fields
    return Listing(**known)


def page(bars, token=None):
    return json.dumps({"bars": bars, "next_page_token": token}).encode()


@pytest.fixture
def remote():
    with remote_server() as started:
        yield started


@pytest.fixture
def source(remote):
    return AlpacaSource(
        HttpClient(Service(name=f"alpaca-{uuid4().hex}", base_url=remote.url), sleep=lambda _: None)
    )


def closes(source, start=date(2022, 2, 1), end=date(2022, 2, 2), **fields):
    return source.daily_closes(listing(**fields), start=start, end=end)


def test_a_page_of_bars():
    found = parse_daily_bars(BARS, symbol="AAPL")

    assert found.bars.rows == [FIRST, SECOND]
    assert found.bars.errors == []
    assert found.next_token == "QUFQTHxEfDIwMjItMDItMDJUMDU6MDA6MDAuMDAwMDAwMDAwWg=="


def test_in_summer_too_a_bar_belongs_to_new_yorks_day():
    found = parse_daily_bars(page({"AAPL": [SUMMER]}), symbol="AAPL")

    assert found.bars.rows == [DailyClose(date=date(2022, 7, 1), close=Decimal("138.93"))]


@pytest.mark.parametrize("bars", [None, {}, {"TSLA": [SUMMER]}])
def test_an_unknown_symbol_has_no_bars(bars):
    assert parse_daily_bars(page(bars), symbol="AAPL").bars.rows == []


@pytest.mark.parametrize(
    "bar",
    [
        {},
        None,
        SUMMER | {"c": "138.93"},
        SUMMER | {"c": True},
        SUMMER | {"c": 0},
        SUMMER | {"c": None},
        SUMMER | {"t": "2022-07-01T04:00:00"},
        SUMMER | {"t": 1656648000},
    ],
)
def test_one_bad_bar_costs_one_day(bar):
    found = parse_daily_bars(page({"AAPL": [bar, SUMMER]}), symbol="AAPL").bars

    assert [str(row.date) for row in found.rows] == ["2022-07-01"]
    assert [error.where for error in found.errors] == ["AAPL bar 0"]


@pytest.mark.parametrize(
    "body", [b"", b"{}", page([]), page({"AAPL": {}}), page({}, 7), b'{"bars": {}}']
)
def test_what_is_no_page_is_refused(body):
    with pytest.raises(Schema):
        parse_daily_bars(body, symbol="AAPL")


def test_pages_are_followed_and_a_day_that_comes_twice_counts_once(remote, source):
    again = {"t": "2022-02-02T05:00:00Z", "c": 175.85}
    remote.answers = [Said(BARS), Said(page({"AAPL": [again]}))]

    found = closes(source)

    assert found == [FIRST, DailyClose(date=date(2022, 2, 2), close=Decimal("175.85"))]
    first, second = (parse_qs(urlsplit(path).query) for path, _ in remote.asked)
    assert (first["start"], first["end"]) == (["2022-02-01T00:00:00Z"], ["2022-02-02T12:00:00Z"])
    assert (first["adjustment"], "page_token" in first) == (["raw"], False)
    assert second["page_token"] == ["QUFQTHxEfDIwMjItMDItMDJUMDU6MDA6MDAuMDAwMDAwMDAwWg=="]


def test_pages_without_an_end_are_given_up(remote, source):
    remote.answers = [Said(BARS)]

    with pytest.raises(Schema, match="page after page"):
        closes(source)

    assert len(remote.asked) == 10


@pytest.mark.parametrize(
    "fields", [{"asset_class": AssetClass.CRYPTO}, {"mic": "XETR"}, {"currency": "EUR"}]
)
def test_what_it_does_not_cover_is_not_asked_for(remote, source, fields):
    assert closes(source, **fields) == []
    assert remote.asked == []


def test_the_key_goes_in_headers_and_a_wrong_one_is_told(remote):
    source = AlpacaSource.of_account(key_id="ID", secret_key="SECRET", base_url=remote.url)
    remote.answers = [Said(b'{"message": "forbidden."}', status=401)]

    with pytest.raises(AuthExpired):
        closes(source)

    [(path, headers)] = remote.asked
    assert (headers["APCA-API-KEY-ID"], headers["APCA-API-SECRET-KEY"]) == ("ID", "SECRET")
    assert "SECRET" not in path


def test_it_is_asked_by_the_name_that_it_uses(remote, source):
    remote.answers = [Said(page({"AAPL.OLD": [SUMMER]}))]

    found = closes(
        source,
        start=date(2022, 7, 1),
        end=date(2022, 7, 1),
        spellings={"alpaca": "AAPL.OLD", "kite": "NSE:AAPL"},
    )

    assert [each.date for each in found] == [date(2022, 7, 1)]
    assert parse_qs(urlsplit(remote.asked[0][0]).query)["symbols"] == ["AAPL.OLD"]


def minute(at, prices="5 7 4 6", **changed):
    return dict(zip("ohlc", map(float, prices.split()), strict=True)) | {"t": at} | changed


OPENING = datetime(2026, 3, 4, 14, 30, tzinfo=UTC)


def minutes(source, *, start=OPENING, end=OPENING + timedelta(minutes=2), **fields):
    return source.minute_bars(listing(**fields), start=start, end=end)


def test_minutes_of_regular_sessions_are_asked_for_unadjusted(remote, source):
    early, late = minute("2026-03-04T14:29:00Z"), minute("2026-03-04T14:32:00Z")
    remote.answers = [
        Said(page({"AAPL": [early, minute("2026-03-04T14:30:00Z")]}, token="more")),
        Said(page({"AAPL": [minute("2026-03-04T09:31:00-05:00", "1 1 1 1"), late]})),
    ]

    first, second = minutes(source, start=OPENING - timedelta(minutes=5))

    assert (first.at, second.at) == (OPENING, OPENING + timedelta(minutes=1))
    assert (first.open, first.high, first.low, first.close) == (5, 7, 4, 6)
    assert (first.source, first.status) == ("alpaca", BarStatus.FINAL)
    query = parse_qs(urlsplit(remote.asked[0][0]).query)
    assert (query["timeframe"], query["adjustment"]) == (["1Min"], ["raw"])
    assert query["start"] == ["2026-03-04T14:25:00Z"]
    assert query["end"] == ["2026-03-04T14:31:00Z"]


@pytest.mark.parametrize(
    "bad",
    [
        minute("2026-03-04T14:30:01Z"),
        minute("2026-03-04T14:30:00"),
        minute("2026-03-04T14:30:00Z", "5 4 3 4"),
        minute("2026-03-04T14:30:00Z", o="5"),
        minute("2026-03-04T14:30:00Z", l=None),
    ],
)
def test_one_bad_bar_costs_one_minute(remote, source, bad):
    remote.answers = [Said(page({"AAPL": [bad, minute("2026-03-04T14:31:00Z")]}))]

    assert [each.at.minute for each in minutes(source)] == [31]
