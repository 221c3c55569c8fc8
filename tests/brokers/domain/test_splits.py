"""Ratios of splits from how many units there were before and after."""

from decimal import Decimal

import pytest

from brokers.domain.splits import ratio_between


@pytest.mark.parametrize(
    ("before", "after", "ratio"),
    [
        ("4", "16", "4"),
        ("10", "15", "1.5"),
        ("1.333333333", "5.333333333", "4"),
        ("12000", "480", "0.04"),
        ("-3", "-6", "2"),
        ("0.123456789", "2.469135780", "20"),
        ("7", "7.7", None),  # 11 for 10 is nothing usual
        ("4", "19", None),  # one unit of the five that were held isn't booked yet
        ("3", "1", None),  # a third can't be kept exactly
        ("10", "10", None),
        ("10", "0", None),
        ("0", "5", None),
        ("10", "-5", None),
        ("10", "20.01", None),
    ],
)
def test_only_a_usual_ratio_that_explains_all_units_is_taken(before, after, ratio):
    found = ratio_between(Decimal(before), Decimal(after))

    assert found == (None if ratio is None else Decimal(ratio))
