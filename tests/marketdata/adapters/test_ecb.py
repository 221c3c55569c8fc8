"""The files of the European Central Bank. The daily one is that of 2024-06-28, shortened."""

import io
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from common.remote.errors import Schema
from common.remote.http import HttpClient, Service
from marketdata.adapters.ecb.client import EcbSource
from marketdata.adapters.ecb.parser import parse_csv, parse_xml, parse_zip
from marketdata.domain.sources import ReferenceRates, RowError
from tests.remote_server import Said, remote_server

DAILY = (Path(__file__).parent / "payloads" / "ecb-daily.xml").read_bytes()
DAY = ReferenceRates(
    date=date(2024, 6, 28),
    base="EUR",
    rates={
        "USD": Decimal("1.0705"),
        "JPY": Decimal("171.94"),
        "GBP": Decimal("0.84638"),
        "CHF": Decimal("0.9634"),
    },
)
HISTORY = b"""Date,USD,JPY,ROL,
2024-06-28,1.0705,171.94,N/A,
2024-06-27,1.0696,171.87,N/A,
"""


def zipped(*files: tuple[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files:
            archive.writestr(name, content)
    return stream.getvalue()


def test_the_daily_file():
    parsed = parse_xml(DAILY)

    assert (parsed.rows, parsed.errors) == ([DAY], [])


def test_the_history_is_turned_round_and_currencies_without_a_rate_are_left_out():
    parsed = parse_zip(zipped(("eurofxref-hist.csv", HISTORY)))

    assert [(row.date, row.rates) for row in parsed.rows] == [
        (date(2024, 6, 27), {"USD": Decimal("1.0696"), "JPY": Decimal("171.87")}),
        (date(2024, 6, 28), {"USD": Decimal("1.0705"), "JPY": Decimal("171.94")}),
    ]
    assert parsed.errors == []


def test_one_bad_cell_costs_one_rate():
    parsed = parse_csv(b"Date,USD,JPY,\n2024-06-28,oops,-1,\n28 June,1,1,\n2024-06-27,1.0696,\n")

    assert [(str(row.date), row.rates) for row in parsed.rows] == [
        ("2024-06-27", {"USD": Decimal("1.0696")}),
        ("2024-06-28", {}),
    ]
    assert parsed.errors == [
        RowError("2024-06-28 USD", "'oops' is no rate."),
        RowError("2024-06-28 JPY", "'-1' is no rate."),
        RowError("28 June", "this is no day."),
    ]


@pytest.mark.parametrize(
    ("parse", "body"),
    [
        (parse_xml, b"<html>"),
        (parse_xml, b"<html></html>"),
        (parse_xml, b"\xff\xfe<\x00"),
        (parse_xml, b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'),
        (parse_csv, b""),
        (parse_csv, b"Day,USD\n2024-06-28,1\n"),
        (parse_csv, b"Date,USD,\n"),
        (parse_zip, b"PK"),
        (parse_zip, zipped()),
        (parse_zip, zipped(("a.csv", HISTORY), ("b.csv", HISTORY))),
        (parse_zip, zipped(("a.csv", HISTORY))[:40] + zipped(("a.csv", HISTORY))[60:]),
    ],
)
def test_another_file_is_refused(parse, body):
    with pytest.raises(Schema):
        parse(body)


@pytest.mark.parametrize(
    ("first", "second", "rate"),
    [
        ("EUR", "USD", "1.0705"),
        ("USD", "JPY", "160.6165343297524521251751518"),
        ("EUR", "SEK", None),
        ("SEK", "USD", None),
    ],
)
def test_a_cross_rate_goes_through_the_euro(first, second, rate):
    found = DAY.cross(first, second)

    assert found is None if rate is None else str(found).startswith(rate[:20])


@pytest.mark.parametrize(
    ("start", "path"),
    [
        (date(2024, 6, 28), "/eurofxref-daily.xml"),
        (date(2024, 6, 27), "/eurofxref-hist-90d.xml"),
        (date(2024, 4, 4), "/eurofxref-hist-90d.xml"),
        (date(2024, 4, 3), "/eurofxref-hist.zip"),
    ],
)
def test_the_smallest_file_that_has_the_days_is_fetched(start, path):
    with remote_server() as remote:
        is_zip = path.endswith(".zip")
        remote.answers = [
            Said(zipped(("h.csv", HISTORY)), type="application/zip")
            if is_zip
            else Said(DAILY, type="text/xml; charset=utf-8")
        ]
        source = EcbSource(HttpClient(Service(name="ecb-test", base_url=remote.url)))

        parsed = source.reference_rates(start=start, today=date(2024, 6, 28))

    assert [path for path, _ in remote.asked] == [path]
    assert parsed.rows[-1].date == date(2024, 6, 28)


def test_days_before_the_start_are_left_out():
    with remote_server() as remote:
        remote.answers = [Said(DAILY, type="text/xml")]
        source = EcbSource(HttpClient(Service(name="ecb-test", base_url=remote.url)))

        parsed = source.reference_rates(start=date(2024, 6, 29), today=date(2024, 6, 29))

    assert parsed.rows == []
