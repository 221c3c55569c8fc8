"""Sessions of the exchanges of the United States, against the published calendars."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from marketdata.domain.hours import is_us_session, us_holidays, us_short_days

NEW_YORK = ZoneInfo("America/New_York")
# As the New York Stock Exchange published them.
HOLIDAYS = {
    2021: "01-01 01-18 02-15 04-02 05-31 07-05 09-06 11-25 12-24",
    2022: "01-17 02-21 04-15 05-30 06-20 07-04 09-05 11-24 12-26",
    2023: "01-02 01-16 02-20 04-07 05-29 06-19 07-04 09-04 11-23 12-25",
    2024: "01-01 01-15 02-19 03-29 05-27 06-19 07-04 09-02 11-28 12-25",
    2025: "01-01 01-20 02-17 04-18 05-26 06-19 07-04 09-01 11-27 12-25",
    2026: "01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25",
    2027: "01-01 01-18 02-15 03-26 05-31 06-18 07-05 09-06 11-25 12-24",
}
SHORT_DAYS = {
    2023: "07-03 11-24",
    2024: "07-03 11-29 12-24",
    2025: "07-03 11-28 12-24",
    2026: "11-27 12-24",
}


def days(year, text):
    return {date.fromisoformat(f"{year}-{each}") for each in text.split()}


@pytest.mark.parametrize("year", HOLIDAYS)
def test_holidays_are_those_that_were_published(year):
    assert us_holidays(year) == days(year, HOLIDAYS[year])


@pytest.mark.parametrize("year", SHORT_DAYS)
def test_short_days_are_those_that_were_published(year):
    assert us_short_days(year) == days(year, SHORT_DAYS[year])


@pytest.mark.parametrize(
    ("there", "is_open"),
    [
        ("2026-03-02 09:29:59", False),
        ("2026-03-02 09:30", True),
        ("2026-03-02 15:59:59", True),
        ("2026-03-02 16:00", False),
        ("2026-03-07 12:00", False),  # a Saturday
        ("2026-11-26 12:00", False),  # Thanksgiving
        ("2026-11-27 12:59", True),  # the short day after it
        ("2026-11-27 13:00", False),
        ("2026-07-01 09:30", True),  # in summer time
    ],
)
def test_a_session_is_told_by_the_clock_of_new_york(there, is_open):
    moment = datetime.fromisoformat(there).replace(tzinfo=NEW_YORK)

    assert is_us_session(moment) is is_open
