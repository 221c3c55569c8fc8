"""Lists to choose from."""

from __future__ import annotations

from collections.abc import Iterable

from common.currencies import CURRENCIES

Choices = list[tuple[str, str]]

#: What most portfolios are kept in.
_USUAL = ("EUR", "USD", "GBP", "CHF", "JPY", "CAD", "AUD", "CNY", "INR", "SEK")


def currency_choices() -> Choices:
    """Return value and label of each currency, by code."""
    return _labeled(sorted(CURRENCIES))


def grouped_currencies(*first: str) -> list[tuple[str, Choices]]:
    """Return the currencies for a list that is looked through: the usual ones before all others.

    Args:
        first: codes that come before all, such as that of the user's own currency.
    """
    usual = [code for code in dict.fromkeys((*first, *_USUAL)) if code in CURRENCIES]
    return [
        ("Often used", _labeled(usual)),
        ("All others", _labeled(sorted(CURRENCIES.keys() - set(usual)))),
    ]


def _labeled(codes: Iterable[str]) -> Choices:
    return [(code, f"{code}: {CURRENCIES[code].name}") for code in codes]
