"""Rates by the shortest way between two currencies, on the day that is asked for."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Unavailable
from marketdata.domain.fx import RateHistory, Rates, RateUnavailable

KNOWN = Rates(
    {
        ("EUR", "USD"): Decimal("1.25"),
        ("EUR", "GBP"): Decimal("0.8"),
        ("EUR", "JPY"): Decimal(160),
        ("USD", "CAD"): Decimal("1.5"),
        ("EUR", "CAD"): Decimal(2),
        ("USD", "INR"): Decimal(80),
    }
)


@pytest.mark.parametrize(
    ("source", "target", "rate"),
    [
        ("EUR", "EUR", "1"),
        ("XYZ", "XYZ", "1"),
        ("EUR", "USD", "1.25"),
        ("USD", "EUR", "0.8"),
        ("GBP", "USD", "1.5625"),
        ("JPY", "GBP", "0.005"),
        # Directly, though the way through the euro would say 1.6.
        ("USD", "CAD", "1.5"),
        ("EUR", "INR", "100"),
        ("GBX", "GBP", "0.01"),
        ("GBP", "GBX", "100"),
        ("GBX", "GBp", "1"),
        ("GBX", "EUR", "0.0125"),
        ("EUR", "GBX", "80"),
        ("ZAc", "ZAR", "0.01"),
    ],
)
def test_a_rate_is_found_directly_inverted_or_through_one_currency(source, target, rate):
    assert KNOWN.rate(source, target) == KNOWN.find_rate(source, target) == Decimal(rate)


@pytest.mark.parametrize(
    ("source", "target"), [("EUR", "SEK"), ("SEK", "EUR"), ("INR", "GBP"), ("GBX", "SEK")]
)
def test_what_would_take_more_than_one_currency_between_is_unknown(source, target):
    assert KNOWN.find_rate(source, target) is None
    with pytest.raises(RateUnavailable) as refusal:
        KNOWN.rate(source, target)
    assert refusal.value.detail == f"There is no exchange rate from {source} to {target}."
    assert refusal.value.pair == f"{source}/{target}"
    assert isinstance(refusal.value, Unavailable)


@pytest.mark.parametrize("rate", ["0", "-1", "NaN", "Infinity"])
def test_a_rate_that_cannot_be_is_none(rate):
    assert Rates({("EUR", "USD"): Decimal(rate)}).find_rate("EUR", "USD") is None


def test_the_euro_is_preferred_between_two_currencies():
    rates = Rates(
        {
            ("CHF", "AUD"): Decimal(9),
            ("AUD", "GBP"): Decimal(9),
            ("CHF", "EUR"): Decimal(2),
            ("EUR", "GBP"): Decimal(3),
        }
    )

    assert rates.rate("CHF", "GBP") == 6


@given(st.decimals("0.0001", "100000", places=4))
def test_there_and_back_is_one(rate):
    rates = Rates({("EUR", "USD"): rate})

    assert abs(rates.rate("EUR", "USD") * rates.rate("USD", "EUR") - 1) < Decimal("1e-20")


HISTORY = RateHistory(
    {
        ("EUR", "USD"): [
            (date(2026, 3, 6), Decimal("1.2")),
            (date(2026, 3, 2), Decimal("1.1")),
            (date(2026, 3, 6), Decimal("1.25")),
        ]
    }
)


@pytest.mark.parametrize(
    ("day", "rate"),
    [
        (date(2026, 3, 1), None),
        (date(2026, 3, 2), "1.1"),
        (date(2026, 3, 5), "1.1"),
        (date(2026, 3, 6), "1.25"),
        (date(2026, 3, 13), "1.25"),
        (date(2026, 3, 14), None),
    ],
)
def test_a_day_has_the_last_rate_before_it_unless_that_is_too_old(day, rate):
    assert HISTORY.on(day).find_rate("EUR", "USD") == (Decimal(rate) if rate else None)


def test_how_old_a_rate_may_be_can_be_chosen():
    day = date(2026, 3, 5)

    assert HISTORY.on(day, max_age_days=2).find_rate("EUR", "USD") is None
    assert HISTORY.on(day, max_age_days=3).find_rate("EUR", "USD") == Decimal("1.1")


def test_a_history_of_nothing_knows_only_that_like_is_like():
    rates = RateHistory().on(date(2026, 3, 5))

    assert rates.rate("EUR", "EUR") == 1
    assert rates.find_rate("EUR", "USD") is None


_CURRENCIES = st.sampled_from(["EUR", "USD", "GBP", "GBX"])
_HISTORIES = st.dictionaries(
    st.tuples(_CURRENCIES, _CURRENCIES),
    st.lists(
        st.tuples(
            st.dates(date(2026, 1, 1), date(2026, 1, 20)),
            st.sampled_from([Decimal(3), Decimal("0.7"), Decimal(0), Decimal(-1)]),
        ),
        max_size=4,
    ),
    max_size=4,
)


@given(_HISTORIES, _CURRENCIES, _CURRENCIES, st.integers(0, 9))
def test_a_column_of_rates_is_what_each_day_would_say(pairs, source, target, max_age_days):
    history = RateHistory(pairs)
    start = date(2026, 1, 3)

    column = history.column(source, target, start, 20, max_age_days)

    assert column == [
        RateHistory(pairs).on(start + timedelta(days=place), max_age_days).find_rate(source, target)
        for place in range(20)
    ]
