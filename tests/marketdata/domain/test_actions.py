"""What splits do to prices, and how they are written."""

from datetime import date
from decimal import Decimal

import pytest

from marketdata.domain.actions import adjusted, split_words

FIRST, SECOND, THIRD = (date(2026, 2, day) for day in (2, 3, 5))


@pytest.mark.parametrize(
    ("splits", "prices"),
    [
        ((), "100 50 25"),
        (((SECOND, 2),), "50 50 25"),
        (((SECOND, 2), (THIRD, 2)), "25 25 25"),
        (((date(2026, 2, 4), 2),), "50 25 25"),
        (((FIRST, 2),), "100 50 25"),
        (((date(2026, 3, 1), 2),), "50 25 12.5"),
        (((SECOND, "0.5"),), "200 50 25"),
    ],
)
def test_prices_before_a_split_are_of_the_units_after_it(splits, prices):
    series = [(FIRST, Decimal(100)), (SECOND, Decimal(50)), (THIRD, Decimal(25))]

    found = adjusted(series, [(day, Decimal(ratio)) for day, ratio in splits])

    assert found == [
        (day, Decimal(price)) for (day, _), price in zip(series, prices.split(), strict=True)
    ]
    floats = adjusted(
        [(day, float(price)) for day, price in series],
        [(day, Decimal(ratio)) for day, ratio in splits],
    )
    assert floats == [(day, float(price)) for day, price in found]


def test_nothing_stays_nothing():
    assert adjusted([], [(FIRST, Decimal(2))]) == []


@pytest.mark.parametrize(
    ("ratio", "words"),
    [("2", "2 for 1"), ("1.5", "1.5 for 1"), ("0.1", "1 for 10"), ("0.3333333333", "1 for 3")],
)
def test_splits_are_written_as_people_do(ratio, words):
    assert split_words(Decimal(ratio)) == words
