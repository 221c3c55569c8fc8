"""Symbols as Yahoo Finance and Ghostfolio write them, taken apart into symbol and market."""

from __future__ import annotations

import re
from dataclasses import dataclass

from marketdata.domain.instruments import AssetClass

#: Yahoo's suffix → the market's identifier code (ISO 10383).
_MARKETS = {
    "AS": "XAMS",
    "AT": "XATH",
    "AX": "XASX",
    "BR": "XBRU",
    "CO": "XCSE",
    "DE": "XETR",
    "F": "XFRA",
    "HE": "XHEL",
    "HK": "XHKG",
    "IR": "XDUB",
    "JO": "XJSE",
    "KS": "XKRX",
    "L": "XLON",
    "LS": "XLIS",
    "MC": "XMAD",
    "MI": "XMIL",
    "NS": "XNSE",
    "OL": "XOSL",
    "PA": "XPAR",
    "PR": "XPRA",
    "SG": "XSTU",
    "SI": "XSES",
    "ST": "XSTO",
    "SW": "XSWX",
    "T": "XTKS",
    "TO": "XTSE",
    "V": "XTSX",
    "VI": "XWBO",
    "WA": "XWAR",
}
_COIN_NAMES = {
    "bitcoin": "BTC",
    "bitcoin-cash": "BCH",
    "cardano": "ADA",
    "chainlink": "LINK",
    "dogecoin": "DOGE",
    "ethereum": "ETH",
    "litecoin": "LTC",
    "monero": "XMR",
    "polkadot": "DOT",
    "ripple": "XRP",
    "solana": "SOL",
}
_SUFFIXED = re.compile(r"([A-Z0-9][A-Z0-9-]*)\.([A-Z]{1,2})")
_PAIR = re.compile(r"([A-Z]{3})([A-Z]{3})=X")
_COIN = re.compile(
    r"(ADA|ALGO|ATOM|AVAX|BCH|BNB|BTC|DOGE|DOT|ETC|ETH|LINK|LTC|NEAR|SOL|TRX|UNI|USDC|USDT|XLM|XMR"
    r"|XRP)-?([A-Z]{3})"
)
_SHARE_CLASS = re.compile(r"([A-Z]{1,5})-([A-Z])")


@dataclass(frozen=True, slots=True)
class Listing:
    """A symbol, the market it is traded on if that is known, and what it must be if certain."""

    symbol: str
    mic: str = ""
    asset_class: AssetClass | None = None


def with_market(symbol: str) -> Listing:
    """Take Yahoo's market suffix off a symbol: `VWCE.DE` is VWCE on XETR; others stay whole."""
    found = _SUFFIXED.fullmatch(symbol)
    if found is None or found[2] not in _MARKETS:
        return Listing(symbol)
    return Listing(found[1], _MARKETS[found[2]])


def from_yahoo(symbol: str, currency: str) -> Listing:
    """Read a symbol in Yahoo's notation, in which Ghostfolio stores most.

    Args:
        currency: what the row is in: `BTCUSD` is Bitcoin only in a row in USD.
    """
    if found := _PAIR.fullmatch(symbol):
        return Listing(f"{found[1]}/{found[2]}", asset_class=AssetClass.CURRENCY)
    coin = _COIN.fullmatch(symbol)
    if coin and coin[2] == currency:
        return Listing(coin[1], asset_class=AssetClass.CRYPTO)
    if found := _SHARE_CLASS.fullmatch(symbol):
        return Listing(f"{found[1]}.{found[2]}")
    return with_market(symbol)


def from_coin_name(name: str) -> Listing:
    """Read CoinGecko's name of a coin; one that isn't well known stays as it is."""
    return Listing(_COIN_NAMES.get(name, name), asset_class=AssetClass.CRYPTO)
