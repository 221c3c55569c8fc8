"""How people write numbers and days: separators, groups and order, by language and region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import StrEnum
from types import MappingProxyType

# A real minus sign is as wide as a digit and is read aloud as one.
MINUS = "−"
PLUS = "+"
_NARROW = "\u202f"
_FIXED = "\u00a0"
_APOSTROPHE = "\u2019"
_INDIAN_GROUP = 2
# The digits of the ledger, with room to spare: rounding must never run out of precision.
_WIDE = Context(prec=80, rounding=ROUND_HALF_EVEN)


class Grouping(StrEnum):
    """Which digits before the point stand together."""

    ALWAYS = "always"
    #: Four digits stay together: 1234 but 12 345.
    FROM_FIVE = "min2"
    #: 12,34,567
    INDIAN = "indian"


@dataclass(frozen=True, slots=True)
class Convention:
    """How one language in one region writes numbers, days and times."""

    decimal: str
    group: str
    date: str
    time: str = "H:i"
    grouping: Grouping = Grouping.ALWAYS
    percent: str = "%"


#: Said of numbers and days in the digits of another script, wherever they come from. They aren't
#: converted: what stands between them as a decimal sign or a group would be a guess.
OTHER_DIGITS = "Write numbers with the digits 0 to 9."
DEFAULT_LOCALE = "en-US"
CONVENTIONS: Mapping[str, Convention] = MappingProxyType(
    {
        "en-US": Convention(".", ",", "M j, Y", time="g:i A"),
        "en-GB": Convention(".", ",", "j M Y"),
        "en-IE": Convention(".", ",", "j M Y"),
        "en-IN": Convention(".", ",", "j M Y", grouping=Grouping.INDIAN),
        "de-DE": Convention(",", ".", "d.m.Y", percent=f"{_FIXED}%"),
        "de-AT": Convention(",", _FIXED, "d.m.Y", percent=f"{_FIXED}%"),
        "de-CH": Convention(".", _APOSTROPHE, "d.m.Y"),
        "fr-FR": Convention(",", _NARROW, "d/m/Y", percent=f"{_NARROW}%"),
        "fr-CH": Convention(",", _NARROW, "d.m.Y", percent=f"{_NARROW}%"),
        "it-IT": Convention(",", ".", "d/m/Y", grouping=Grouping.FROM_FIVE),
        "es-ES": Convention(",", ".", "d/m/Y", grouping=Grouping.FROM_FIVE, percent=f"{_FIXED}%"),
        "pt-PT": Convention(",", _FIXED, "d/m/Y", grouping=Grouping.FROM_FIVE),
        "pt-BR": Convention(",", ".", "d/m/Y"),
        "nl-NL": Convention(",", ".", "d-m-Y"),
        "pl-PL": Convention(",", _FIXED, "d.m.Y", grouping=Grouping.FROM_FIVE),
        "sv-SE": Convention(",", _FIXED, "Y-m-d", percent=f"{_FIXED}%"),
        "da-DK": Convention(",", ".", "d.m.Y", percent=f"{_FIXED}%"),
        "nb-NO": Convention(",", _FIXED, "d.m.Y", percent=f"{_FIXED}%"),
        "fi-FI": Convention(",", _FIXED, "j.n.Y", percent=f"{_FIXED}%"),
        "ja-JP": Convention(".", ",", "Y/m/d"),
    }
)


def has_other_digits(text: str) -> bool:
    """Say whether a text holds digits other than 0 to 9: of other scripts, wide, raised."""
    return not text.isascii() and any(char.isdigit() and not char.isascii() for char in text)


def convention_of(locale: str | None) -> Convention:
    """Return how a locale writes numbers; one that isn't known writes as the default one does."""
    return CONVENTIONS.get(locale or DEFAULT_LOCALE, CONVENTIONS[DEFAULT_LOCALE])


def write_number(
    value: Decimal, convention: Convention, *, least: int = 0, most: int = 10, signed: bool = False
) -> str:
    """Write a number, rounded half to even.

    Args:
        value: a finite number.
        convention: whose separators to use.
        least: decimals that are always written.
        most: decimals beyond which it is rounded.
        signed: write a plus before numbers above zero.
    """
    rounded = value.quantize(Decimal(1).scaleb(-most), context=_WIDE)
    whole, _, fraction = format(abs(rounded), "f").partition(".")
    fraction = fraction.rstrip("0").ljust(least, "0")
    text = _grouped(whole, convention) + (f"{convention.decimal}{fraction}" if fraction else "")
    if rounded < 0:
        return f"{MINUS}{text}"
    return f"{PLUS}{text}" if signed and rounded > 0 else text


def price_decimals(value: Decimal) -> int:
    """Return how many decimals of a price are worth reading: more for small ones."""
    size = abs(value)
    if size >= 10:
        return 2
    return 4 if size >= Decimal("0.1") else 8


def _grouped(whole: str, convention: Convention) -> str:
    """Put separators into the digits before the point."""
    if len(whole) <= 3 or (len(whole) == 4 and convention.grouping is Grouping.FROM_FIVE):
        return whole
    head, tail = whole[:-3], whole[-3:]
    size = _INDIAN_GROUP if convention.grouping is Grouping.INDIAN else 3
    first = len(head) % size
    groups = [head[start : start + size] for start in range(first, len(head), size)]
    return convention.group.join([*([head[:first]] if first else []), *groups, tail])
