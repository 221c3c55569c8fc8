"""Twelve Data's series, in the form of its documentation."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

from common.remote.errors import (
    AuthExpired,
    BadRequest,
    Forbidden,
    RateLimited,
    Schema,
    Transient,
)
from common.remote.http import HttpClient, Service
from marketdata.adapters.base import DailyClose, Listing
from marketdata.adapters.twelvedata.client import TwelveDataSource
from marketdata.adapters.twelvedata.parser import parse_daily_series
from marketdata.domain.instruments import AssetClass
from tests.remote_server import Said, remote_server

NOW = datetime(2026, 11, 25, 15, tzinfo=UTC)


def value(day, close):
    return {"datetime": day, "open": "1", "high": "1", "low": "1", "close": close, "volume": "9"}


def said(*values, currency="USD", **content):
    meta = {"symbol": "ACME", "interval": "1day", "currency": currency, "mic_code": "XNAS"}
    return json.dumps({"meta": meta, "values": values, "status": "ok"} | content).encode()


def refused(code, message="…"):
    return json.dumps({"status": "error", "code": code, "message": message}).encode()


def parse(body, currency="USD"):
    return parse_daily_series(body, currency=currency, now=NOW)


def listing(**fields):
    known = {
        "instrument_id": "1",
        "identity": "XNAS:ACME:USD",
        "symbol": "ACME",
        "mic": "XNAS",
        "currency": "USD",
        "asset_class": AssetClass.STOCK,
    }
    return Listing(**(known | fields))


@pytest.fixture
def remote():
    with remote_server() as started:
        yield started


@pytest.fixture
def source(remote):
    service = Service(
        name=f"twelvedata-{uuid4().hex}",
        base_url=remote.url,
        headers={"Authorization": "apikey secret"},
    )
    return TwelveDataSource(HttpClient(service, sleep=lambda _: None), now=lambda: NOW)


def test_prices_are_exact():
    parsed = parse(said(value("2026-11-24", "38.41000"), value("2026-11-23", "38.1")))

    assert parsed.rows == [
        DailyClose(date=date(2026, 11, 24), close=Decimal("38.41")),
        DailyClose(date=date(2026, 11, 23), close=Decimal("38.1")),
    ]


@pytest.mark.parametrize(
    "bad",
    [
        {},
        7,
        value("2026-11-31", "5"),
        value("2026-11-24 10:00:00", "5"),
        value("2026-11-24", "oops"),
        value("2026-11-24", "0"),
        value("2026-11-24", 5),
        value("2026-11-24", "NaN"),
    ],
)
def test_one_bad_value_costs_one_day(bad):
    parsed = parse(said(bad, value("2026-11-23", "5")))

    assert [str(row.date) for row in parsed.rows] == ["2026-11-23"]
    assert [error.where for error in parsed.errors] == ["value 0"]


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        (400, BadRequest),
        (401, AuthExpired),
        (403, Forbidden),
        (429, RateLimited),
        (500, Transient),
        (None, Schema),
    ],
)
def test_what_the_body_refuses_is_told_apart(code, failure):
    with pytest.raises(failure):
        parse(refused(code))


def test_too_many_questions_wait_a_minute():
    with pytest.raises(RateLimited) as caught:
        parse(refused(429))

    assert caught.value.until == NOW + timedelta(minutes=1)


@pytest.mark.parametrize(
    "body", [refused(404), refused(400, "No data is available on the specified dates.")]
)
def test_what_it_knows_nothing_of_has_no_days(body):
    assert parse(body).rows == []


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"status": "ok"}', b'{"status": "ok", "meta": {}, "values": 5}']
)
def test_what_is_no_series_is_refused(body):
    with pytest.raises(Schema):
        parse(body)


def test_prices_in_another_currency_are_not_taken():
    with pytest.raises(Schema, match="prices in EUR, not in USD"):
        parse(said(value("2026-11-24", "5"), currency="EUR"))


@pytest.mark.parametrize(
    ("told", "price", "currency", "close"),
    [
        pytest.param("GBp", "7105.50000", "GBP", "71.055", id="pence"),
        pytest.param("GBX", "0.01250", "GBP", "0.000125", id="less than a penny"),
        pytest.param("ZAc", "12345.67", "ZAR", "123.4567", id="cents of rand"),
        pytest.param("ILA", "1", "ILS", "0.01", id="agorot"),
        pytest.param("GBp", "123456789012.34567", "GBP", "1234567890.1234567", id="all digits"),
    ],
)
def test_prices_in_hundredths_are_brought_into_the_currency(told, price, currency, close):
    (row,) = parse(said(value("2026-11-24", price), currency=told), currency=currency).rows

    assert row == DailyClose(date=date(2026, 11, 24), close=Decimal(close), told_in=told)


def test_prices_in_the_currency_stay_as_they_are():
    (row,) = parse(said(value("2026-11-24", "71.055"), currency="GBP"), currency="GBP").rows

    assert (row.close, row.told_in) == (Decimal("71.055"), "")


@pytest.mark.parametrize(("told", "currency"), [("GBp", "USD"), ("GBp", "EUR"), ("GBP", "ZAR")])
def test_a_unit_of_another_currency_is_not_taken(told, currency):
    with pytest.raises(Schema, match=f"prices in {told}, not in {currency}"):
        parse(said(value("2026-11-24", "5"), currency=told), currency=currency)


def test_a_listing_is_asked_for_with_its_market_and_without_adjustment(remote, source):
    remote.answers = [Said(said(value("2026-11-24", "2"), value("2026-11-20", "1")))]

    found = source.daily_closes(listing(), start=date(2026, 11, 21), end=date(2026, 11, 24))

    assert found == [DailyClose(date=date(2026, 11, 24), close=Decimal(2))]
    ((path, headers),) = remote.asked
    query = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
    assert query == {
        "symbol": "ACME",
        "mic_code": "XNAS",
        "interval": "1day",
        "start_date": "2026-11-21",
        "end_date": "2026-11-25",
        "outputsize": "5000",
        "adjust": "none",
    }
    assert headers["Authorization"] == "apikey secret"


@pytest.mark.parametrize("fields", [{"asset_class": AssetClass.CRYPTO}, {"mic": ""}])
def test_what_it_does_not_cover_is_not_asked_for(remote, source, fields):
    found = source.daily_closes(listing(**fields), start=NOW.date(), end=NOW.date())

    assert (found, remote.asked) == ([], [])


def row(**fields):
    known = {
        "symbol": "AAPL",
        "instrument_name": "Apple Inc.",
        "exchange": "NASDAQ",
        "mic_code": "XNGS",
        "exchange_timezone": "America/New_York",
        "instrument_type": "Common Stock",
        "country": "United States",
        "currency": "USD",
    }
    return known | fields


def test_a_search_tells_what_there_is_at_which_market(remote, source):
    rows = [
        row(),
        row(symbol="EXS1", mic_code="XETR", currency="EUR", instrument_type="ETF"),
        # An index can't be held, and a row that can't be told apart is left out.
        row(symbol="SPX", instrument_type="Index"),
        row(mic_code=""),
        row(currency="XXXX"),
        # Pence are a unit of prices, and no currency to hold something in. As published.
        row(
            symbol="AAL",
            instrument_name="Anglo American PLC",
            exchange="LSE",
            mic_code="XLON",
            exchange_timezone="Europe/London",
            country="United Kingdom",
            currency="GBp",
        ),
        row(symbol=None),
        7,
    ]
    remote.answers = [Said(json.dumps({"data": rows, "status": "ok"}).encode())]

    found = source.find_assets("apple & co")

    assert [(each.identity, each.asset_class.value) for each in found] == [
        ("XNAS:AAPL:USD", "stock"),
        ("XETR:EXS1:EUR", "etf"),
        ("XLON:AAL:GBP", "stock"),
    ]
    path, headers = remote.asked[0]
    assert urlsplit(path).path == "/symbol_search"
    assert parse_qs(urlsplit(path).query)["symbol"] == ["apple & co"]
    assert headers["Authorization"] == "apikey secret"


def test_a_search_that_is_refused_is_told_apart(remote, source):
    remote.answers = [Said(refused(401)), Said(b'{"status": "ok"}')]

    with pytest.raises(AuthExpired):
        source.find_assets("apple")
    with pytest.raises(Schema):
        source.find_assets("apple")
