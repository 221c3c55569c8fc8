"""What the sandbox's people trade, whatever house they trade it in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class Listed:
    """Something that is traded on an exchange, and what it cost in the beginning.

    Attributes:
        number: what houses that count instruments call it.
    """

    symbol: str
    price: Decimal
    currency: str
    exchange: str
    isin: str = ""
    number: int = 0


def _listed(
    symbol: str, price: str, currency: str, exchange: str, **more: Any
) -> tuple[str, Listed]:
    return symbol, Listed(symbol, Decimal(price), currency, exchange, **more)


#: By symbol.
MARKET: Mapping[str, Listed] = dict(
    (
        _listed("AAPL", "182.10", "USD", "NASDAQ"),
        _listed("MSFT", "401.5", "USD", "NASDAQ"),
        _listed("NVDA", "61.25", "USD", "NASDAQ"),
        _listed("KO", "58.4", "USD", "NYSE"),
        _listed("SPY", "481.02", "USD", "ARCA"),
        _listed("INFY", "1512.35", "INR", "NSE", isin="INE009A01021", number=408065),
        _listed("ITC", "421.7", "INR", "NSE", isin="INE154A01025", number=424961),
        _listed("TCS", "3890.1", "INR", "NSE", isin="INE467B01029", number=2953217),
    )
)
