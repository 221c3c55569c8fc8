"""The instruments that come with the platform, and how the simulation moves them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from marketdata.domain.instruments import AssetClass, identity_of

_FILE = Path(__file__).resolve().parent.parent / "data" / "instruments.csv"


@dataclass(frozen=True, slots=True)
class Entry:
    """One instrument everybody gets."""

    symbol: str
    name: str
    isin: str
    mic: str
    currency: str
    asset_class: AssetClass
    #: Its price at the end of 2022, from which the simulation starts.
    anchor_price: Decimal
    #: Standard deviation and mean of a year's returns: 0.2 is 20 %.
    volatility: float
    drift: float

    @property
    def identity(self) -> str:
        """Return the text that makes it unique."""
        return identity_of(symbol=self.symbol, mic=self.mic, currency=self.currency)


@cache
def entries() -> tuple[Entry, ...]:
    """Read the shipped directory, in the order of its file."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        return tuple(
            Entry(
                symbol=row["symbol"],
                name=row["name"],
                isin=row["isin"],
                mic=row["mic"],
                currency=row["currency"],
                asset_class=AssetClass(row["asset_class"]),
                anchor_price=Decimal(row["anchor_price"]),
                volatility=float(row["volatility"]),
                drift=float(row["drift"]),
            )
            for row in csv.DictReader(file)
        )
