"""Figures in the one shape in which pages and programs get them."""

from datetime import date
from decimal import Decimal

from portfolios.domain import figures
from portfolios.domain.estimates import sample
from portfolios.domain.percentages import Denominator, Ratio, Reason
from portfolios.domain.status import Status

DAY = date(2026, 1, 5)


def test_every_reason_is_explained():
    assert set(figures.EXPLANATIONS) == set(Reason)


def test_of_many_missing_days_the_first_are_named_and_all_counted():
    days = tuple(f"2026-01-{number:02}" for number in range(1, 32))
    ratio = Ratio.unavailable(Denominator.DAILY_CAPITAL, Reason.VALUE_UNKNOWN, days)

    found = figures.of_ratio(ratio, DAY)

    assert (found.value, found.status) == (None, Status.UNAVAILABLE)
    assert found.missing == days[:10]
    assert found.missing_count == 31


def test_what_rounding_in_floats_leaves_is_not_shown():
    found = figures.of_ratio(Ratio(0.1 + 0.2, Denominator.DAILY_CAPITAL), DAY)

    assert found.value == Decimal("0.3")


def test_an_estimate_says_how_it_was_made_and_of_how_many():
    estimate = sample([0.1, float("nan"), 0.3]).estimate(0.2, "mean")

    found = figures.of_estimate(estimate, DAY, figures.Unit.NUMBER)

    assert (found.method, found.observations, found.status) == ("mean", 2, Status.PARTIAL)
    assert found.explanation == "1 of 3 observations are unknown."


def test_unknown_money_is_no_zero():
    found = figures.of_amount(None, DAY, reason=Reason.FLOW_UNKNOWN, missing=("2026-01-04",))

    assert (found.value, found.unit) == (None, figures.Unit.MONEY)
    assert found.missing == ("2026-01-04",)
