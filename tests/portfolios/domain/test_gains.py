"""Gains in money and what they are in percent of."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolios.domain.gains import (
    Change,
    Counting,
    average_investment,
    contributions,
    return_on_investment,
    simple_gain,
    trade_return,
)
from portfolios.domain.percentages import Denominator, Reason
from portfolios.domain.status import Status
from tests.portfolios.domain.day_notation import rows
from tests.portfolios.domain.strategies import decimals


def steps(text: str) -> list[tuple[date, Decimal]]:
    """`steps("11-22:285.8 11-30:559")`: what is invested from a day of 2021 on."""
    pairs = (token.split(":") for token in text.split())
    return [(date.fromisoformat(f"2021-{day}"), Decimal(amount)) for day, amount in pairs]


@pytest.mark.parametrize(
    ("days", "opening", "amount", "missing"),
    [
        ("100+100 150+40 90-70", "0", "20", []),
        ("0.3", "0.1", "0.2", []),
        ("? 110", "100", "10", []),
        ("100 ?", "100", None, ["2024-01-02"]),
        ("100", "?", None, ["2023-12-31"]),
        ("100+? 110-?", "0", None, ["2024-01-01", "2024-01-02"]),
        ("", "0", None, []),
    ],
)
def test_a_gain_is_what_is_there_less_what_was_there_and_came(days, opening, amount, missing):
    start = None if opening == "?" else Decimal(opening)

    made = simple_gain(rows(days), opening=start)

    assert made.amount == (None if amount is None else Decimal(amount))
    assert made.status is (Status.UNAVAILABLE if amount is None else Status.COMPLETE)
    assert made.missing == tuple(missing)


# Ghostfolio's two averages: over the days between orders, and over calendar days.
@pytest.mark.parametrize(
    ("invested", "gain", "between_orders", "calendar_days"),
    [
        ("11-30:273.2", "23.05", 0.08437042459736457, 0.08437042459736457),
        ("11-22:285.8 11-30:559", "36.6", 0.07706261539956594, 36.6 / (12907.4 / 27)),
        ("11-22:285.8 11-30:559", "33.4", 0.07032490039195362, 0.06986689805847808),
        # Closed, by one sale or by two of one day: the last average stays.
        ("11-22:285.8 11-30:0", "-15.8", -0.055283414975507345, -0.055283414975507345),
        ("11-22:285.8 11-30:142.9 11-30:0", "-15.8", -0.055283414975507345, -15.8 / 285.8),
        # 2021 in place of 2022, and the last day shifted accordingly.
        ("11-13:151.6 12-15:75.8", "17.68", 0.12184460284330327, 0.12348284960422164),
    ],
)
def test_the_return_on_what_was_invested_on_average(invested, gain, between_orders, calendar_days):
    for counting, rate in (
        (Counting.BETWEEN_ORDERS, between_orders),
        (Counting.CALENDAR_DAYS, calendar_days),
    ):
        made = return_on_investment(
            Decimal(gain), steps(invested), end=date(2021, 12, 18), counting=counting
        )

        assert made.value == pytest.approx(rate, abs=1e-9)
        assert made.denominator is counting.value


def test_the_average_between_orders_is_the_published_one():
    made = average_investment(steps("11-22:285.8 11-30:559"), end=date(2021, 12, 18))

    assert float(made) == pytest.approx(474.9384615384615, abs=1e-9)


def test_what_is_bought_and_valued_on_one_day_has_an_average_over_calendar_days_only():
    today = date(2021, 11, 22)

    assert average_investment(steps("11-22:100"), end=today) is None
    assert average_investment(steps("11-22:100"), end=today, counting=Counting.CALENDAR_DAYS) == 100


@pytest.mark.parametrize(
    ("gain", "entry", "rate", "reason"),
    [
        ("360", "440", 0.8181818181818182, None),  # Portfolio Performance: a short sale
        ("13.4", "174.6", 13.4 / 174.6, None),
        (None, "440", None, Reason.GAIN_UNKNOWN),
        ("360", None, None, Reason.DENOMINATOR_UNKNOWN),
        ("360", "0", None, Reason.DENOMINATOR_NOT_POSITIVE),
    ],
)
def test_a_trade_returns_its_gain_on_its_entry(gain, entry, rate, reason):
    made = trade_return(*(None if each is None else Decimal(each) for each in (gain, entry)))

    assert made.value == (None if rate is None else pytest.approx(rate, abs=1e-12))
    assert (made.denominator, made.reason) == (Denominator.ENTRY_COST, reason)


def test_each_position_adds_its_part_and_cash_the_rest():
    made = contributions(
        {
            "X": Change(Decimal(100), Decimal(130), paid=Decimal(20)),
            "Y": Change(Decimal(50), Decimal(0), received=Decimal(45)),
        },
        gain=Decimal("6.5"),
        capital=Decimal(200),
    )

    assert [(part.key, part.gain, part.rate.value) for part in made.parts] == [
        ("X", 10, 0.05),
        ("Y", -5, -0.025),
    ]
    assert (made.rest.gain, made.rest.rate.value) == (Decimal("1.5"), 0.0075)
    assert (made.status, made.missing) == (Status.COMPLETE, ())


def test_an_unknown_part_leaves_the_rest_unknown_and_is_named():
    made = contributions(
        {"X": Change(Decimal(100), None), "Y": Change(Decimal(50), Decimal(60))},
        gain=Decimal(12),
        capital=Decimal(150),
    )

    assert [part.gain for part in made.parts] == [None, 10]
    assert (made.rest.gain, made.status, made.missing) == (None, Status.PARTIAL, ("X",))


AMOUNTS = decimals("-1000", "1000", places=10)


@given(
    st.dictionaries(
        st.sampled_from("ABCDE"), st.builds(Change, AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS)
    ),
    AMOUNTS,
)
def test_all_parts_are_the_gain_to_the_last_digit(changes, gain):
    made = contributions(changes, gain=gain, capital=Decimal(1))

    assert sum((part.gain for part in made.parts), made.rest.gain) == gain
