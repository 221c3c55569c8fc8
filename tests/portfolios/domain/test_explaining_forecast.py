"""Each figure of a forecast is what its tree comes to, and each number of that is recomputed."""

import math
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolios.domain.drawing import GENERATOR, History, Normal
from portfolios.domain.explaining.forecast import (
    Outlook,
    Return,
    explain_paid_in,
    explain_percentile,
    explain_reaching,
    explain_running_out,
    known_returns,
    ranks_of,
)
from portfolios.domain.explaining.formulas import Formula
from portfolios.domain.explaining.trees import Node, recomputed
from portfolios.domain.forecast import PERCENTILES, Payment, forecast, later
from portfolios.domain.observations import WEEKDAYS, observe
from portfolios.domain.returns import time_weighted
from portfolios.domain.series import DayRow, ValueSeries
from portfolios.domain.tracing import trace
from tests.portfolios.domain.strategies import decimals
from tests.portfolios.domain.test_explaining import walk

START = date(2024, 12, 31)
PATHS, MONTHS = 60, 30


def looking_ahead(model, *, worth="1000", payment="0", payment_growth="0", **more):
    """Make a forecast over thirty months with few courses, and what its trees are made of."""
    known = {
        "currency": "EUR",
        "worth": Decimal(worth),
        "start": START,
        "payment": Decimal(payment),
        "payment_growth": Decimal(payment_growth),
        "growth": None,
        "volatility": None,
        "past": None,
        "seed": 7,
        "paths": PATHS,
    }
    if isinstance(model, Normal):
        known["growth"] = Decimal(repr(model.yearly_growth))
        known["volatility"] = Decimal(repr(model.volatility))
    outlook = Outlook(**(known | more))
    payments = [
        Payment(outlook.payment, later(START, 1), yearly_growth=float(outlook.payment_growth))
    ]
    terms = {"start": START, "seed": 7, "paths": PATHS}

    def found(target=None):
        return forecast(outlook.worth, payments, model, months=MONTHS, target=target, **terms)

    def traced(months, ranks):
        return trace(outlook.worth, payments, model, months=months, ranks=ranks, **terms)

    return outlook, found, traced


def percentile(outlook, traced, wanted, months):
    courses = traced(months, ranks_of(wanted, PATHS)) if months else {}
    return explain_percentile(outlook, wanted, months, courses)


def assert_comes_to(tree: Node, number: float) -> None:
    assert float(tree.value) == pytest.approx(number, rel=1e-9, abs=1e-9)
    for each in walk(tree):
        assert recomputed(each) == each.value


def assert_goes_on(tree: Node) -> None:
    """Each year of a course begins with what the one before it came to."""
    for course in walk(tree):
        if course.formula is Formula.LAST:
            for before, after in zip(course.inputs, course.inputs[1:], strict=False):
                assert after.inputs[0].value == before.value
                assert after.inputs[0].label == before.label


@given(
    decimals("0", "100000", places=2),
    decimals("-500", "500", places=2),
    decimals("-0.1", "0.1", places=2),
    st.floats(-0.5, 0.5),
    st.floats(0, 0.8),
    st.sampled_from(PERCENTILES),
    st.integers(0, MONTHS),
)
def test_every_percentile_of_random_courses_is_explained(
    worth, payment, payment_growth, growth, volatility, wanted, months
):
    outlook, found, traced = looking_ahead(
        Normal(growth, volatility), worth=worth, payment=payment, payment_growth=payment_growth
    )
    shown = found()

    tree = percentile(outlook, traced, wanted, months)

    assert_comes_to(tree, shown.percentiles[wanted][months])
    assert_goes_on(tree)
    assert_comes_to(explain_paid_in(outlook, months), shown.paid_in[months])


def series_of(worths) -> ValueSeries:
    days = [
        DayRow(date(2023, 1, 2) + timedelta(days=place), worth, Decimal(0), Decimal(0))
        for place, worth in enumerate(worths)
    ]
    return ValueSeries.of(days, opening=days[0].value)


@given(
    st.lists(st.integers(90, 110), min_size=380, max_size=420),
    st.sets(st.integers(1, 370), max_size=3),
    st.sampled_from(PERCENTILES),
    st.integers(1, MONTHS),
)
def test_every_percentile_that_is_drawn_from_history_is_explained(worths, gaps, wanted, months):
    rows = [None if place in gaps else Decimal(worth) for place, worth in enumerate(worths)]
    series = series_of(rows)
    observed = observe(series, time_weighted(series).daily)
    model = History(observed.returns, observed.basis)
    past = known_returns(observed, series)
    outlook, found, traced = looking_ahead(model, payment="10", past=past)

    tree = percentile(outlook, traced, wanted, months)

    assert_comes_to(tree, found().percentiles[wanted][months])
    assert_goes_on(tree)


