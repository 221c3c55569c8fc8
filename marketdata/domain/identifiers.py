"""What a directory is asked about an instrument, and what it answers."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

_CONSONANTS = "BCDFGHJKLMNPQRSTVWXYZ"
_FIGI = re.compile(rf"(?P<provider>[{_CONSONANTS}]{{2}})G[{_CONSONANTS}0-9]{{8}}[0-9]")
#: The first letters are left to ISINs of these countries, so that the two can't be confused.
_OF_COUNTRIES = {"BS", "BM", "GG", "GB", "GH", "KY", "VG"}


@dataclass(frozen=True, slots=True)
class Question:
    """One instrument that somebody wants to know the identifier of, as a directory knows it.

    Attributes:
        isin: empty where it isn't known.
        symbol: used where there is no ISIN, with the market.
    """

    instrument_id: str
    identity: str
    isin: str
    symbol: str
    mic: str


@dataclass(frozen=True, slots=True)
class Identified:
    """What a directory says of one instrument.

    Attributes:
        share_class_figi: of the share whatever the market; empty where it isn't known, or isn't
            certain.
        problem: why it isn't certain, or why the question was refused; empty where it is known, or
            simply isn't in the directory.
    """

    share_class_figi: str = ""
    problem: str = ""


def is_figi(text: str) -> bool:
    """Say whether a text is a FIGI with a right check digit.

    Source: Object Management Group, Financial Instrument Global Identifier 1.0, section 6.1.2:
    twelve characters; letters count 10 to 35, every second one doubled, all digits are summed.
    """
    found = _FIGI.fullmatch(text)
    if found is None or found["provider"] in _OF_COUNTRIES:
        return False
    values = [int(char, 36) * (place % 2 + 1) for place, char in enumerate(text[:11])]
    total = sum(int(digit) for value in values for digit in str(value))
    return (10 - total % 10) % 10 == int(text[11])


def one_share_class(figis: Collection[str]) -> Identified:
    """Take the share class that all rows of an answer name; several leave it open."""
    unique = sorted(set(figis))
    if len(unique) > 1:
        return Identified(problem=f"it may be any of {', '.join(unique)}.")
    return Identified(share_class_figi=unique[0] if unique else "")
