"""How a table is written is decided from all of it, and never guessed."""

import io
from datetime import date
from decimal import Decimal

import pytest

from brokers.adapters.base import UnreadableFile
from brokers.adapters.csv_dialect import survey
from brokers.domain.dates import DateOrder
from brokers.domain.numbers import DecimalSign

COMMAS = "Date,Type,Symbol,Quantity,Price,Currency\n"
SEMICOLONS = "Date;Type;Symbol;Quantity;Price;Currency\n"


def dialect_of(text: str, encoding: str = "utf-8"):
    return survey(io.BytesIO(text.encode(encoding)))


def test_a_telling_date_may_stand_anywhere(rows_of):
    rows = rows_of(COMMAS + "01/02/2025,buy,A,1,2.5,USD\n" * 3_000 + "13/02/2025,buy,A,1,2.5,USD\n")

    assert rows[0].draft_fields["trade_date"] == date(2025, 2, 1)


@pytest.mark.parametrize(
    ("content", "order"),
    [
        (COMMAS + "01/02/2025,b,A,1,2.5,USD\n02/13/2025,b,A,1,2.5,USD\n", DateOrder.MONTH_FIRST),
        (COMMAS + "02/02/2025,b,A,1,2.5,USD\n", DateOrder.DAY_FIRST),
        (SEMICOLONS + "2025-01-02;b;A;1;2,50;EUR\n", DateOrder.DAY_FIRST),
    ],
)
def test_the_order_of_dates_follows_from_the_file(content, order):
    assert dialect_of(content).date_order is order


@pytest.mark.parametrize(
    "content",
    [
        COMMAS + "01/02/2025,b,A,1,2.5,USD\n",
        COMMAS + "2025-01-31,b,A,1,2.5,USD\n01/02/2025,b,A,1,2.5,USD\n",
        SEMICOLONS + "01-02-2025;b;A;1;2,50;EUR\n",
        "Datum,Typ,Symbol,Anzahl,Kurs,Währung\n01/02/2025,b,A,1,2.5,EUR\n",
    ],
)
def test_dates_that_read_two_ways_refuse_the_file(content):
    with pytest.raises(UnreadableFile, match=r"in line \d may have the day or the month first"):
        dialect_of(content)


def test_dates_written_in_two_ways_refuse_the_file():
    with pytest.raises(UnreadableFile, match=r"in line 2.*in line 3"):
        dialect_of(COMMAS + "13/02/2025,b,A,1,2,USD\n02/13/2025,b,A,1,2,USD\n")


@pytest.mark.parametrize(
    ("content", "column", "sign"),
    [
        (SEMICOLONS + "2025-01-02;b;A;1.234;2,50;EUR\n", "quantity", DecimalSign.COMMA),
        (SEMICOLONS + "2025-01-02;b;A;1.234;2.50;EUR\n", "quantity", DecimalSign.POINT),
        (COMMAS + '2025-01-02,b,A,"1,234","43,5000",EUR\n', "quantity", DecimalSign.COMMA),
        (COMMAS + '2025-01-02,b,A,"1,234","1,234.50",EUR\n', "quantity", DecimalSign.POINT),
        (COMMAS + "2025-01-02,b,A,1.234,2,EUR\n2025-01-02,b,A,0.5,2,EUR\n", "quantity", "."),
        (COMMAS + "2025-01-02,b,A,12,7,EUR\n", "quantity", DecimalSign.POINT),
    ],
)
def test_the_decimal_sign_of_a_column_follows_from_the_file(content, column, sign):
    assert dialect_of(content).decimal_signs[column] == sign


@pytest.mark.parametrize(
    "content",
    [
        COMMAS + "2025-01-02,b,A,1.234,7,EUR\n",
        SEMICOLONS + "2025-01-02;b;A;1,234;7;EUR\n",
        "Date;Type;Symbol;Quantity;Price;Fee;Currency\n2025-01-02;b;A;1.234;0,5;0.5;EUR\n",
    ],
)
def test_numbers_that_read_two_ways_refuse_the_file(content):
    with pytest.raises(UnreadableFile, match="may be thousands or a fraction"):
        dialect_of(content)


