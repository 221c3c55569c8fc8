"""What the sandbox's people trade, whatever house they trade it in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Listed:
    """Something that is traded on an exchange, and what it cost in the beginning."""

    symbol: str
    price: Decimal
    currency: str
    exchange: str


def _listed(symbol: str, price: str, currency: str, exchange: str) -> tuple[str, Listed]:
    return symbol, Listed(symbol, Decimal(price), currency, exchange)


#: By symbol.
MARKET: Mapping[str, Listed] = dict(
    (
        _listed("AAPL", "182.10", "USD", "NASDAQ"),
        _listed("MSFT", "401.5", "USD", "NASDAQ"),
        _listed("NVDA", "61.25", "USD", "NASDAQ"),
        _listed("KO", "58.4", "USD", "NYSE"),
        _listed("SPY", "481.02", "USD", "ARCA"),
    )
)
