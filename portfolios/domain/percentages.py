"""Fractions that say what they are a fraction of, and why they are missing where they are."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from common.money import exact
from portfolios.domain.status import Status


class Denominator(StrEnum):
    """What a percentage is of."""

    #: Each day's opening value and what came in on it; the days are chained.
    DAILY_CAPITAL = "daily-capital"
    #: The value at the beginning of each sub-period and its flow; the sub-periods are chained.
    SUB_PERIOD_CAPITAL = "sub-period-capital"
    #: The opening value, and each flow for the part of the period it was there.
    WEIGHTED_CAPITAL = "weighted-capital"
    #: The rate at which all flows together are worth nothing.
    DISCOUNTED_FLOWS = "discounted-flows"
    #: What was invested, averaged over the days from order to order.
    AVERAGE_INVESTMENT_BETWEEN_ORDERS = "average-investment-between-orders"
    #: What was invested, averaged over all calendar days including the last.
    AVERAGE_INVESTMENT_CALENDAR_DAYS = "average-investment-calendar-days"
    #: What a trade's entry cost or, of a short sale, brought.
    ENTRY_COST = "entry-cost"
    #: What the portfolio would be worth, had its flows gone into the benchmark.
    BENCHMARK_VALUE = "benchmark-value"
    #: The first price of a series.
    FIRST_PRICE = "first-price"


class Reason(StrEnum):
    """Why a fraction is partial or unavailable."""

    NO_DAYS = "no-days"
    VALUE_UNKNOWN = "value-unknown"
    FLOW_UNKNOWN = "flow-unknown"
    VALUE_NEGATIVE = "value-negative"
    MOVED_FROM_NOTHING = "moved-from-nothing"
    GAIN_UNKNOWN = "gain-unknown"
    DENOMINATOR_UNKNOWN = "denominator-unknown"
    DENOMINATOR_NOT_POSITIVE = "denominator-not-positive"
    NO_SIGN_CHANGE = "no-sign-change"
    NO_RATE = "no-rate"
    TOTAL_LOSS = "total-loss"
    TOO_SHORT = "too-short"
    TOO_LARGE = "too-large"
    CLOSE_MISSING = "close-missing"
    EXHAUSTED = "exhausted"


@dataclass(frozen=True, slots=True)
class Ratio:
    """A fraction, 0.07 for 7 %.

    Attributes:
        value: None exactly where it is unavailable.
        missing: the days, as ISO dates, or the instruments that the reason is about.
    """

    value: float | None
    denominator: Denominator
    status: Status = Status.COMPLETE
    reason: Reason | None = None
    missing: tuple[str, ...] = ()

    @staticmethod
    def unavailable(denominator: Denominator, reason: Reason, missing: Iterable[str] = ()) -> Ratio:
        """Return the fraction that there isn't."""
        return Ratio(None, denominator, Status.UNAVAILABLE, reason, tuple(missing))


def ratio_of(gain: Decimal | None, base: Decimal | None, denominator: Denominator) -> Ratio:
    """Divide a gain by what it is measured against, which must be above zero."""
    if gain is None:
        return Ratio.unavailable(denominator, Reason.GAIN_UNKNOWN)
    if base is None:
        return Ratio.unavailable(denominator, Reason.DENOMINATOR_UNKNOWN)
    if base <= 0:
        return Ratio.unavailable(denominator, Reason.DENOMINATOR_NOT_POSITIVE)
    with exact():
        return Ratio(float(gain / base), denominator)


def grown(log_growth: float) -> float | None:
    """Turn the logarithm of a growth factor into a rate; None beyond what a float can hold."""
    try:
        return math.expm1(log_growth)
    except OverflowError:
        return None
