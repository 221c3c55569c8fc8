"""A portfolio beside an index."""

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolios.domain.benchmark import (
    Blend,
    InvalidBlend,
    Rebalancing,
    index_return,
    with_same_flows,
)
from portfolios.domain.percentages import Denominator, Reason
from portfolios.domain.returns import time_weighted
from portfolios.domain.series import BadSeries, ValueSeries
from tests.portfolios.domain.day_notation import series

FIRST = date(2024, 1, 1)


def closes(**columns: str):
    """`closes(X="100 - 121")`: closes from the day before the first on; none on the second."""
    return {
        key: [
            (FIRST + timedelta(days=number), Decimal(close))
            for number, close in enumerate(column.split(), start=-1)
            if close != "-"
        ]
        for key, column in columns.items()
    }


def blend(rebalancing=Rebalancing.DAILY, **weights: str) -> Blend:
    return Blend({key: Decimal(weight) for key, weight in weights.items()}, rebalancing)


def index(mix: Blend, days: int, **columns: str):
    end = FIRST + timedelta(days=days)
    return index_return(mix, closes(**columns), start=FIRST, end=end)


def test_an_index_grows_from_the_close_before_the_first_day():
    made = index(blend(X="1"), 3, X="100 110 99 121")

    assert made.index == pytest.approx([0.10, -0.01, 0.21])
    assert made.total.value == pytest.approx(0.21)
    assert made.total.denominator is Denominator.FIRST_PRICE


@pytest.mark.parametrize(
    ("rebalancing", "total"),
    [
        # X doubles and falls back; Y stays. Each day half and half: × 1.5, then × 0.75.
        (Rebalancing.DAILY, 0.125),
        # Left alone, the blend is where it began.
        (Rebalancing.NEVER, 0.0),
    ],
)
def test_a_blend_is_rebalanced_daily_or_left_alone(rebalancing, total):
    made = index(blend(rebalancing, X="0.5", Y="0.5"), 2, X="100 200 100", Y="10 10 10")

    assert made.total.value == pytest.approx(total)


@pytest.mark.parametrize(
    "weights", [{}, {"X": "0.9"}, {"X": "1.5", "Y": "-0.5"}, {"X": "0", "Y": "1"}]
)
def test_weights_are_above_zero_and_add_up(weights):
    with pytest.raises(InvalidBlend):
        blend(**weights)


def test_a_day_without_a_close_takes_the_one_before_for_ten_days():
    within = index(blend(X="1"), 11, X="100 " + "- " * 10 + "110")
    beyond = index(blend(X="1"), 12, X="100 " + "- " * 11 + "110")

    assert within.index.tolist() == pytest.approx([0] * 10 + [0.1])
    assert beyond.total.reason is Reason.CLOSE_MISSING
    assert beyond.total.missing == ("X",)


def test_a_later_close_is_never_taken_and_what_is_missing_is_named():
    made = index(blend(X="0.5", Y="0.5"), 2, X="100 100 100", Y="- 10 10")

    assert (made.total.value, made.total.missing) == (None, ("Y",))
    assert index(blend(X="1"), 1).total.missing == ("X",)
    assert index(blend(X="1"), 0, X="100").total.reason is Reason.NO_DAYS


def test_each_deposit_buys_the_benchmark_and_each_withdrawal_sells_it():
    portfolio = series("100+100 105 160+50 120-48")
    benchmark = index(blend(X="1"), 4, X="10 10 11 11 12.1")

    made = with_same_flows(portfolio, benchmark)

    assert made.series.value == pytest.approx([100, 110, 160, 128])
    assert made.lead.value == pytest.approx(120 / 128 - 1)
    assert made.lead.denominator is Denominator.BENCHMARK_VALUE


@pytest.mark.parametrize(
    ("portfolio", "prices", "reason", "missing"),
    [
        ("100+100 200 20-180", "10 10 10 10", Reason.EXHAUSTED, ("2024-01-03",)),
        ("100+100 110 120", "- 10 10 10", Reason.CLOSE_MISSING, ("X",)),
        ("100+100 110+? 120", "10 10 10 10", Reason.FLOW_UNKNOWN, ("2024-01-02",)),
        ("100+100 110 ?", "10 10 10 10", Reason.VALUE_UNKNOWN, ()),
        ("100+100 110 0-100", "10 10 10 10", Reason.DENOMINATOR_NOT_POSITIVE, ()),
    ],
)
def test_what_can_not_be_compared_says_why(portfolio, prices, reason, missing):
    made = with_same_flows(series(portfolio), index(blend(X="1"), 3, X=prices))

    assert (made.lead.value, made.lead.reason, made.lead.missing) == (None, reason, missing)


def test_a_benchmark_of_other_days_is_refused():
    with pytest.raises(BadSeries):
        with_same_flows(series("100 110"), index(blend(X="1"), 1, X="10 11"))


@given(
    st.lists(st.tuples(st.integers(50, 150), st.integers(0, 500)), min_size=1, max_size=12),
    st.integers(1, 1000),
)
def test_the_same_flows_earn_the_benchmarks_own_return(days, opening):
    prices = "100 " + " ".join(str(price) for price, _ in days)
    inflow = np.array([float(amount) for _, amount in days])
    nothing = np.zeros(len(days))
    portfolio = ValueSeries(FIRST, float(opening), nothing, inflow, nothing)

    benchmark = index(blend(X="1"), len(days), X=prices)
    made = with_same_flows(portfolio, benchmark)

    assert time_weighted(made.series).index == pytest.approx(benchmark.index)
