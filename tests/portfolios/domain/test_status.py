"""How well figures are known together."""

import pytest

from portfolios.domain.status import Status
from portfolios.domain.unknowns import PartialSum, known_sum, minus, plus, times

COMPLETE, PARTIAL, UNAVAILABLE = Status


@pytest.mark.parametrize(
    ("statuses", "worst"),
    [
        ((), COMPLETE),
        ((COMPLETE,), COMPLETE),
        ((COMPLETE, PARTIAL), PARTIAL),
        ((UNAVAILABLE, PARTIAL, COMPLETE), UNAVAILABLE),
    ],
)
def test_figures_together_are_as_good_as_the_worst(statuses, worst):
    assert Status.worst(*statuses) is worst


@pytest.mark.parametrize("compute", [plus, minus, times])
def test_arithmetic_with_an_unknown_is_unknown(compute):
    assert compute(None, 2) is compute(2, None) is compute(None, None) is None


def test_known_amounts_are_computed_with():
    assert (plus(3, 2), minus(3, 2), times(3, 2)) == (5, 1, 6)
    assert (known_sum([3, 2]), known_sum([]), known_sum([3, None])) == (5, 0, None)


@pytest.mark.parametrize(
    ("amounts", "known", "status"),
    [
        ([], 0, COMPLETE),
        ([1, 2], 3, COMPLETE),
        ([1, None], 1, PARTIAL),
        ([0, None], 0, PARTIAL),
        ([None], None, UNAVAILABLE),
    ],
)
def test_a_sum_over_what_is_known_says_so(amounts, known, status):
    total = PartialSum()
    for amount in amounts:
        total.add(amount)

    assert (total.known(), total.status()) == (known, status)
