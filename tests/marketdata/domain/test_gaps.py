"""Which sessions have no close, in the notation of a week: `x` a close, `.` none, `h` a holiday."""

from datetime import date, timedelta

import pytest

from marketdata.domain.gaps import Gap, find_gaps, restored, stored

FIRST = date(2026, 1, 1)


def day(number):
    return FIRST + timedelta(days=number)


@pytest.mark.parametrize(
    ("week", "gaps"),
    [
        ("", []),
        (".....", []),
        ("xxxxx", []),
        ("x.xxx", [(1, 1, 1)]),
        ("x..x.x", [(1, 2, 2), (4, 4, 1)]),
        # Before the first close and after the last nothing is missing.
        ("..xx..", []),
        # A holiday is no gap, and doesn't part one.
        ("xhx", []),
        ("x.h.x", [(1, 3, 2)]),
    ],
)
def test_gaps_are_sessions_in_a_row_without_a_close(week, gaps):
    days = [day(number) for number, sign in enumerate(week) if sign == "x"]
    sessions = [day(number) for number, sign in enumerate(week) if sign != "h"]

    found = find_gaps(days, sessions)

    assert found == [Gap(day(first), day(last), count) for first, last, count in gaps]
    assert restored(stored(found)) == found


def test_a_close_of_a_day_without_a_session_does_no_harm():
    assert find_gaps([day(0), day(1), day(2)], [day(0), day(2)]) == []
