"""Tables of days and prices, as people paste them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.domain.price_tables import UnreadableTable, read_price_table


def read(text, most=5_000):
    """Write each line as `number day price` or `number ! why not`."""
    return [
        f"{line.number} ! {line.error}" if line.error else f"{line.number} {line.date} {line.close}"
        for line in read_price_table(text, most=most)
    ]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("2026-01-31,12.50", ["1 2026-01-31 12.50"]),
        ("2026-01-31;12,50\n28.2.2026;1.300,5", ["1 2026-01-31 12.50", "2 2026-02-28 1300.5"]),
        ("2026-01-31\t1 234,50\r\n", ["1 2026-01-31 1234.50"]),
        ('2026-01-31,"12,50"', ["1 2026-01-31 12.50"]),
        ("Date,Price\n\n2026-01-31,7", ["3 2026-01-31 7"]),
        ("Kurs;Datum\n7,5;31.01.2026", ["2 2026-01-31 7.5"]),
        ("Date,Open,Close,Volume\n2026-01-31,1,2.5,900", ["2 2026-01-31 2.5"]),
        ("Tag;Was es kostet\n2026-01-31;7", ["2 2026-01-31 7"]),
        ("\ufeff2026-01-31,7", ["1 2026-01-31 7"]),
        ("31/01/2026,7\n01/02/2026,8", ["1 2026-01-31 7", "2 2026-02-01 8"]),
        ("01/31/2026,7\n02/01/2026,8", ["1 2026-01-31 7", "2 2026-02-01 8"]),
        ("2026-01-31 00:00:00,-7", ["1 2026-01-31 -7"]),
        ("2026-01-31,1.234\n2026-02-01,12.5", ["1 2026-01-31 1.234", "2 2026-02-01 12.5"]),
        ("2026-01-31;1,234\n2026-02-01;12,5", ["1 2026-01-31 1.234", "2 2026-02-01 12.5"]),
    ],
)
def test_days_and_prices_are_read_as_people_write_them(text, lines):
    assert read(text) == lines


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("2026-01-31,x", "1 ! “x” isn't a number."),
        ("2026-02-30,5", "1 ! “2026-02-30” is a day that the calendar doesn't have."),
        ("soon,5", "1 ! “soon” isn't a date."),
        ("2026-01-31", "1 ! It has 1 column instead of two."),
        ("2026-01-31,1,5", "1 ! It has 3 columns instead of two. With decimal commas"),
        ('2026-01-31,"5', "1 ! The quotation marks don't match."),
        ("2026-01-31,5\n2026-01-31,6", "2 ! 2026-01-31 stands in line 1 already."),
        ("date,price\n2026-01-31", "2 ! It has fewer columns than the heading."),
        ("2026-01-31,", "1 ! “” isn't a number."),
        ("2026-01-31," + "9" * 19, "is too large"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_with_the_reason(text, wrong):
    assert any(wrong in line for line in read(text)), read(text)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (" \n ", "at least one line"),
        ("date,price", None),
        ("2026-01-31,1.234", "“1.234” in line 1 may be thousands or a fraction"),
        ("2026-01-31;1,234", "“1,234” in line 1 may be thousands or a fraction"),
        ("2026-01-31;1,5\n2026-02-01;1.5", "two ways: “1.5” in line 2, “1,5” in line 1"),
        ("01/02/2026,5", "“01/02/2026” in line 1 may have the day or the month first"),
        ("31/01/2026,5\n01/31/2026,5", "The days are written in two ways"),
        ("date,price,close\n2026-01-31,1,2", "Two columns of the heading look like prices"),
        ("2026-01-31,5\n" * 4, "at most 3 lines"),
    ],
)
def test_a_table_that_reads_in_two_ways_is_refused_never_guessed(text, wrong):
    if wrong is None:
        assert read(text) == []
        return
    with pytest.raises(UnreadableTable, match=wrong.replace("(", r"\(")):
        read(text, most=3)


@given(st.text(alphabet="0123456789.,;-/\t\n\"'| aé\u202e−", max_size=80))
def test_any_text_is_read_or_refused(text):
    try:
        lines = read_price_table(text, most=50)
    except UnreadableTable:
        return
    for line in lines:
        assert line.text.isprintable()
        assert (line.date is None) == (line.close is None) == bool(line.error)
