"""The returns that statistics are made of."""

from datetime import date, timedelta
from math import nan

import numpy as np
import pytest

from portfolios.domain.observations import ALWAYS, WEEKDAYS, observe
from portfolios.domain.series import ValueSeries

THURSDAY = date(2026, 1, 1)


def observed(*percent, first=THURSDAY):
    daily = np.array(percent) / 100
    nothing = np.zeros(len(daily))
    return observe(ValueSeries(first, 1.0, nothing + 1, nothing, nothing), daily)


@pytest.mark.parametrize(
    ("daily", "expected", "last"),
    [
        # Thursday and Friday; the weekend goes along with Monday.
        ((1, 2, 0, 0, 3), (1, 2, 3), 5),
        ((1, 2, 0, 10, 10), (1, 2, 21), 5),
        # A weekend at the end goes along with the Friday before it.
        ((1, 10, 10, 0), (1, 21), 2),
        ((1,), (1,), 1),
        ((1, 2, nan, 0, 3), (1, 2, nan), 5),
    ],
)
def test_weekends_join_the_weekday_beside_them(daily, expected, last):
    found = observed(*daily)

    assert found.returns * 100 == pytest.approx(expected, nan_ok=True)
    assert found.days[-1] == date(2026, 1, last)
    assert found.basis is WEEKDAYS


def test_what_never_closes_is_observed_every_day():
    found = observed(1, 2, 3, 4, 5)

    assert found.returns * 100 == pytest.approx((1, 2, 3, 4, 5))
    assert found.basis is ALWAYS


def test_one_charge_on_a_weekend_changes_nothing():
    assert observed(1, 2, 0, -1, 1, 1, 1, 1, 1, 0, 0, 1).basis is WEEKDAYS


def test_a_range_of_a_weekend_alone_keeps_its_days():
    found = observed(0, 0, first=date(2026, 1, 3))

    assert found.days == (date(2026, 1, 3), date(2026, 1, 4))


def test_a_benchmark_is_put_together_alike():
    found = observed(1, 2, 0, 0, 3)

    other = found.alike(np.array([0.0, 0, 0.1, 0, 0.1]))

    assert other == pytest.approx((0, 0, 0.21))


def test_both_ways_of_counting_weekdays_mean_the_same_year():
    year = [(date(2026, 1, 1) + timedelta(days=place)).weekday() < 5 for place in range(365)]

    assert sum(year) == WEEKDAYS.per_year
