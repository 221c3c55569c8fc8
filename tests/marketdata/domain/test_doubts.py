"""Which closes look wrong, and by what day they are called."""

from datetime import date, timedelta

import pytest

from marketdata.domain.doubts import find_doubtful

FIRST = date(2026, 1, 1)
#: Moves by up to a percent a day, and long enough to compare with.
USUAL = [100 + (number * 7) % 3 * 0.5 for number in range(40)]


def series(*closes):
    return [(FIRST + timedelta(days=number), close) for number, close in enumerate(closes)]


def found(points, **options):
    return [
        ((each.date - FIRST).days, each.doubt.value)
        for each in find_doubtful("ACME", points, **options)
    ]


@pytest.mark.parametrize(
    ("closes", "doubts"),
    [
        ([100.0], []),
        # Pence for pounds, and back: both moves look wrong.
        ([10_050.0, 100.5], [(40, "unit"), (41, "unit")]),
        ([50.2, 50.5], [(40, "split")]),
        ([1_000.5], [(40, "split")]),
        # A ratio of no split.
        ([171.0, 172.0], [(40, "outlier")]),
        # It is called by the day on which it began, however long it lasts.
        ([101.5] * 5, [(40, "stale")]),
        ([101.5] * 9, [(40, "stale")]),
        ([101.5] * 4, []),
    ],
)
def test_of_each_day_the_likeliest_reason_is_told(closes, doubts):
    assert found(series(*USUAL, *closes)) == doubts


def test_only_days_from_a_day_on_are_looked_at():
    points = series(*USUAL, 50.2, 50.5, 50.0, 120.0)

    assert found(points, since=FIRST + timedelta(days=41)) == [(43, "outlier")]


def test_closes_that_are_no_prices_are_left_alone():
    assert found(series(0.0, 1.0, -1.0, 0.0)) == []
    assert found([]) == []
