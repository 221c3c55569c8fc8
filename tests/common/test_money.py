"""Money that adds up exactly, and numbers that are read as written."""

from decimal import Decimal, getcontext, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.currencies import CURRENCIES, MINOR_UNITS, UnknownCurrency, is_currency, minor_units
from common.money import CurrencyMismatch, Money, NotADecimal, exact, fits, parse_decimal, rounded


def eur(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


def test_like_currencies_add_up():
    assert eur("0.1") + eur("0.2") == eur("0.3")
    assert eur("0.1") - eur("0.2") == eur("-0.1")
    assert -eur("0.1") == eur("-0.1")
    assert eur("1.10") * Decimal(3) == eur("3.30")
    assert str(eur("1E+3")) == "1000 EUR"


@pytest.mark.parametrize("operate", [Money.__add__, Money.__sub__])
def test_unlike_currencies_do_not(operate):
    with pytest.raises(CurrencyMismatch):
        operate(eur("1"), Money(Decimal(1), "USD"))


def test_a_float_is_no_amount():
    with pytest.raises(TypeError, match="Decimal"):
        Money(0.1, "EUR")


def test_money_adds_up_exactly_whatever_the_threads_context():
    with localcontext() as coarse:
        coarse.prec = 2
        assert eur("1000000.01") + eur("0.01") == eur("1000000.02")


def test_exact_arithmetic_has_34_digits_and_ends_with_its_block():
    before = getcontext().prec
    with exact():
        assert Decimal(1) / 3 == Decimal("0." + "3" * 34)
    assert getcontext().prec == before


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("1.005", "EUR", "1.00"),
        ("1.015", "EUR", "1.02"),
        ("-1.015", "EUR", "-1.02"),
        ("2.5", "JPY", "2"),
        ("3.5", "JPY", "4"),
        ("1.23456", "KWD", "1.235"),
        ("0.123456785", "BTC", "0.12345678"),
        ("7", "EUR", "7.00"),
        ("1e40", "EUR", "1" + "0" * 40 + ".00"),
    ],
)
def test_rounding_goes_half_to_even_at_what_the_currency_can_pay(amount, currency, shown):
    assert f"{rounded(Money(Decimal(amount), currency)).amount:f}" == shown


def test_nobody_knows_the_decimals_of_a_currency_that_is_none():
    assert (minor_units("EUR"), minor_units("JPY"), minor_units("BHD")) == (2, 0, 3)
    with pytest.raises(UnknownCurrency, match="“EUX” is not a currency"):
        minor_units("EUX")


@pytest.mark.parametrize("code", ["EUR", "USD", "CHF", "XCG", "BTC", "ETH", "USDT", "USDC", "SOL"])
def test_codes_of_currencies_are_known(code):
    assert is_currency(code)


@pytest.mark.parametrize("code", ["", "eur", "EUR ", "DEM", "XXX", "XTS", "GBX", "€"])
def test_other_texts_are_no_codes(code):
    assert not is_currency(code)


def test_the_table_of_currencies_is_whole():
    assert len(CURRENCIES) > 170
    assert all(code == each.code and each.name for code, each in CURRENCIES.items())
    assert all(0 <= each.minor_units <= 8 for each in CURRENCIES.values())
    assert all(major in CURRENCIES for major, _ in MINOR_UNITS.values())
    assert not MINOR_UNITS.keys() & CURRENCIES.keys()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", "0"),
        ("-0", "0"),
        ("12.50", "12.50"),
        (" 12.5 ", "12.5"),
        ("+7", "7"),
        ("-.5", "-0.5"),
        ("5.", "5"),
        ("1e3", "1000"),
        ("1.5E-3", "0.0015"),
        ("0e99", "0"),
        ("999999999999999999.9999999999", "999999999999999999.9999999999"),
        ("0.0000000001", "0.0000000001"),
        ("1.00000000000000000000", "1"),
        ("10000000000000000000e-2", "100000000000000000"),
    ],
)
def test_numbers_are_read_exactly(text, number):
    read = parse_decimal(text)

    assert read == Decimal(number)
    assert -10 <= read.as_tuple().exponent <= 0


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "abc", "NaN", "sNaN", "Infinity", "-inf", "1,5", "1 000", "1_000"),
        *("0x1", "1e", "--1", "1.2.3", "1e1e1", ".", "-", "12.50 EUR", "1e9999999999"),
    ],
)
def test_anything_else_is_not_a_number(text):
    with pytest.raises(NotADecimal, match="is not a number"):
        parse_decimal(text)


@pytest.mark.parametrize("text", ["\u0663", "1\u0663", "\uff11", "1\u00b2", "\u0967.5"])
def test_digits_of_other_scripts_are_refused_with_the_ones_to_use(text):
    with pytest.raises(NotADecimal, match="digits 0 to 9"):
        parse_decimal(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1000000000000000000", "“1000000000000000000” is too large: at most 18 digits"),
        ("-1e18", "“-1e18” is too large"),
        ("1e999999999", "“1e999999999” is too large"),
        ("0.00000000001", "“0.00000000001” is too fine: at most 10 digits"),
        ("1e-18", "“1e-18” is too fine"),
        ("1e-999999999", "“1e-999999999” is too fine"),
        ("9" * 60, "“" + "9" * 39 + "…” is too large"),
    ],
)
def test_a_number_that_cannot_be_kept_is_refused_with_the_reason(text, reason):
    with pytest.raises(NotADecimal) as refusal:
        parse_decimal(text)

    assert refusal.value.detail.startswith(reason)


@given(
    st.integers(-(10**28) + 1, 10**28 - 1), st.integers(0, 10), st.sampled_from(["f", "e", "E", ""])
)
def test_what_was_written_out_is_read_back(digits, places, form):
    number = Decimal(digits).scaleb(-10)
    number = number.quantize(Decimal(1).scaleb(-10)) if places else number

    assert parse_decimal(format(number, form)) == number


@pytest.mark.parametrize(
    ("number", "fit"),
    [
        ("0", True),
        ("999999999999999999.9999999999", True),
        ("1e18", False),
        ("1e-10", True),
        ("1e-11", False),
        ("1.000000000000000", True),
        ("NaN", False),
        ("Infinity", False),
    ],
)
def test_what_fits_the_ledger_is_known(number, fit):
    assert fits(Decimal(number)) is fit
