"""Fields of a broker's rows in JSON: a text, a number, an id, or what is wrong with them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from common.money import fits, rounded_to_places

#: No id that is kept is longer.
LONGEST_ID = 100


class Unreadable(ValueError):
    """A field isn't what it is described to be."""


_MISSING: Any = object()


def text_of(row: Mapping[str, Any], name: str, *, default: Any = _MISSING) -> str:
    """Return a text; without a default it must be there.

    Raises:
        Unreadable: it is missing, or no text.
    """
    value = row.get(name)
    if value is None or value == "":
        if default is _MISSING:
            raise Unreadable(f"“{name}” is missing.")
        return str(default)
    if not isinstance(value, str):
        raise Unreadable(f"“{name}” is no text.")
    return value


def number_of(
    row: Mapping[str, Any],
    name: str,
    *,
    default: Any = _MISSING,
    is_positive: bool = False,
    is_float: bool = False,
) -> Any:
    """Return a `Decimal`, from a text or a number of JSON; without a default it must be there.

    Args:
        is_float: the broker writes binary floats, whose places past the tenth mean nothing.

    Raises:
        Unreadable: it is missing, no number, or none that the ledger keeps.
    """
    value = row.get(name)
    if value is None or value == "":
        if default is _MISSING:
            raise Unreadable(f"“{name}” is missing.")
        return default
    if type(value) not in {str, int, Decimal}:
        raise Unreadable(f"“{name}” is no number.")
    try:
        number = Decimal(value)
    except InvalidOperation as error:
        raise Unreadable(f"“{name}” is no number.") from error
    if is_float:
        number = rounded_to_places(number)
    if not number.is_finite() or not fits(number):
        raise Unreadable(f"“{name}” is out of range.")
    if is_positive and number <= 0:
        raise Unreadable(f"“{name}” isn't more than 0.")
    return number


def figure_of(row: Mapping[str, Any], name: str) -> Decimal | None:
    """Return a number that is only looked at; None where it is missing, or isn't one."""
    try:
        found: Decimal | None = number_of(row, name, default=None, is_float=True)
    except Unreadable:
        return None
    return found


def id_of(row: Any) -> str:
    """Return a row's own id, or one that equal rows share."""
    if isinstance(row, dict) and isinstance(row.get("id"), str) and row["id"]:
        return str(row["id"])[:LONGEST_ID]
    text = json.dumps(row, sort_keys=True, default=str)
    return f"row:{hashlib.sha256(text.encode()).hexdigest()[:32]}"
