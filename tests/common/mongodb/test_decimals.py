"""Numbers are stored and read bit by bit as the driver would do it."""

from decimal import Decimal

import pytest
from bson.decimal128 import Decimal128
from hypothesis import given
from hypothesis import strategies as st

from common.mongodb.decimals import to_decimal, to_decimal128

COEFFICIENTS = st.integers(min_value=-(10**34) + 1, max_value=10**34 - 1)


@given(coefficient=COEFFICIENTS, places=st.integers(min_value=0, max_value=20))
def test_what_is_stored_is_what_the_driver_stores(coefficient, places):
    number = Decimal(f"{coefficient}E-{places}")

    assert to_decimal128(number, places=places).bid == Decimal128(number).bid


@given(coefficient=COEFFICIENTS, exponent=st.integers(min_value=-6176, max_value=6111))
def test_what_is_read_is_what_the_driver_reads(coefficient, exponent):
    stored = Decimal128(f"{coefficient}E{exponent}")

    assert to_decimal(stored).as_tuple() == stored.to_decimal().as_tuple()


@given(bits=st.binary(min_size=16, max_size=16))
def test_any_bits_are_read_as_the_driver_reads_them(bits):
    stored = Decimal128.from_bid(bits)

    assert to_decimal(stored).as_tuple() == stored.to_decimal().as_tuple()


@pytest.mark.parametrize("text", ["0", "-0", "-0.00", "0E-10", "1E+6111", "-1E-6176"])
def test_zeros_and_bounds(text):
    stored = Decimal128(text)

    assert to_decimal(stored).as_tuple() == stored.to_decimal().as_tuple()


def test_zero_keeps_its_sign_and_places():
    assert to_decimal128(Decimal("-0.00"), places=2).bid == Decimal128("-0.00").bid


def test_a_number_too_long_for_the_database_is_no_number_in_it():
    with pytest.raises(ValueError, match="more digits"):
        to_decimal128(Decimal(10**34), places=0)
