"""What API fields take, and what they refuse."""

import json
from decimal import Decimal
from typing import Any

import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from common.api.fields import (
    CurrencyField,
    DecimalStringField,
    MoneyField,
    ObjectIdField,
)
from common.money import Money, plain

TEXT = "0123456789abcdef01234567"
#: Nothing that any of the fields may take, and everything that might break one.
JUNK: tuple[Any, ...] = (
    None,
    True,
    False,
    float("nan"),
    float("inf"),
    1e40,
    [],
    {},
    {"$ne": None},
    {"$gt": ""},
    ["EUR"],
    object(),
    "",
    " ",
    "NaN",
    "-Infinity",
    "1e40",
    "9" * 5_000,
    "\0",
    "\ud800",
    "1\ud800",
    "\N{ARABIC-INDIC DIGIT ONE}",
    10**5_000,
    -1 << 200,
    b"12",
)
FIELDS = (ObjectIdField, DecimalStringField, CurrencyField, MoneyField)


class Body(serializers.Serializer[Any]):
    """A body with one field of each kind."""

    key = ObjectIdField()
    number = DecimalStringField(min_value=Decimal(0), max_value=Decimal(100))
    currency = CurrencyField()
    money = MoneyField()


VALID = {
    "key": TEXT,
    "number": "12.5",
    "currency": "eur",
    "money": {"amount": "12.30", "currency": "EUR"},
}


def problems(**changes):
    body = Body(data={**VALID, **changes})
    assert not body.is_valid()
    return body.errors


@pytest.mark.parametrize("junk", JUNK, ids=range(len(JUNK)))
@pytest.mark.parametrize("field", FIELDS)
def test_junk_is_a_validation_error_that_can_be_sent(field, junk):
    with pytest.raises(ValidationError) as raised:
        field().run_validation(junk)

    json.dumps(raised.value.detail, ensure_ascii=False).encode()


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()))
    | st.from_regex(r"[-+0-9.eE_ ]{0,30}", fullmatch=True),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["amount", "currency", "$ne", ""]) | st.text(), inner, max_size=3
        )
    ),
    max_leaves=5,
)


@pytest.mark.parametrize("field", FIELDS)
@given(data=anything)
def test_whatever_is_sent_is_read_or_refused(field, data):
    try:
        value = field().run_validation(data)
    except ValidationError as error:
        json.dumps(error.detail, ensure_ascii=False).encode()
    else:
        assert field().run_validation(field().to_representation(value)) is not None


def test_a_body_is_read():
    body = Body(data=VALID)

    assert body.is_valid(), body.errors
    assert body.validated_data == {
        "key": ObjectId(TEXT),
        "number": Decimal("12.5"),
        "currency": "EUR",
        "money": Money(Decimal("12.30"), "EUR"),
    }


def test_a_body_is_written():
    written = Body(
        {
            "key": ObjectId(TEXT),
            "number": Decimal("12.5000000000"),
            "currency": "EUR",
            "money": Money(Decimal("12.305"), "EUR"),
        }
    ).data

    assert written == {
        "key": TEXT,
        "number": "12.5",
        "currency": "EUR",
        "money": {"amount": "12.30", "currency": "EUR"},
    }


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("0", "0"),
        ("-12.50", "-12.50"),
        ("1e3", "1000"),
        (" 7 ", "7"),
        (7, "7"),
        (-7, "-7"),
        ("999999999999999999.9999999999", "999999999999999999.9999999999"),
    ],
)
def test_decimals_are_read_exactly(sent, read):
    assert DecimalStringField().run_validation(sent) == Decimal(read)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("0", "0"),
        ("-0.000", "0"),
        ("1.50", "1.5"),
        ("100", "100"),
        ("1E+3", "1000"),
        ("1E-10", "0.0000000001"),
        ("-2.0", "-2"),
        ("123456789012345678901234.0123456789", "123456789012345678901234.0123456789"),
    ],
)
def test_decimals_are_written_plainly(number, text):
    assert plain(Decimal(number)) == text


def test_a_float_is_refused_with_a_way_out():
    assert "strings" in str(problems(number=0.1)["number"])


@pytest.mark.parametrize(
    ("sent", "message"),
    [("-0.01", "at least 0"), ("100.01", "at most 100"), ("x", "not a number")],
)
def test_a_number_out_of_bounds_is_refused(sent, message):
    assert message in str(problems(number=sent)["number"])


@pytest.mark.parametrize("code", ["EUR", "jpy", " chf ", "BTC"])
def test_currencies_are_known(code):
    assert CurrencyField().run_validation(code) == code.strip().upper()


@pytest.mark.parametrize("code", ["EURO", "XXX", "GBX", "E", "12"])
def test_what_nothing_is_paid_in_is_no_currency(code):
    assert "currency" in problems(currency=code)


@pytest.mark.parametrize(
    ("sent", "names"),
    [
        ({"amount": "12"}, {"currency"}),
        ({"currency": "EUR"}, {"amount"}),
        ({"amount": 0.1, "currency": "EUR"}, {"amount"}),
        ({"amount": "x", "currency": "x"}, {"amount", "currency"}),
        ({"amount": {"$ne": None}, "currency": {"$ne": None}}, {"amount", "currency"}),
        ({}, {"amount", "currency"}),
    ],
)
def test_each_part_of_money_has_errors_of_its_own(sent, names):
    assert set(problems(money=sent)["money"]) == names


def test_money_takes_no_other_parts():
    errors = problems(money={"amount": "1", "currency": "EUR", "value": 2})

    assert "Money is expected" in str(errors["money"])


def test_yen_are_written_without_decimals():
    assert MoneyField().to_representation(Money(Decimal("12.5"), "JPY")) == {
        "amount": "12",
        "currency": "JPY",
    }


def test_fields_can_be_left_out_or_unknown():
    class Optional(serializers.Serializer[Any]):
        key = ObjectIdField(required=False)
        number = DecimalStringField(allow_null=True)

    body = Optional(data={"number": None})

    assert body.is_valid(), body.errors
    assert body.validated_data == {"number": None}