def test_a_column_written_in_two_ways_refuses_the_file():
    with pytest.raises(UnreadableFile, match=r"“Price” is .* two ways: .*line 3, .*line 2"):
        dialect_of(SEMICOLONS + "2025-01-02;b;A;1;2,50;EUR\n2025-01-02;b;A;1;2.50;EUR\n")


def test_a_row_never_gets_a_sign_of_its_own(rows_of):
    _, odd = rows_of(SEMICOLONS + "2025-01-02;b;A;1;2,50;EUR\n2025-01-02;b;A;0x1;1,2.3;EUR\n")

    assert {error.field for error in odd.errors} == {"quantity", "price"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "doesn't name the columns"),
        ("\n\n", "doesn't name the columns"),
        ("hello world\nfoo\n", "it says: hello world"),
        ("2025-01-02,buy,A,1,2,USD\n", "doesn't name the columns"),
        ("Date,Type,Symbol,Quantity,Price\n", "no column for the currency"),
        ("Type,Symbol,Quantity,Price,Currency\n", "no column for the date"),
        ("Date,Symbol,Price,Currency\n", "no column for the type"),
        (COMMAS.strip() + ",Price\n", "Two columns are called “Price”"),
        (COMMAS.strip() + ",PRICE\n", "Two columns are called “PRICE”"),
        (COMMAS.strip() + ",Ticker\n", "“Symbol” and “Ticker” both look like the symbol"),
        (COMMAS.strip() + "".join(f",c{n}" for n in range(100)) + "\n", "more than 100 columns"),
        (COMMAS + "x" * 70_000 + "\n", "Line 2 is longer than 64 kB"),
        (COMMAS + "2025-01-02,b,A\x00,1,2,USD\n", "Line 2 holds a NUL byte"),
    ],
)
def test_what_is_no_table_of_transactions_is_refused_in_words(content, words):
    with pytest.raises(UnreadableFile, match=words):
        dialect_of(content)


@pytest.mark.parametrize(
    ("codec", "named"),
    [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("utf-16", "UTF-16"), ("cp1252", "Latin-1")],
)
def test_encodings_are_told_apart(codec, named):
    dialect = dialect_of(COMMAS + "2025-01-02,Verkauf,ÄÖÜ€,1,2.5,EUR\n", codec)

    assert dialect.describe() == f"{named}, commas between columns, decimal point, dates day first"


def test_utf_8_that_breaks_off_is_not_taken_for_latin_1():
    content = (COMMAS + "2025-01-02,Verkauf,ÄÖÜ,1,2.5,EUR\n").encode() + "Ä".encode()[:1]

    with pytest.raises(UnreadableFile, match="stops being UTF-8 near line 3"):
        survey(io.BytesIO(content))


def test_bytes_that_no_encoding_knows_are_refused():
    with pytest.raises(UnreadableFile, match="isn't text"):
        survey(io.BytesIO(COMMAS.encode() + b"\x81\x8d\x90\xff"))


def test_utf_16_that_breaks_off_is_refused():
    with pytest.raises(UnreadableFile, match="stops being UTF-16"):
        survey(io.BytesIO(COMMAS.encode("utf-16") + b"\x41"))


def test_the_stream_is_left_where_it_was():
    stream = io.BytesIO(b"skipped" + COMMAS.encode())
    stream.seek(7)

    survey(stream)

    assert stream.tell() == 7


def test_a_group_of_thousands_in_a_table_with_commas_needs_quotation_marks(rows_of):
    (row,) = rows_of(COMMAS + '2025-01-02,b,A,"1,234,567",2.5,USD\n')

    assert row.draft_fields["quantity"] == Decimal(1234567)
