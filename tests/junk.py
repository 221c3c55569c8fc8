"""What no API field takes, whichever it is."""

from __future__ import annotations

import json
from typing import Any


def nested(depth: int) -> Any:
    """Return a list in a list in a list."""
    value: Any = "deep"
    for _ in range(depth):
        value = [value]
    return value


def in_arabic(text: str) -> str:
    """Write a text's digits as Arabic-Indic ones, which Python reads as numbers all the same."""
    return "".join(chr(0x0660 + int(char)) if char.isdecimal() else char for char in text)


#: Refused by every field that is not a text.
ANYWHERE: dict[str, Any] = {
    "an operator": {"$ne": None},
    "a list": ["1", "2"],
    "true": True,
    "words": "all of it",
    "ten thousand characters": "x" * 10_000,
    "NUL": "1\x00",
    "a lone surrogate": "\ud800",
    "deep nesting": nested(80),
    "nothing": "",
}
#: Refused by numbers, beside those.
NUMBERS: dict[str, Any] = {
    "not a number": "NaN",
    "infinity": "-Infinity",
    "forty digits": "1e40",
    "eleven decimals": "0.12345678901",
    "three hundred digits": "9" * 300,
    "three hundred digits, as a number": int("9" * 300),
    "a float": 1.5,
    "below zero": "-1",
    "a comma": "1,5",
    "an endless exponent": "1e999999999",
    "Arabic digits": "١٢",
    "hexadecimal": "0x10",
    "underlined": "1_000",
}
#: Refused by texts, beside operators and lists.
TEXTS: dict[str, Any] = {
    "an operator": {"$ne": None},
    "a list": ["1", "2"],
    "true": True,
    "ten thousand characters": "x" * 10_000,
    "NUL": "a\x00b",
    "a turn of the direction": "a\u202eb",
    "a lone surrogate": "\ud800",
}
#: Refused by ids.
IDS: dict[str, Any] = {
    "letters": "zzz",
    "twelve bytes": "abcdefghijkl",
    "upper case": "ABCDEFABCDEFABCDEFABCDEF",
    "24 noughts": "0" * 24,
    "a number": 5,
}


def as_json(content: Any) -> bytes:
    """Write what a test client would refuse to write."""
    return json.dumps(content).encode()
