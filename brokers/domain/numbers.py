"""Numbers as people and programs write them, and which sign is the decimal one."""

from __future__ import annotations

import re
from decimal import Decimal
from enum import StrEnum

from brokers.domain.statements import shown
from common.errors import InvalidInput
from common.money import parse_decimal


class NotANumber(InvalidInput):
    """The text isn't a number."""

    code = "not-a-number"


class DecimalSign(StrEnum):
    """The sign before the decimals; the other one groups thousands."""

    POINT = "."
    COMMA = ","


class SignEvidence(StrEnum):
    """What one number gives away about the decimal sign of its column."""

    POINT = "point"
    COMMA = "comma"
    #: `1,234` and `1.234` read either way, a thousandfold apart.
    EITHER = "either"
    #: `1234` reads the same anyway.
    NONE = "none"


#: Groups of thousands set apart by spaces or apostrophes: nobody writes decimals so.
_NEUTRAL_GROUPS = re.compile(r"(?<=\d)[ '\u2019\u00a0\u2009\u202f](?=\d{3}(?!\d))", re.ASCII)
_SHAPE = re.compile(r"([+-]?)([\d.,]*\d[\d.,]*)([eE][+-]?\d{1,9})?", re.ASCII)
#: Thousands in threes, or as in India: 12,34,567.
_GROUPED = {
    DecimalSign.POINT: re.compile(r"\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d*)?"),
    DecimalSign.COMMA: re.compile(r"\d{1,3}(?:\.\d{2,3})*\.\d{3}(?:,\d*)?"),
}
_PLAIN = {
    DecimalSign.POINT: re.compile(r"\d+\.?\d*|\.\d+"),
    DecimalSign.COMMA: re.compile(r"\d+,?\d*|,\d+"),
}
#: A hyphen, a minus sign, an en dash: what spreadsheets put before negative numbers.
_MINUS_SIGNS = str.maketrans("−\u2013", "--")


def _split(text: str) -> tuple[str, str, str, bool] | None:
    """Take a number apart into sign, digits, exponent and whether it had neutral groups."""
    text = text.strip().translate(_MINUS_SIGNS)
    if text.startswith("(") and text.endswith(")"):
        text = "-" + text[1:-1]
    elif text.endswith("-"):
        text = "-" + text[:-1]
    joined = _NEUTRAL_GROUPS.sub("", text)
    shape = _SHAPE.fullmatch(joined)
    if shape is None:
        return None
    return shape[1], shape[2], shape[3] or "", joined != text


def sign_evidence(text: str) -> SignEvidence | None:
    """Say what a number gives away about the decimal sign; None for what is no number."""
    parts = _split(text)
    if parts is None:
        return None
    _, digits, exponent, has_groups = parts
    if digits.isdecimal():
        return SignEvidence.NONE
    readable = [sign for sign in DecimalSign if _is_written_with(sign, digits)]
    if len(readable) == 2 and (exponent or has_groups):
        # No writer groups thousands by two signs, or before an exponent.
        return SignEvidence.COMMA if "," in digits else SignEvidence.POINT
    if len(readable) == 2:
        return SignEvidence.EITHER
    if not readable:
        return None
    return SignEvidence.POINT if readable[0] is DecimalSign.POINT else SignEvidence.COMMA


def _is_written_with(sign: DecimalSign, digits: str) -> bool:
    if _PLAIN[sign].fullmatch(digits):
        return True
    # A group of thousands never begins with a nought: 0.500 is a half.
    return not digits.startswith("0") and _GROUPED[sign].fullmatch(digits) is not None


def read_number(text: str, sign: DecimalSign = DecimalSign.POINT) -> Decimal:
    """Read a number written with a given decimal sign, exactly.

    Thousands may be grouped by the other sign, by spaces or apostrophes; a minus may stand before
    or behind, or be brackets around.

    Raises:
        NotANumber: it isn't written so.
        NotADecimal: it is too large or too fine to be kept.
    """
    parts = _split(text)
    if parts is None or not _is_written_with(sign, parts[1]):
        raise NotANumber(_why_not(text, sign, is_number=sign_evidence(text) is not None))
    minus, digits, exponent, _ = parts
    other = DecimalSign.COMMA if sign is DecimalSign.POINT else DecimalSign.POINT
    plain = digits.replace(other, "").replace(sign, ".").rstrip(".")
    if plain.startswith("."):
        plain = "0" + plain
    return parse_decimal(f"{'-' if minus == '-' else ''}{plain}{exponent}")


def _why_not(text: str, sign: DecimalSign, *, is_number: bool) -> str:
    if not is_number:
        return f"“{shown(text)}” isn't a number."
    name = "point" if sign is DecimalSign.POINT else "comma"
    return f"“{shown(text)}” isn't a number with a decimal {name}, as the rest of its column has."
