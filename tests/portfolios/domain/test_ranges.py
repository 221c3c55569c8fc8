"""Which days a named range has."""

from datetime import date

import pytest

from portfolios.domain.ranges import (
    InvalidRange,
    RangeName,
    custom_range,
    named_range,
    parse_range_name,
)

LONG_AGO = date(2000, 1, 1)


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("name", "today", "measured_from_the_close_of"),
    [
        # 18 December 2021 is a Saturday. Ghostfolio measures its 1d, wtd and mtd from these.
        ("1D", "2021-12-18", "2021-12-17"),
        ("WTD", "2021-12-18", "2021-12-12"),
        ("MTD", "2021-12-18", "2021-11-30"),
        ("1W", "2021-12-18", "2021-12-11"),
        ("1M", "2021-12-18", "2021-11-18"),
        ("3M", "2021-12-18", "2021-09-18"),
        ("YTD", "2021-12-18", "2020-12-31"),
        ("1Y", "2021-12-18", "2020-12-18"),
        ("3Y", "2021-12-18", "2018-12-18"),
        ("5Y", "2021-12-18", "2016-12-18"),
        ("MAX", "2021-12-18", "1999-12-31"),
        # Months that are shorter.
        ("1M", "2023-03-31", "2023-02-28"),
        ("1M", "2024-03-30", "2024-02-29"),
        ("3M", "2024-05-31", "2024-02-29"),
        ("1M", "2024-01-31", "2023-12-31"),
        ("1Y", "2024-02-29", "2023-02-28"),
        ("5Y", "2024-02-29", "2019-02-28"),
        # First days.
        ("WTD", "2021-12-13", "2021-12-12"),
        ("MTD", "2021-12-01", "2021-11-30"),
        ("YTD", "2021-01-01", "2020-12-31"),
    ],
)
def test_a_range_runs_from_a_close_to_the_end_of_today(name, today, measured_from_the_close_of):
    made = named_range(RangeName(name), today=day(today), first_day=LONG_AGO)

    assert made.opening_date == day(measured_from_the_close_of)
    assert made.days == (day(today) - day(measured_from_the_close_of)).days


@pytest.mark.parametrize("name", list(RangeName))
def test_no_range_begins_before_the_portfolio(name):
    today = first = day("2021-12-18")

    assert named_range(name, today=today, first_day=first).start == first
    assert named_range(name, today=today, first_day=day("2022-01-01")).days == 0


@pytest.mark.parametrize(
    ("start", "last", "days"),
    [
        ("2021-03-01", "2021-03-31", 31),
        ("2021-03-01", "2021-03-01", 1),
        ("2021-12-01", "2022-12-31", 18),
        ("2021-12-01", "9999-12-31", 18),
        ("9999-12-31", "9999-12-31", 0),
        ("1990-01-01", "1990-12-31", 0),
    ],
)
def test_a_range_of_ones_own_leaves_out_the_future(start, last, days):
    made = custom_range(day(start), day(last), today=day("2021-12-18"), first_day=LONG_AGO)

    assert made.days == days


def test_a_range_without_days_is_refused():
    with pytest.raises(InvalidRange):
        custom_range(
            day("2021-03-02"), day("2021-03-01"), today=day("2021-12-18"), first_day=LONG_AGO
        )


def test_names_are_read_in_any_case_and_others_refused():
    assert parse_range_name("ytd") is RangeName.YEAR_TO_DATE
    with pytest.raises(InvalidRange, match="1D"):
        parse_range_name("2Y")
