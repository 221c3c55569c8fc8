"""What is flagged as unlike its history, in words, and what isn't."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.anomalies import (
    Kind,
    Threshold,
    price_hints,
    unusual_prices,
    unusual_purchases,
    unusual_returns,
)
from tests.portfolios.domain.notation import day

NAN = math.nan


def daily(*values):
    return [(day(number), value) for number, value in enumerate(values, start=1)]


#: Between −1 and 1 %, with a median of 0 and a median deviation of 0.5 %.
QUIET = [0.0, 0.01, -0.005, 0.005, -0.01] * 7


def test_a_return_far_outside_of_its_history_is_flagged_in_words():
    found = unusual_returns("Savings", daily(*QUIET, -0.182))

    (flag,) = found.flags
    assert (flag.kind, flag.date, flag.value) == (Kind.RETURN, day(36), -0.182)
    assert flag.score == pytest.approx(-0.182 / (1.4826 * 0.005))
    assert (flag.usual_low, flag.usual_high) == pytest.approx((-0.014826, 0.014826))
    assert flag.sentence == (
        "Savings returned −18.2 % on 2024-02-05; usually it is between −1.5 % and +1.5 %. "
        "That is 12 times as far out as usual."
    )
    assert (found.checked, found.reason) == (6, None)


@pytest.mark.parametrize(("last", "is_flagged"), [(0.044, False), (0.045, True), (-0.045, True)])
def test_a_return_is_unusual_from_six_deviations_on(last, is_flagged):
    assert bool(unusual_returns("Savings", daily(*QUIET, last)).flags) == is_flagged


def test_thresholds_can_be_chosen():
    points = daily(*QUIET, 0.04)

    strict = unusual_returns("Savings", points, threshold=Threshold(score=5))

    assert len(strict.flags) == 1
    assert not unusual_returns("Savings", points).flags


def test_a_history_without_movement_does_not_make_a_small_move_unusual():
    still = [0.0] * 40

    assert not unusual_returns("Cash", daily(*still, 0.014)).flags
    assert unusual_returns("Cash", daily(*still, 0.016)).flags


def test_only_what_came_before_is_history():
    flags = unusual_returns("Savings", daily(*QUIET, 0.3, *[0.3] * 40)).flags

    # The first is new; when most of the window is like it, it no longer is.
    assert flags[0].date == day(36)
    assert len(flags) < 41


def test_only_days_from_a_given_one_on_are_looked_at():
    points = daily(*QUIET, 0.3, *QUIET, -0.3)

    found = unusual_returns("Savings", points, since=day(60))

    assert [flag.value for flag in found.flags] == [-0.3]
    assert found.checked == len(points) - 59


def test_a_short_history_says_nothing():
    found = unusual_returns("New", daily(*[0.0] * 10, NAN, 5.0))

    assert (found.flags, found.checked, found.dropped) == ((), 0, 1)
    assert found.reason
    assert found.reason == "11 values are known; 31 are needed to compare with."


def test_a_price_is_compared_by_its_changes():
    rising = [100 * 1.001**number for number in range(40)]

    (flag,) = unusual_prices("ACME", daily(*rising, rising[-1] * 1.2)).flags

    assert (flag.kind, flag.date) == (Kind.PRICE, day(41))
    assert flag.value == pytest.approx(0.2)
    assert flag.sentence.startswith("The price of ACME changed by +20.0 % on 2024-02-10; ")
    assert "usually it is between −0.9 % and +1.1 %." in flag.sentence


MONTHLY = [500, 510, 495, 500, 502, 498]


@pytest.mark.parametrize(("paid", "is_unusual"), [(5000, True), (50, True), (1000, False)])
def test_a_purchase_is_compared_with_those_before_it(paid, is_unusual):
    found = unusual_purchases("ACME", "EUR", daily(*MONTHLY, paid))

    assert bool(found.flags) is is_unusual
    assert found.checked == 2


def test_an_unusual_purchase_is_told_in_money():
    (flag,) = unusual_purchases("ACME", "EUR", daily(*MONTHLY, NAN, 0, 5000)).flags

    assert (flag.kind, flag.date) == (Kind.PURCHASE, day(9))
    assert (round(flag.value), round(flag.usual_low), round(flag.usual_high)) == (5000, 303, 824)
    assert flag.sentence == (
        "ACME was bought for 5,000.00 EUR on 2024-01-09; "
        "usually it is between 303.27 and 824.36 EUR."
    )


def test_the_first_purchases_have_nothing_to_be_compared_with():
    assert unusual_purchases("ACME", "EUR", daily(1, 1, 1, 1, 1_000_000)).flags == ()


@pytest.mark.parametrize(
    ("before", "price", "kind", "words"),
    [
        (12.5, 1255, Kind.UNIT, "about 100 times: it may be in another unit"),
        (1255, 12.5, Kind.UNIT, "from 1255 to 12.5 on 2024-01-02"),
        (300, 100.5, Kind.SPLIT, "as after a split of 3 for 1"),
        (300, 201, Kind.SPLIT, "as after a split of 3 for 2"),
        (2, 20.1, Kind.SPLIT, "as after a reverse split of 1 for 10"),
        (20, 50, Kind.SPLIT, "as after a reverse split of 2 for 5"),
    ],
)
def test_moves_that_look_like_mistakes_are_hinted_at(before, price, kind, words):
    (hint,) = price_hints("ACME", daily(before, price)).flags

    assert (hint.kind, hint.value, hint.date) == (kind, price, day(2))
    assert words in hint.sentence
    assert (hint.usual_low, hint.usual_high) == (None, None)


@pytest.mark.parametrize(("before", "price"), [(100, 90), (100, 75), (10, 0), (0, 5), (10, 700)])
def test_other_moves_are_not_hinted_at(before, price):
    assert price_hints("ACME", daily(before, price)).flags == ()


def test_a_price_that_repeats_is_flagged_once_on_its_last_day():
    (hint,) = price_hints("ACME", daily(9, 10, 10, NAN, 10, 10, 10, 11, 11, 11, 11)).flags

    assert (hint.kind, hint.date, hint.score) == (Kind.STALE, day(7), 5)
    assert hint.sentence == (
        "The price of ACME was 10 on 5 days in a row, from 2024-01-02 to 2024-01-07: "
        "it may no longer be updated."
    )
    assert price_hints("ACME", daily(9, *[10] * 5), since=day(7)).flags == ()


def test_one_price_has_nothing_to_compare_with():
    assert price_hints("ACME", []).reason
    assert (
        price_hints("ACME", daily(5)).reason == "1 values are known; 2 are needed to compare with."
    )


@given(
    st.lists(st.integers(1, 100_000), min_size=35, max_size=60), st.sampled_from([0.125, 2, 1024])
)
def test_flags_of_prices_do_not_depend_on_the_unit(prices, factor):
    scaled = [price * factor for price in prices]

    for find in (unusual_prices, price_hints):
        before, after = find("ACME", daily(*prices)), find("ACME", daily(*scaled))
        assert [(flag.kind, flag.date, flag.score) for flag in before.flags] == [
            (flag.kind, flag.date, flag.score) for flag in after.flags
        ]
