"""Dates are read one way, or not at all."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.domain.dates import (
    DateOrder,
    Moment,
    NotATime,
    OrderEvidence,
    order_evidence,
    read_instant,
    read_moment,
    read_time,
)
from common.errors import InvalidInput

LAST_OF_MARCH = date(2025, 3, 31)


@pytest.mark.parametrize(
    "text",
    [
        *("2025-03-31", "2025/03/31", "2025.3.31", "20250331", "31.03.2025", "31.3.25"),
        "31. 3. 2025",
        *("31/03/2025", "31-3-2025", "31 Mar 2025", "31-Mar-2025", "31. März 2025", "Mar 31, 2025"),
        *("March 31 2025", "2025-03-31T00:00:00.000Z", "2025-03-31 00:00", "31.03.2025 00:00:00"),
    ],
)
def test_dates_are_read_in_every_usual_form(text):
    assert read_moment(text, DateOrder.DAY_FIRST) == Moment(LAST_OF_MARCH, None)


def test_the_month_comes_first_where_that_was_decided():
    assert read_moment("3/4/2025", DateOrder.MONTH_FIRST).day == date(2025, 3, 4)
    assert read_moment("3/4/2025", DateOrder.DAY_FIRST).day == date(2025, 4, 3)


def test_dates_with_points_have_the_day_first_whatever_was_decided():
    assert read_moment("3.4.2025", DateOrder.MONTH_FIRST).day == date(2025, 4, 3)


@pytest.mark.parametrize(
    ("text", "hour", "minute", "second", "millisecond"),
    [
        ("2025-03-31T14:30:05.123456Z", 14, 30, 5, 123),
        ("2025-03-31 14:30", 14, 30, 0, 0),
        ("2025-03-31T14:30:05+02:00", 12, 30, 5, 0),
        ("2025-03-31T14:30:05-0530", 20, 0, 5, 0),
        ("31.03.2025, 14:30:05 UTC", 14, 30, 5, 0),
        ("31/03/2025 2:30 PM", 14, 30, 0, 0),
        ("31/03/2025 12:05 am", 0, 5, 0, 0),
    ],
)
def test_times_become_instants_in_utc_cut_to_milliseconds(text, hour, minute, second, millisecond):
    at = datetime(2025, 3, 31, hour, minute, second, millisecond * 1000, tzinfo=UTC)

    assert read_moment(text) == Moment(LAST_OF_MARCH, at)


def test_the_day_is_the_one_written_even_where_it_is_another_one_in_utc():
    moment = read_moment("2025-03-31T00:30:00+02:00")

    assert moment.day == LAST_OF_MARCH
    assert moment.at == datetime(2025, 3, 30, 22, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        *("", "soon", "2025-02-29", "2025-13-01", "31.04.2025", "32/01/2025", "0000-01-01"),
        *("1899-12-31", "2201-01-01", "45321", "1/2/25", "25/01/02", "2025-3", "2025-01-01-01"),
        *("2025-03-31x", "2025-03-31 25:00", "2025-03-31 10:00 CEST", "31 Foo 2025", "٢٠٢٥-01-01"),
        *("2025-03-31 13:00 PM", "2025-03-31T10:00:00+99:00", "20250230", "01/02-2025"),
    ],
)
def test_what_is_no_date_is_refused(text):
    with pytest.raises(InvalidInput):
        read_moment(text)


@pytest.mark.parametrize(
    ("text", "evidence"),
    [
        ("31/12/2025", OrderEvidence.DAY_FIRST),
        ("12/31/2025", OrderEvidence.MONTH_FIRST),
        ("1/2/2025", OrderEvidence.EITHER),
        ("01-02-2025 10:00", OrderEvidence.EITHER),
        ("2/2/2025", OrderEvidence.NONE),
        ("2025-01-02", OrderEvidence.NONE),
        ("1.2.2025", OrderEvidence.NONE),
        ("nonsense", OrderEvidence.NONE),
    ],
)
def test_a_date_gives_away_its_order_or_does_not(text, evidence):
    assert order_evidence(text) is evidence


def test_an_instant_keeps_midnight_and_needs_a_time():
    assert read_instant("2025-03-31T00:00:00Z") == datetime(2025, 3, 31, tzinfo=UTC)
    with pytest.raises(InvalidInput):
        read_instant("2025-03-31")
    with pytest.raises(NotATime, match="lacks the offset from UTC"):
        read_instant("2025-03-31T09:30:00")


def test_a_time_of_its_own_may_be_midnight():
    assert read_time("00:00", LAST_OF_MARCH) == datetime(2025, 3, 31, tzinfo=UTC)


@given(
    st.datetimes(
        min_value=datetime(1970, 1, 2),  # noqa: DTZ001 - Hypothesis wants naive bounds
        max_value=datetime(2100, 1, 1),  # noqa: DTZ001 - the same
        timezones=st.integers(-12 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m))),
    )
)
def test_iso_instants_survive(at):
    read = read_instant(at.isoformat(timespec="milliseconds"))

    assert read == at.replace(microsecond=at.microsecond // 1000 * 1000)


@given(st.text(max_size=40), st.sampled_from(DateOrder))
def test_no_text_makes_reading_a_date_fail_in_an_unforeseen_way(text, order):
    order_evidence(text)
    with suppress(InvalidInput):
        assert 1900 <= read_moment(text, order).day.year <= 2200


@given(st.dates(date(1970, 1, 1), date(2199, 12, 31)), st.sampled_from(DateOrder))
def test_the_order_of_a_date_is_never_taken_for_the_other_one(day, order):
    form = "%d/%m/%Y" if order is DateOrder.DAY_FIRST else "%m/%d/%Y"
    written = f"{day:{form}}"

    evidence = order_evidence(written)

    if evidence in (OrderEvidence.DAY_FIRST, OrderEvidence.MONTH_FIRST):
        assert evidence.value == order.value
    assert read_moment(written, order).day == day
