"""The courses a portfolio may take, and the exact one where nothing varies."""

import math
from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolios.domain.drawing import History, Normal
from portfolios.domain.estimates import EVERY_DAY, LISTED, MONTHLY, WEEKLY
from portfolios.domain.forecast import (
    PERCENTILES,
    Payment,
    forecast,
    later,
    schedule,
)
from portfolios.domain.status import Status

START = date(2024, 12, 31)
STEADY = Normal(0.05, 0)
UNSTEADY = Normal(0.05, 0.2)


def grown(model, worth=10_000, *payments, months=12, paths=500, **options):
    return forecast(
        Decimal(worth), payments, model, start=START, months=months, paths=paths, **options
    )


def monthly(amount, first=date(2025, 1, 15), **options):
    return Payment(Decimal(amount), first, **options)


def ends(found):
    return [found.percentiles[each][-1] for each in PERCENTILES]


def test_without_volatility_every_course_is_that_of_compound_interest():
    found = grown(STEADY, 10_000, months=360)

    assert ends(found) == pytest.approx([10_000 * 1.05**30] * 5, abs=0.005)
    assert found.percentiles[50][12] == pytest.approx(10_500, abs=0.005)
    assert found.dates[12] == date(2025, 12, 31)
    assert (found.status, found.runs_out, found.reaches_target) == (Status.COMPLETE, 0, None)


def test_savings_without_volatility_are_an_annuity():
    found = grown(STEADY, 0, monthly(100), months=240)

    factor = 1.05 ** (1 / 12)
    assert found.percentiles[50][-1] == pytest.approx(
        100 * (factor**240 - 1) / (factor - 1), abs=0.005
    )
    assert found.paid_in[-1] == 24_000


def test_a_pension_that_lasts_exactly_does_not_run_out():
    factor = 1.05 ** (1 / 12)
    worth = 100 * (1 - factor**-120) / (factor - 1)

    lasting = grown(STEADY, f"{worth:.10f}", monthly(-100), months=120)
    short = grown(STEADY, f"{worth - 0.02:.10f}", monthly(-100), months=120)

    assert (lasting.runs_out, short.runs_out) == (0, 1)
    assert ends(lasting) == pytest.approx([0] * 5, abs=0.005)
    assert ends(short) == [0] * 5


@pytest.mark.parametrize(("target", "share"), [(10_500, 1), ("10500.01", 0), (0, 1)])
def test_a_target_is_reached_to_the_cent(target, share):
    assert grown(STEADY, target=Decimal(target)).reaches_target == share


def test_half_of_the_courses_end_above_the_growth_that_was_given():
    found = grown(UNSTEADY, months=120, paths=10_000)

    median = 10_000 * 1.05**10
    assert found.percentiles[50][-1] == pytest.approx(median, rel=0.03)
    # ln of what is reached is normal: 5 of 100 are below the middle less 1.645 deviations.
    low = median * math.exp(-1.6448536 * 0.2 * math.sqrt(10))
    assert found.percentiles[5][-1] == pytest.approx(low, rel=0.05)
    assert grown(
        UNSTEADY, months=120, paths=10_000, target=Decimal(round(median))
    ).reaches_target == pytest.approx(0.5, abs=0.02)


def test_savings_spread_as_in_the_docs():
    steady = grown(STEADY, 10_000, monthly(100))
    spread = grown(Normal(0.05, 0.15), 10_000, monthly(100), months=120, paths=10_000)

    assert ends(steady) == pytest.approx([11_727.26] * 5, abs=0.005)
    assert ends(spread) == pytest.approx([17_833, 25_016, 32_099, 41_475, 60_559], rel=0.03)


def test_the_same_seed_gives_the_same_courses():
    assert grown(UNSTEADY, seed=1) == grown(UNSTEADY, seed=1)
    assert grown(UNSTEADY, seed=1) != grown(UNSTEADY, seed=2)


def test_own_history_is_drawn_from_in_blocks():
    # Whatever is drawn of a history that repeats itself every half year, each year is the same.
    half_year = [0.10, -0.05, 0.02, 0.0, 0.03, -0.01]
    history = History(half_year * 4, MONTHLY)

    found = grown(history, months=24)

    assert ends(found) == pytest.approx([10_000 * np.prod(np.add(1, half_year)) ** 4] * 5)
    assert found.method == "blocks of 6 months of own history (months)"
    assert found.status is Status.COMPLETE


@pytest.mark.parametrize("basis", [LISTED, EVERY_DAY, WEEKLY, MONTHLY])
def test_a_year_of_history_is_a_year_of_forecast(basis):
    steady = [1.07 ** (1 / basis.per_year) - 1] * (basis.per_year * 2)

    assert ends(grown(History(steady, basis), months=12)) == pytest.approx([10_700] * 5)


