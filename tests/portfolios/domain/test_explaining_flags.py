"""The numbers of every flag are what its trees come to, and each of theirs is recomputed."""

from dataclasses import fields
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.anomalies import (
    Kind,
    price_hints,
    unusual_prices,
    unusual_purchases,
    unusual_returns,
)
from portfolios.domain.explaining.flags import Flagged, explain_flag
from portfolios.domain.explaining.formulas import Formula
from portfolios.domain.explaining.trees import Node, recomputed
from tests.portfolios.domain.notation import day
from tests.portfolios.domain.test_explaining import walk

#: Mostly near each other, with some far out, so that there are flags; nothing of a few is known.
returns = st.lists(st.one_of(st.integers(-9, 9), st.sampled_from([300, -400])), min_size=35)
closes = st.lists(
    st.one_of(st.integers(95, 105), st.sampled_from([1, 50, 200, 10_000])), min_size=35
)
payments = st.lists(st.one_of(st.integers(90, 110), st.sampled_from([5, 9000])), min_size=7)


def daily(values, scale=1.0):
    return [(day(number), value * scale) for number, value in enumerate(values, start=1)]


def assert_comes_to(tree: Node | None, number: float | None) -> None:
    assert (tree is None) == (number is None)
    if tree is not None:
        assert float(tree.value) == pytest.approx(number, rel=1e-9, abs=1e-12)
        for each in walk(tree):
            assert recomputed(each) == each.value


def assert_explained(found, points, unit="") -> None:
    for flag in found.flags:
        trees = explain_flag(Flagged(flag, points, unit))
        for each in fields(trees):
            assert_comes_to(getattr(trees, each.name), getattr(flag, each.name))


@given(returns)
def test_every_unusual_return_is_explained(values):
    points = daily(values, 0.001)

    assert_explained(unusual_returns("X", points), points)


@given(closes)
def test_every_unusual_price_and_every_hint_is_explained(values):
    points = daily(values)

    assert_explained(unusual_prices("X", points), points, "EUR")
    assert_explained(price_hints("X", points), points, "EUR")


@given(payments)
def test_every_unusual_purchase_is_explained(values):
    points = daily(values)

    assert_explained(unusual_purchases("X", "EUR", points), points, "EUR")


def test_a_flag_is_measured_against_what_came_before_it_and_no_more():
    """The example of the methods, with 300 days of history of which 250 count."""
    points = daily([*([0, 0.01, -0.005, 0.005, -0.01] * 60), -0.182, 0.5])
    (flag, _) = unusual_returns("Savings", points).flags

    trees = explain_flag(Flagged(flag, points))

    history = next(each for each in walk(trees.score) if each.formula is Formula.LIST)
    assert (len(history.inputs), history.inputs[-1].value) == (250, Decimal("-0.01"))
    numbers = {each.label: each.value for each in walk(trees.score)}
    assert (numbers["Median"], numbers["Median distance"]) == (0, Decimal("0.005"))
    assert numbers["Deviation"] == Decimal("0.007413")
    assert float(trees.score.value) == pytest.approx(-24.55, abs=0.01)


def test_a_deviation_that_is_assumed_at_least_is_told_beside_that_of_the_history():
    points = daily([0] * 40 + [0.5])
    (flag,) = unusual_returns("Savings", points).flags

    trees = explain_flag(Flagged(flag, points))

    deviation = trees.score.inputs[1]
    assert [each.value for each in deviation.inputs] == [0, Decimal("0.0025")]
    assert deviation.value == Decimal("0.0025")


def test_a_purchase_is_told_by_its_trades():
    points = daily([500] * 6 + [5000])
    (flag,) = unusual_purchases("ACME", "EUR", points).flags
    bought = [(Decimal(10), Decimal(300)), (Decimal(20), Decimal(100))]

    trees = explain_flag(Flagged(flag, points, "EUR", bought=bought))

    assert (trees.value.value, trees.value.unit) == (5000, "EUR")
    assert [each.value for each in trees.value.inputs] == [3000, 2000]
    assert float(trees.usual_low.value) == pytest.approx(500 / 2.718281828**0.5)


def test_a_price_that_repeats_is_told_by_its_days():
    points = daily([9, 10, 10, 10, 10, 10, 11])
    (flag,) = price_hints("ACME", points).flags

    trees = explain_flag(Flagged(flag, points, "EUR"))

    assert flag.kind is Kind.STALE
    assert (trees.score.value, trees.value.value) == (5, 10)
    equal = trees.score.inputs[0]
    assert [each.label for each in equal.inputs][::4] == [
        f"Close of {day(2)}",
        f"Close of {day(6)}",
    ]
