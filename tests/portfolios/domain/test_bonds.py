"""What a bond's coupon is worth between the days on which it is paid."""

from decimal import Decimal

import pytest

from portfolios.domain.bonds import accrued_interest
from portfolios.domain.policy import DayCount


@pytest.mark.parametrize(
    ("face", "rate", "days", "day_count", "expected"),
    [
        ("5000", "0.0225", 26, DayCount.ACTUAL_365, "8.0137"),
        ("5000", "0.0225", 365, DayCount.ACTUAL_365, "112.5"),
        ("5000", "0.0225", 0, DayCount.ACTUAL_365, "0"),
        ("5000", "0", 26, DayCount.ACTUAL_365, "0"),
        ("3600", "0.05", 30, DayCount.ACTUAL_360, "15"),
    ],
)
def test_interest_grows_by_the_day(face, rate, days, day_count, expected):
    accrued = accrued_interest(Decimal(face), Decimal(rate), days=days, day_count=day_count)

    assert round(accrued, 4) == Decimal(expected)
