"""The order in which currencies are offered."""

from common.choices import currency_choices, grouped_currencies
from common.currencies import CURRENCIES


def codes(choices):
    return [code for code, _ in choices]


def test_the_usual_currencies_come_before_all_others_and_ones_own_before_these():
    (_, usual), (_, others) = grouped_currencies("NOK")

    assert codes(usual)[:6] == ["NOK", "EUR", "USD", "GBP", "CHF", "JPY"]
    assert codes(others) == sorted(codes(others))
    assert sorted(codes(usual) + codes(others)) == sorted(CURRENCIES)


def test_ones_own_currency_is_not_listed_twice():
    (_, usual), _ = grouped_currencies("USD")

    assert codes(usual)[:2] == ["USD", "EUR"]
    assert codes(usual).count("USD") == 1


def test_a_currency_that_is_none_is_not_offered():
    assert grouped_currencies("EUX") == grouped_currencies()


def test_programs_get_the_currencies_by_code():
    assert codes(currency_choices()) == sorted(CURRENCIES)
