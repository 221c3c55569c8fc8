"""Exact money: amounts that know their currency, and numbers as texts."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext

from common.currencies import minor_units
from common.errors import InvalidInput
from common.numerals import OTHER_DIGITS, has_other_digits
from common.texts import quoted

#: Thirty-four digits are what MongoDB's Decimal128 holds.
_CONTEXT = Context(prec=34, rounding=ROUND_HALF_EVEN)
#: What the ledger keeps of a number: digits before the point, and after it.
WHOLE_DIGITS = 18
DECIMAL_PLACES = 10
_STEP = Decimal(1).scaleb(-DECIMAL_PLACES)
#: For rounding numbers of any length that makes sense.
_LONGEST = 40
_WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,9})?", re.ASCII)


class CurrencyMismatch(InvalidInput):
    """Amounts in different currencies can't be added."""

    code = "currency-mismatch"


class NotADecimal(InvalidInput):
    """The text isn't a number that can be kept exactly."""

    code = "not-a-decimal"


def exact() -> AbstractContextManager[Context]:
    """Compute with 34 digits, rounding half to even, whatever the thread's own context says."""
    return localcontext(_CONTEXT)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency; only like currencies add up."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal):
            raise TypeError(f"An amount of money is a Decimal, not {self.amount!r}.")

    def __add__(self, other: Money) -> Money:
        return Money(_CONTEXT.add(self.amount, self._like(other)), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(_CONTEXT.subtract(self.amount, self._like(other)), self.currency)

    def __mul__(self, factor: Decimal) -> Money:
        return Money(_CONTEXT.multiply(self.amount, factor), self.currency)

    def __neg__(self) -> Money:
        return Money(_CONTEXT.minus(self.amount), self.currency)

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"

    def _like(self, other: Money) -> Decimal:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{other} can't be added to {self}: the currencies differ.")
        return other.amount


def rounded(money: Money) -> Money:
    """Round to what the currency can pay, half to even; only to show or to settle.

    Raises:
        UnknownCurrency: nobody knows the decimals of the currency.
    """
    step = Decimal(1).scaleb(-minor_units(money.currency))
    # Wide enough for any amount that is to be shown: quantizing past the precision would raise.
    wide = Context(prec=max(60, money.amount.adjusted() + 30), rounding=ROUND_HALF_EVEN)
    return Money(money.amount.quantize(step, context=wide), money.currency)


def parse_decimal(text: str) -> Decimal:
    """Read a plain number, or one with an exponent, exactly.

    Returns:
        A number with at most ten decimals, its tens and thousands written out as digits.

    Raises:
        NotADecimal: it is no number, or has too many digits to be kept.
    """
    text = text.strip()
    if has_other_digits(text):
        raise NotADecimal(OTHER_DIGITS)
    if not _NUMBER.fullmatch(text):
        raise NotADecimal(f"{quoted(text)} is not a number.")
    number = Decimal(text)
    if not number:
        return Decimal(0)
    if number.adjusted() >= WHOLE_DIGITS:
        raise NotADecimal(
            f"{quoted(text)} is too large: at most {WHOLE_DIGITS} digits before the point are kept."
        )
    if _last_place(number) < -DECIMAL_PLACES:
        raise NotADecimal(
            f"{quoted(text)} is too fine: at most {DECIMAL_PLACES} digits after the point are kept."
        )
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)  # noqa: S101 - the pattern lets no NaN or infinity through
    places = min(max(-exponent, 0), DECIMAL_PLACES)
    return number.quantize(Decimal(1).scaleb(-places), context=_CONTEXT)


def plain(number: Decimal) -> str:
    """Write a decimal without exponent, without zeros at its end and without a minus before 0."""
    text = str(number)
    if "E" in text:
        text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def rounded_to_places(number: Decimal) -> Decimal:
    """Round a number to the ten places that are kept of it, half to even."""
    if not number.is_finite() or number.adjusted() > _LONGEST:
        return number
    short = number.quantize(_STEP, context=_WIDE)
    # A number that is short enough stays as it was written.
    return number if short == number else short


def fits(number: Decimal) -> bool:
    """Say whether the ledger can keep a number exactly: 18 digits before the point, 10 after."""
    if not number.is_finite():
        return False
    return not number or (
        number.adjusted() < WHOLE_DIGITS and _last_place(number) >= -DECIMAL_PLACES
    )


def _last_place(number: Decimal) -> int:
    """Return the power of ten of the last digit that isn't a nought."""
    _, digits, exponent = number.as_tuple()
    noughts = 0
    for digit in reversed(digits):
        if digit:
            break
        noughts += 1
    return int(exponent) + noughts
