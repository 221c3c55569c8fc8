"""What a person's preferences make of a moment."""

from datetime import UTC, date, datetime

import pytest

from accounts.models import User


@pytest.mark.parametrize(
    ("time_zone", "day"),
    [
        ("UTC", date(2026, 3, 2)),
        ("Pacific/Kiritimati", date(2026, 3, 3)),
        ("Asia/Tokyo", date(2026, 3, 2)),
        ("America/Los_Angeles", date(2026, 3, 2)),
        ("Pacific/Pago_Pago", date(2026, 3, 1)),
    ],
)
def test_a_moment_falls_on_the_day_of_the_users_own_clock(time_zone, day):
    ten_in_london = datetime(2026, 3, 2, 10, 30, tzinfo=UTC)

    assert User(time_zone=time_zone).day_of(ten_in_london) == day
