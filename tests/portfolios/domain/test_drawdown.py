"""How deep an index fell, when, and for how long."""

import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolios.domain.drawdown import drawdown_series, growth_index, max_drawdown
from portfolios.domain.status import Status
from tests.portfolios.domain.notation import day
from tests.portfolios.domain.return_series import (
    ALL_NEGATIVE,
    MIXED,
    NEGATIVE,
    POSITIVE,
    PRICES,
    percent,
)

NAN = math.nan


def fall(*levels, today=None):
    return max_drawdown([day(number) for number in range(1, len(levels) + 1)], levels, today=today)


def test_a_fall_goes_from_its_high_to_the_first_day_above_it():
    # Up from 100 to 120 in two weeks, down to 102, and up to 125.
    found = fall(*PRICES)

    assert found.depth == pytest.approx(-0.15, abs=1e-9)
    assert (found.peak_date, found.trough_date) == (day(15), day(30))
    assert (found.recovery_date, found.days_under_water) == (day(42), 27)
    assert (found.observations, found.status) == (45, Status.COMPLETE)


def test_the_series_says_how_far_below_its_high_each_day_is():
    # The returns of one share that costs 10, 12, 5, 14, 14, 10, 1; half of it is sold on the way.
    series = drawdown_series([10, 12, 5, 14, 14, 10, 1])

    assert series == pytest.approx([0, 0, 5 / 12 - 1, 0, 0, 10 / 14 - 1, 1 / 14 - 1])


@pytest.mark.parametrize(
    ("returns", "depth"),
    [
        (MIXED[1:], -0.1),
        (POSITIVE, 0),
        (NEGATIVE, -0.365907303498736),
        (ALL_NEGATIVE, -0.378589157),
        (percent(10, -10, 10), -0.1),
        ([], 0),
    ],
)
def test_the_index_of_returns_falls_as_deep_as_published(returns, depth):
    assert fall(*growth_index(returns)).depth == pytest.approx(depth, abs=1e-8)


@pytest.mark.parametrize(
    ("levels", "depth", "peak", "trough", "recovery", "days", "longest"),
    [
        ((100, 120, 102, 120, 125), -0.15, 2, 3, 5, 3, 3),
        # Reaching the old high again is no new one.
        ((2, 2, 0.5, 2, 2, 3, 4, 5, 6, 7), -0.75, 1, 3, 6, 5, 5),
        ((1, 1.1, 1.2, -0.4), -4 / 3, 3, 4, None, 1, 1),
        ((1, 2, 3, 4), 0, None, None, None, 0, 1),
        ((2, 1, 1, 1.5), -0.5, 1, 2, None, 3, 3),
        # The deepest fall needn't be the longest time without a new high.
        ((10, 9, 9, 9, 9, 11, 5, 12), -6 / 11, 6, 7, 8, 2, 5),
        ((1, 0, 0), -1, 1, 2, None, 2, 2),
        ((5,), 0, None, None, None, 0, 0),
    ],
)
def test_highs_are_above_all_before_them(levels, depth, peak, trough, recovery, days, longest):
    found = fall(*levels)

    def on(number):
        return None if number is None else day(number)

    assert found.depth == pytest.approx(depth)
    assert (found.peak_date, found.trough_date, found.recovery_date) == (
        on(peak),
        on(trough),
        on(recovery),
    )
    assert (found.days_under_water, found.longest_days) == (days, longest)


def test_a_fall_that_is_not_made_good_goes_on_until_today():
    found = fall(2, 1, 1.5, today=date(2024, 2, 1))

    assert (found.recovery_date, found.days_under_water, found.longest_days) == (None, 31, 31)
    assert found.longest_from == day(1)


def test_what_rounding_leaves_is_no_new_high():
    assert fall(1, 0.3 / 3 * 10 + 2e-16, 0.9).peak_date == day(1)


def test_days_without_a_value_are_left_out_and_counted():
    found = fall(2, NAN, 1, 3)

    assert (found.depth, found.trough_date, found.recovery_date) == (-0.5, day(3), day(4))
    assert (found.dropped, found.status) == (1, Status.PARTIAL)
    assert drawdown_series([2, NAN, 1])[2] == -0.5


@pytest.mark.parametrize(
    ("levels", "reason"),
    [
        ((), "No day has a known value."),
        ((NAN,), "No day has a known value."),
        ((0, 1), "The index begins at or below zero."),
    ],
)
def test_without_an_index_there_is_no_drawdown(levels, reason):
    found = fall(*levels)

    assert (found.depth, found.status, found.reason) == (None, Status.UNAVAILABLE, reason)


def test_every_level_needs_its_date():
    with pytest.raises(ValueError, match="1 dates for 2 levels"):
        max_drawdown([day(1)], [1, 2])


@given(st.lists(st.floats(0, 1e6), min_size=1).filter(lambda levels: levels[0] > 1e-3))
def test_nothing_loses_more_than_everything(levels):
    found = fall(*levels)

    assert all(-1 <= each <= 0 for each in drawdown_series(levels))
    assert found.depth == pytest.approx(min(drawdown_series(levels)), abs=1e-9)
    assert 0 <= found.days_under_water <= len(levels) - 1
    assert found.days_under_water <= found.longest_days


@given(st.lists(st.integers(1, 10_000), min_size=1), st.sampled_from([0.001, 3, 1e6]))
def test_a_drawdown_does_not_depend_on_the_unit(levels, factor):
    before, after = fall(*levels), fall(*(each * factor for each in levels))

    assert after.depth == pytest.approx(before.depth)
    assert (after.peak_date, after.recovery_date) == (before.peak_date, before.recovery_date)
    assert after.longest_days == before.longest_days
