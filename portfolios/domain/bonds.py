"""What a bond's coupon is worth between the days on which it is paid."""

from __future__ import annotations

from decimal import Decimal

from common.money import exact
from portfolios.domain.policy import DayCount


def accrued_interest(
    face: Decimal,
    coupon_rate: Decimal,
    *,
    days: int,
    day_count: DayCount = DayCount.ACTUAL_365,
) -> Decimal:
    """Return the interest since the last coupon, which a buyer pays on top of the clean price.

    Args:
        coupon_rate: what is paid a year, a fraction of the face: 0.0225 for 2.25 %.
        days: since the last coupon was paid.
    """
    with exact():
        return face * coupon_rate * days / Decimal(str(day_count.days_a_year))
