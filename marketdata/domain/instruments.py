"""What an instrument is: its class, its identity, the check of its numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

#: The markets of the United States: a symbol means the same share at all of them.
UNITED_STATES = frozenset({"XNAS", "XNYS", "ARCX", "XASE", "BATS", "IEXG"})


class AssetClass(StrEnum):
    """The broad kind of an instrument."""

    STOCK = "stock"
    ETF = "etf"
    FUND = "fund"
    BOND = "bond"
    CRYPTO = "crypto"
    COMMODITY = "commodity"
    CURRENCY = "currency"
    OTHER = "other"

    @property
    def label(self) -> str:
        """Return the name shown to people."""
        return {"etf": "ETF", "crypto": "Cryptocurrency", "currency": "Currency pair"}.get(
            self.value, self.value.capitalize()
        )


@dataclass(frozen=True, slots=True)
class InstrumentBrief:
    """What is shown of an instrument, and what it cost when it was last traded."""

    id: str
    symbol: str
    name: str
    currency: str
    asset_class: str
    mic: str
    #: Made by somebody for themselves, and priced by hand.
    is_own: bool
    last_close: Decimal | None
    last_close_date: date | None


def identity_of(*, symbol: str, mic: str, currency: str, owner_id: str | None = None) -> str:
    """Return the text that makes an instrument unique.

    Shared instruments are told apart by market, symbol and currency; a user's own by the user.
    """
    place = owner_id or mic or "-"
    return f"{place}:{symbol.strip().upper()}:{currency}"


def is_isin(text: str) -> bool:
    """Say whether a text is an ISIN with a right check digit (ISO 6166, Luhn over base 36)."""
    if not re.fullmatch(r"[A-Z]{2}[A-Z0-9]{9}[0-9]", text):
        return False
    digits = "".join(str(int(char, 36)) for char in text)
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0