def test_what_is_drawn_from_history_leads_to_the_returns_of_its_days():
    """Also where the end of the history is followed by its beginning."""
    series = series_of([Decimal(100 + place % 5) for place in range(400)])
    observed = observe(series, time_weighted(series).daily)
    past = known_returns(observed, series)
    model = History(observed.returns, observed.basis)
    outlook, _, traced = looking_ahead(model, past=past)

    tree = percentile(outlook, traced, 50, MONTHS)

    asked = [each for each in walk(tree) if each.ask and each.ask.figure == "time_weighted"]
    months = [each for each in walk(tree) if each.formula is Formula.LOG_GROWTH]
    assert len(asked) == len(months) >= 2 * MONTHS
    for each in asked:
        stretch = series.between(each.ask.start, each.ask.end + timedelta(days=1))
        assert float(each.value) == pytest.approx(time_weighted(stretch).total.value)
    assert {each.formula for each in walk(tree)} >= {Formula.COURSE, Formula.SUM}


def test_a_stretch_with_something_unknown_in_it_leads_to_no_days():
    past = tuple(
        Return(place, START + timedelta(days=place), START + timedelta(days=place), Decimal(0))
        for place in range(300)
        if place % 20
    )
    model = History([0.0] * len(past), WEEKDAYS)
    outlook, _, traced = looking_ahead(model, past=past)

    tree = percentile(outlook, traced, 50, 12)

    returns = [each for each in walk(tree) if each.label.startswith("Return from")]
    assert any(each.ask is None for each in returns)
    for each in filter(None, (each.ask for each in returns)):
        places = range((each.start - START).days, (each.end - START).days + 1)
        assert all(place % 20 for place in places)


def test_anybody_can_draw_the_same_numbers():
    outlook, _, traced = looking_ahead(Normal(0.05, 0.2))
    random = np.random.Generator(getattr(np.random, GENERATOR)(7))
    drawn = [random.standard_normal(PATHS) for _ in range(MONTHS)]

    course = traced(MONTHS, [3])[3]

    assert course.numbers == tuple(month[course.number - 1] for month in drawn)
    level = 1000 * math.exp(
        sum(math.log(1.05) / 12 + 0.2 / math.sqrt(12) * number for number in course.numbers)
    )
    assert course.end == pytest.approx(level)
    assert outlook.seed == 7


def test_courses_are_named_by_their_rank():
    _, found, traced = looking_ahead(Normal(0.05, 0.2))

    courses = traced(MONTHS, range(1, PATHS + 1))

    assert sorted(each.number for each in courses.values()) == list(range(1, PATHS + 1))
    ends = [courses[rank].end for rank in range(1, PATHS + 1)]
    assert ends == sorted(ends)
    low, high = ranks_of(50, PATHS)
    middle = (ends[low - 1] + ends[high - 1]) / 2
    assert middle == pytest.approx(found().percentiles[50][-1])


def test_a_share_that_reaches_a_target_names_the_courses_beside_it():
    outlook, found, traced = looking_ahead(Normal(0.05, 0.2))
    share = found(Decimal(1100)).reaches_target
    below = PATHS - round(share * PATHS)

    courses = traced(MONTHS, [below, below + 1])
    tree = explain_reaching(outlook, Decimal(1100), share, courses)

    assert_comes_to(tree, share)
    assert courses[below].end < 1100 <= courses[below + 1].end
    note = tree.inputs[0].inputs[1].note
    assert f"{courses[below].end:,.2f}" in note
    assert f"{courses[below + 1].end:,.2f}" in note


@pytest.mark.parametrize(("target", "share"), [("0", 1), ("1e9", 0)])
def test_a_target_that_all_or_none_reach_needs_no_second_course(target, share):
    outlook, _, traced = looking_ahead(Normal(0.05, 0.2))
    rank = 1 if share else PATHS

    tree = explain_reaching(outlook, Decimal(target), share, traced(MONTHS, [rank]))

    assert_comes_to(tree, share)


def test_a_share_that_runs_out_is_counted():
    outlook, found, _ = looking_ahead(Normal(0.05, 0.2), payment="-35")
    share = found().runs_out

    assert 0 < share < 1
    assert_comes_to(explain_running_out(outlook, share), share)


def test_without_courses_there_is_nothing_to_trace():
    with pytest.raises(ValueError, match="are needed"):
        trace(Decimal(1), [], History([], WEEKDAYS), start=START, months=1, ranks=[1])
