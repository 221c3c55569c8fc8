"""Options in the sandbox: their symbols, and the rows by which Alpaca tells how they end.

Source: https://docs.alpaca.markets/docs/non-trade-activities-for-option-events
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

_SYMBOL = re.compile(r"([A-Z]{1,6})\d{6}([CP])(\d{8})")
#: How many shares an option stands for.
SHARES = Decimal(100)


@dataclass(frozen=True, slots=True)
class Contract:
    """An option on shares."""

    underlying: str
    is_call: bool
    strike: Decimal


def contract_of(symbol: str) -> Contract | None:
    """Read the symbol of an option; None where it is that of something else."""
    found = _SYMBOL.fullmatch(symbol)
    if found is None:
        return None
    underlying, side, strike = found.groups()
    return Contract(underlying, side == "C", Decimal(strike) / 1_000)


def multiplier_of(symbol: str) -> Decimal:
    """Return how many units a price is for."""
    return SHARES if contract_of(symbol) else Decimal(1)


def class_of(symbol: str) -> str:
    """Return what Alpaca calls the kind of an asset."""
    return "us_option" if contract_of(symbol) else "us_equity"
