"""What Binance's assets and states are to us: money, coins that count as currencies, the rest."""

from __future__ import annotations

from brokers.domain.events import InstrumentName
from marketdata.domain.instruments import AssetClass

#: What every coin is quoted in here, whatever it was paid with, so that it is one position.
QUOTED_IN = "USDT"
_FIAT = frozenset(
    (
        *("AED", "ARS", "AUD", "BRL", "CAD", "CHF", "COP", "CZK", "DKK", "EUR"),
        *("GBP", "HUF", "IDR", "INR", "JPY", "KZT", "MXN", "NGN", "NOK", "NZD"),
        *("PHP", "PLN", "RON", "RUB", "SEK", "THB", "TRY", "UAH", "USD", "VND"),
        *("ZAR"),
    )
)
_DOLLARS = frozenset({"USDT", "USDC", "DAI"})
#: What is counted as money, and not as units of something.
MONEY = _FIAT | _DOLLARS
#: Held as units, and yet currencies, in which others are priced and fees are charged.
COINS = frozenset(
    (
        *("ADA", "AVAX", "BCH", "BNB", "BTC", "DOGE", "DOT", "ETH", "LINK", "LTC"),
        *("POL", "SOL", "TRX", "XLM", "XMR", "XRP"),
    )
)
PAYABLE = MONEY | COINS
#: Money that is told of even when there is none of it, for most is paid with it.
ALWAYS_TOLD = frozenset({"USDT"})
#: Small remains are turned into this, where nothing else is said.
DUST_BECOMES = "BNB"

#: Credited, and credited but not free to leave.
DEPOSITED = frozenset({1, 6})
WITHDRAWN = frozenset({6})


def is_earn_shadow(asset: str) -> bool:
    """Say whether a balance only repeats what lies in Earn: `LDBTC`, and not the token LDO."""
    return asset.startswith("LD") and asset != "LDO"


def coin(asset: str) -> InstrumentName:
    """Name an asset that is held as units."""
    return InstrumentName(asset, AssetClass.CRYPTO, currency=QUOTED_IN)
