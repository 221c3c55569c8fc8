"""Which trading days a broker can't tell any more, as a table in Indian time."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from brokers.domain.missed_days import find_missed
from marketdata.adapters.calendars import trading_days

INDIA = ZoneInfo("Asia/Kolkata")


def india(text):
    return datetime.fromisoformat(text).replace(tzinfo=INDIA)


@pytest.mark.parametrize(
    ("since", "read_at", "now", "missed"),
    [
        # Read after the close, once the last trades are told.
        ("2026-03-02 10:00", "2026-03-02 15:45", "2026-03-03 12:00", ""),
        ("2026-03-02 10:00", "2026-03-02 15:40", "2026-03-03 00:00", "02 until 15:40"),
        # The day isn't over: there is still time to log in.
        ("2026-03-02 10:00", "2026-03-02 11:00", "2026-03-02 23:59", ""),
        ("2026-03-02 10:00", "2026-03-02 11:00", "2026-03-03 00:00", "02 until 11:00"),
        # Holi on the 3rd and a weekend are no trading days.
        ("2026-03-02 10:00", "2026-03-02 16:00", "2026-03-04 23:00", ""),
        ("2026-03-02 10:00", "2026-03-05 09:00", "2026-03-09 23:00", "05, 06"),
        ("2026-03-02 10:00", "2026-03-05 15:00", "2026-03-10 01:00", "05 until 15:00, 06, 09"),
        # Nobody has ever logged in; what was before the connection is history.
        ("2026-03-05 10:00", None, "2026-03-07 10:00", "05, 06"),
        ("2026-03-05 15:30", None, "2026-03-07 10:00", "06"),
    ],
)
def test_a_day_is_missed_when_it_was_not_read_to_its_end_before_midnight(
    since, read_at, now, missed
):
    days = trading_days(mic="XNSE", start=date(2026, 3, 2), end=date(2026, 3, 10))

    found = find_missed(
        days,
        zone=INDIA,
        since=india(since),
        read_at=india(read_at) if read_at else None,
        now=india(now),
    )

    told = [
        f"{each.day:%d}" + (f" until {each.read_until:%H:%M}" if each.read_until else "")
        for each in found
    ]
    assert ", ".join(told) == missed


def test_of_days_that_are_only_assumed_none_is_missed():
    days = trading_days(mic="XNSE", start=date(2031, 3, 3), end=date(2031, 3, 7))

    assert len(days) == 5
    assert not find_missed(
        days,
        zone=INDIA,
        since=india("2031-03-01 10:00"),
        read_at=None,
        now=india("2031-03-20 10:00"),
    )
