"""Decimals to and from the server's, for rows by the ten thousand.

The driver's own way takes a number apart bit by bit and digit by digit, in Python: most of the time
that a long ledger took to be read and written. Format: the Decimal128 of the BSON specification,
which is the binary integer form (BID) of IEEE 754-2008.
"""

from __future__ import annotations

from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal

from bson.decimal128 import Decimal128

_EXPONENT_BIAS = 6176
#: Where the exponent begins, above the coefficient, and where the sign is.
_EXPONENT_AT = 113
_SIGN_AT = 127
_COEFFICIENT = (1 << _EXPONENT_AT) - 1
_LARGEST = 10**34 - 1
#: Wide enough that moving the point never rounds.
_WIDE = Context(prec=60, Emax=MAX_EMAX, Emin=MIN_EMIN)


def to_decimal128(number: Decimal, *, places: int) -> Decimal128:
    """Return a finite number with so many decimals, no more and no fewer, as it is stored.

    Raises:
        ValueError: it has more than 34 digits.
    """
    coefficient = abs(int(_WIDE.scaleb(number, places)))
    if coefficient > _LARGEST:
        raise ValueError(f"{number} has more digits than a Decimal128.")
    bits = (_EXPONENT_BIAS - places) << _EXPONENT_AT | coefficient
    if number.is_signed():
        bits |= 1 << _SIGN_AT
    return Decimal128.from_bid(bits.to_bytes(16, "little"))


def to_decimal(stored: Decimal128) -> Decimal:
    """Return what is stored, with its trailing zeros."""
    bits = int.from_bytes(stored.bid, "little")
    coefficient = bits & _COEFFICIENT
    if (bits >> 125) & 3 == 3 or coefficient > _LARGEST:
        # No number, an infinite one, or one that isn't canonical.
        return stored.to_decimal()
    exponent = ((bits >> _EXPONENT_AT) & 0x3FFF) - _EXPONENT_BIAS
    number = _WIDE.scaleb(Decimal(coefficient), exponent)
    return number.copy_negate() if bits >> _SIGN_AT else number
