"""How alike holdings move, and how much hangs on a few of them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolios.domain.diversification import concentration, correlations, diversification_ratio
from portfolios.domain.estimates import LISTED
from portfolios.domain.status import Status
from tests.portfolios.domain.return_series import ONE, TWO

NAN = math.nan


def test_correlations_are_given_for_each_pair_over_what_both_have():
    found = correlations({"A": [1, 2, 3, NAN], "B": [2, 4, 6, 1], "C": [3, 2, 1, 2]})

    assert found.names == ("A", "B", "C")
    assert found.rows[0] == pytest.approx((1, 1, -1))
    assert (
        found.rows[1][2]
        == found.rows[2][1]
        == pytest.approx(np.corrcoef([2, 4, 6, 1], [3, 2, 1, 2])[0, 1])
    )
    assert found.observations == ((3, 3, 3), (3, 4, 4), (3, 4, 4))
    assert found.status is Status.COMPLETE


def test_a_pair_without_variation_has_no_correlation():
    found = correlations({"A": ONE, "B": [0.01] * len(ONE)})

    assert found.rows == ((1, None), (None, None))
    assert found.status is Status.PARTIAL
    assert correlations({"B": [0.01]}).status is Status.UNAVAILABLE
    assert correlations({}).rows == ()


def test_holdings_that_move_alike_do_not_diversify():
    third = diversification_ratio([0.5, 0.5], [[0.03, 0.07, -0.01], [-0.01, 0.01, 0.03]], LISTED)
    alike = diversification_ratio([0.3, 0.7], [ONE, ONE], LISTED)
    apart = diversification_ratio([0.5, 0.5], [ONE, TWO], LISTED)

    assert alike.value == pytest.approx(1)
    # Deviations of 4 and 2 % with a correlation of −0.5: √3 % together.
    assert third.value == pytest.approx(3 / math.sqrt(3))
    both = [(one + two) / 2 for one, two in zip(ONE, TWO, strict=True)]
    single = (np.std(ONE, ddof=1) + np.std(TWO, ddof=1)) / 2
    assert apart.value == pytest.approx(single / np.std(both, ddof=1))


@pytest.mark.parametrize(
    ("weights", "series"),
    [([], []), ([1], [[0.01]]), ([0.5, 0.5], [[0.1, -0.1, 0], [-0.1, 0.1, 0]])],
)
def test_without_variation_together_there_is_no_diversification_ratio(weights, series):
    assert diversification_ratio(weights, series, LISTED).status is Status.UNAVAILABLE


def test_every_series_needs_its_weight():
    with pytest.raises(ValueError, match="1 weights for 2 series"):
        diversification_ratio([1], [ONE, TWO], LISTED)


@pytest.mark.parametrize(
    ("worths", "index", "number", "largest"),
    [
        ([5], 1, 1, 1),
        ([5, 5, 5, 5], 0.25, 4, 0.25),
        # 0.5² + 0.3² + 0.2²
        ([50, 30, 20], 0.38, 1 / 0.38, 0.5),
        ([50, 30, 20, 0], 0.38, 1 / 0.38, 0.5),
    ],
)
def test_concentration_is_the_sum_of_squared_weights(worths, index, number, largest):
    found = concentration(worths)

    assert found.herfindahl == pytest.approx(index)
    assert found.effective_number == pytest.approx(number)
    assert found.largest_weight == pytest.approx(largest)
    assert (found.holdings, found.status) == (len(worths), Status.COMPLETE)


def test_holdings_of_unknown_worth_are_left_out_and_counted():
    found = concentration([50, None, 50])

    assert (found.herfindahl, found.unknown, found.status) == (0.5, 1, Status.PARTIAL)


@pytest.mark.parametrize("worths", [[], [None], [0], [10, -5]])
def test_without_weights_there_is_no_concentration(worths):
    found = concentration(worths)

    assert (found.herfindahl, found.status) == (None, Status.UNAVAILABLE)
    assert found.reason


@given(st.lists(st.floats(0.01, 1e6), min_size=1, max_size=30))
def test_concentration_lies_between_equal_parts_and_everything_in_one(worths):
    found = concentration(worths)

    assert 1 / len(worths) - 1e-9 <= found.herfindahl <= 1 + 1e-9
    assert found.herfindahl <= found.largest_weight + 1e-9
