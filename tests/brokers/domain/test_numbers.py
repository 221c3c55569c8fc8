"""Numbers are read exactly or refused."""

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.domain.numbers import DecimalSign, SignEvidence, read_number, sign_evidence
from common.errors import InvalidInput

POINT, COMMA = DecimalSign.POINT, DecimalSign.COMMA


@pytest.mark.parametrize(
    ("text", "sign", "number"),
    [
        ("12", POINT, "12"),
        ("12", COMMA, "12"),
        ("12.50", POINT, "12.5"),
        ("12,50", COMMA, "12.5"),
        ("1,234,567.89", POINT, "1234567.89"),
        ("1.234.567,89", COMMA, "1234567.89"),
        ("12,34,567.8", POINT, "1234567.8"),
        ("1,234", POINT, "1234"),
        ("1,234", COMMA, "1.234"),
        ("1'234.50", POINT, "1234.5"),
        ("1\u2019234,50", COMMA, "1234.5"),
        ("1 234,50", COMMA, "1234.5"),
        ("1\u202f234\u202f567", COMMA, "1234567"),
        (".5", POINT, "0.5"),
        ("5.", POINT, "5"),
        ("+7", POINT, "7"),
        ("-7.25", POINT, "-7.25"),
        ("7,25-", COMMA, "-7.25"),
        ("(7.25)", POINT, "-7.25"),
        ("\u22127", POINT, "-7"),
        (" 3 ", POINT, "3"),
        ("1.5e-7", POINT, "0.00000015"),
        ("1,5E3", COMMA, "1500"),
    ],
)
def test_numbers_are_read_as_they_are_written(text, sign, number):
    assert read_number(text, sign) == Decimal(number)


@pytest.mark.parametrize(
    "text",
    [
        *("", "NaN", "nan", "Infinity", "-inf", "abc", "1 2", "12 %", "€ 5", "5 EUR", "--5", "1e"),
        *("1e40", "9" * 19, "0.00000000001", "1,23", "1,2345.6", "1.2.3", "0,123.5", "0x10"),
        "1_000",
        *("٣", "1e999999999", "12.5.", ",", ".", "(", "()", "(-5)", "1,,234"),
    ],
)
def test_what_is_no_number_or_too_large_or_too_fine_is_refused(text):
    with pytest.raises(InvalidInput):
        read_number(text, POINT)


def test_a_refusal_quotes_the_text_and_names_the_sign_of_the_column():
    with pytest.raises(InvalidInput, match="“12,5” isn't a number with a decimal point"):
        read_number("12,5", POINT)


@pytest.mark.parametrize(
    ("text", "evidence"),
    [
        ("1234", SignEvidence.NONE),
        ("1.234", SignEvidence.EITHER),
        ("1,234", SignEvidence.EITHER),
        ("-1,234", SignEvidence.EITHER),
        ("0.123", SignEvidence.POINT),
        ("1234.567", SignEvidence.POINT),
        ("12.34", SignEvidence.POINT),
        ("1,234.5", SignEvidence.POINT),
        ("1,234,567", SignEvidence.POINT),
        ("1'234.567", SignEvidence.POINT),
        ("1.234e5", SignEvidence.POINT),
        ("12,34", SignEvidence.COMMA),
        ("1.234,5", SignEvidence.COMMA),
        ("1.234.567", SignEvidence.COMMA),
        (",5", SignEvidence.COMMA),
        ("1 234,567", SignEvidence.COMMA),
        ("abc", None),
        ("1.2.3", None),
        ("NaN", None),
    ],
)
def test_a_number_gives_away_its_decimal_sign_or_does_not(text, evidence):
    assert sign_evidence(text) is evidence


@given(
    number=st.decimals(min_value=-(10**12), max_value=10**12, places=4),
    sign=st.sampled_from(DecimalSign),
    group=st.sampled_from(["", "other", " ", "'"]),
)
def test_every_number_survives_every_way_of_writing(number, sign, group):
    separator = {"other": "," if sign is POINT else "."}.get(group, group)
    written = f"{number:,.4f}".replace(",", "_").replace(".", sign).replace("_", separator)

    assert read_number(written, sign) == number


@given(st.text(max_size=30), st.sampled_from(DecimalSign))
def test_no_text_makes_reading_a_number_fail_in_an_unforeseen_way(text, sign):
    sign_evidence(text)
    with suppress(InvalidInput):
        assert read_number(text, sign).is_finite()


@given(st.from_regex(r"[0-9]{1,5}([.,][0-9]{1,4}){0,3}", fullmatch=True))
def test_evidence_for_a_sign_means_that_only_that_sign_reads_the_number(text):
    readable = {sign for sign in DecimalSign if _reads(text, sign)}

    expected = {
        SignEvidence.POINT: {POINT},
        SignEvidence.COMMA: {COMMA},
        SignEvidence.EITHER: {POINT, COMMA},
        SignEvidence.NONE: {POINT, COMMA},
        None: set(),
    }
    assert readable == expected[sign_evidence(text)]


def _reads(text: str, sign: DecimalSign) -> bool:
    try:
        read_number(text, sign)
    except InvalidInput:
        return False
    return True