def test_unknown_returns_of_the_history_are_left_out_and_counted():
    found = grown(History([0.01] * 24 + [math.nan], MONTHLY))

    assert (found.status, found.reason) == (Status.PARTIAL, "1 unknown returns are left out.")


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (History([], LISTED), "0 returns are known; 252 are needed."),
        (History([0.01] * 11, MONTHLY), "11 returns are known; 12 are needed."),
        (History([0.01] * 12, MONTHLY, block_months=24), "12 returns are known; 24 are needed."),
        (History([0.01] * 12 + [-1], MONTHLY), "There is a loss of everything in the history."),
        (Normal(-1, 0.1), "Growth must be above −100 %, and volatility not below zero."),
        (Normal(0.1, -0.1), "Growth must be above −100 %, and volatility not below zero."),
        (Normal(1e300, 0.1), "The result is too large to mean anything."),
    ],
)
def test_without_a_usable_model_there_is_no_forecast(model, reason):
    found = grown(model, months=24, target=Decimal(1))

    assert (found.status, found.reason) == (Status.UNAVAILABLE, reason)
    assert (found.percentiles, found.reaches_target, found.runs_out) == ({}, None, None)


@pytest.mark.parametrize(
    ("payment", "flows"),
    [
        (monthly(100), [100] * 6),
        (monthly(100, START), [100] * 6),
        (monthly(100, date(2024, 1, 31)), [100] * 6),
        (monthly(100, last_date=date(2025, 3, 15)), [100, 100, 100, 0, 0, 0]),
        (monthly(100, date(2025, 3, 31)), [0, 0, 100, 100, 100, 100]),
        (monthly(100, date(2025, 2, 1), every_months=3), [0, 100, 0, 0, 100, 0]),
        (monthly(100, date(2025, 4, 2), every_months=None), [0, 0, 0, 100, 0, 0]),
        (monthly(100, date(2024, 4, 2), every_months=None), [0] * 6),
        (monthly(100, date(2025, 7, 1)), [0] * 6),
        (monthly(100, date(2024, 3, 10), yearly_growth=0.02), [100, 100, 102, 102, 102, 102]),
    ],
)
def test_payments_fall_into_their_months(payment, flows):
    dates = [later(START, number) for number in range(7)]

    assert schedule([payment], dates) == pytest.approx(flows)


def test_payments_add_up():
    dates = [later(START, number) for number in range(3)]

    assert list(schedule([monthly(100), monthly(-30)], dates)) == [70, 70]


def test_months_may_begin_on_any_day():
    dates = [later(date(2025, 1, 20), number) for number in range(4)]

    once = [
        schedule([monthly(1, day, every_months=None)], dates)
        for day in (date(2025, 1, 20), date(2025, 2, 20), date(2025, 2, 21), date(2025, 3, 1))
    ]

    assert [list(each) for each in once] == [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0]]


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2024, 1, 31), 11, date(2024, 12, 31)),
        (date(2024, 12, 5), 1, date(2025, 1, 5)),
        (date(2024, 12, 5), 0, date(2024, 12, 5)),
        (date(2024, 12, 31), 24, date(2026, 12, 31)),
    ],
)
def test_a_month_later_is_the_same_day_or_the_last_of_the_month(day, months, expected):
    assert later(day, months) == expected


def test_payments_and_blocks_need_months():
    with pytest.raises(ValueError, match="0 months apart"):
        monthly(1, every_months=0)
    with pytest.raises(ValueError, match="0 months long"):
        History([0.01] * 12, MONTHLY, block_months=0)


def test_debt_has_no_forecast():
    found = grown(STEADY, -1)

    assert (found.status, found.reason) == (Status.UNAVAILABLE, "What is below zero can't grow.")


@given(
    st.integers(0, 100_000),
    st.integers(-500, 500),
    st.floats(-0.5, 0.5),
    st.floats(0, 0.8),
    st.integers(0, 99),
)
def test_percentiles_are_in_order_and_never_below_zero(worth, amount, growth, volatility, seed):
    found = grown(
        Normal(growth, volatility), worth, monthly(amount), months=24, paths=60, seed=seed
    )

    rows = np.array([found.percentiles[each] for each in PERCENTILES])
    assert (np.diff(rows, axis=0) >= 0).all()
    assert (rows >= 0).all()
    assert 0 <= found.runs_out <= 1
    assert found.runs_out == 0 or amount < 0


@given(st.integers(1, 100_000), st.sampled_from([0.5, 2, 1000]))
def test_twice_the_money_is_twice_the_forecast(worth, factor):
    one = grown(UNSTEADY, worth, monthly("10.5"), paths=50)
    more = grown(
        UNSTEADY,
        Decimal(worth) * Decimal(factor),
        monthly(Decimal("10.5") * Decimal(factor)),
        paths=50,
    )

    assert ends(more) == pytest.approx([each * factor for each in ends(one)])


def test_percentiles_are_those_of_numpy():
    # 7 paths: the percentiles lie between observations.
    found = grown(UNSTEADY, 1, months=1, paths=7)

    logs = math.log(1.05) / 12 + 0.2 / math.sqrt(12) * np.random.default_rng(0).standard_normal(7)
    assert ends(found) == pytest.approx(np.percentile(np.exp(logs), PERCENTILES))
