"""Fetches Binance's public spot market data; `parser` reads it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta

import structlog

from common import clock
from common.remote.http import HttpClient, Service
from marketdata.adapters.base import DailyClose, Listing
from marketdata.adapters.binance.parser import parse_daily_klines
from marketdata.domain.instruments import AssetClass
from marketdata.domain.sources import Capabilities, Need

log = structlog.get_logger(__name__)

BASE_URL = "https://data-api.binance.vision"
#: 6,000 by weight a minute and address; a question weighs two.
LIMITS = ("1200/minute",)
#: What pairs are priced in there. A coin in US dollars is left out: Binance prices it in coins
#: that aim at a dollar, and are none.
_QUOTED_IN = {"EUR", "TRY", "BRL", "JPY", "USDT", "USDC", "BTC", "ETH", "BNB"}
_MOST_CANDLES = 1_000


class BinanceSource:
    """Closes of cryptocurrencies, at midnight UTC."""

    name = "binance"
    most_days = _MOST_CANDLES
    capabilities = Capabilities(
        needs=frozenset({Need.BARS}), asset_classes=frozenset({AssetClass.CRYPTO})
    )

    def __init__(
        self, client: HttpClient | None = None, *, now: Callable[[], datetime] = clock.now
    ) -> None:
        self._client = client or HttpClient(
            Service(name=self.name, base_url=BASE_URL, limits=LIMITS)
        )
        self._now = now

    def daily_closes(self, listing: Listing, *, start: date, end: date) -> Sequence[DailyClose]:
        """Return the closes from `start` to `end`, both included, oldest first.

        What it doesn't cover has none.

        Raises:
            RemoteFailure: see `common.remote.errors`.
        """
        if not covers(listing):
            return []
        closes: list[DailyClose] = []
        first = start
        while first <= end:
            last = min(end, first + timedelta(days=_MOST_CANDLES - 1))
            closes += self._page(listing, first, last)
            first = last + timedelta(days=1)
        return closes

    def _page(self, listing: Listing, first: date, last: date) -> list[DailyClose]:
        params = {
            "symbol": symbol_of(listing),
            "interval": "1d",
            "startTime": str(_milliseconds(first)),
            "endTime": str(_milliseconds(last)),
            "limit": str(_MOST_CANDLES),
        }
        body = self._client.get(
            "/api/v3/klines", params=params, content_types=("application/json",)
        )
        parsed = parse_daily_klines(body, today=self._now().date())
        for error in parsed.errors:
            log.warning("bar.refused", source=self.name, where=error.where)
        closes = {close.date: close for close in parsed.rows if first <= close.date <= last}
        return [closes[day] for day in sorted(closes)]


def covers(listing: Listing) -> bool:
    """Say whether an instrument is a cryptocurrency priced in something that Binance has."""
    return listing.asset_class is AssetClass.CRYPTO and listing.currency in _QUOTED_IN


def symbol_of(listing: Listing) -> str:
    """Return what Binance calls an instrument: `BTCEUR`."""
    return listing.spellings.get(BinanceSource.name) or listing.symbol + listing.currency


def _milliseconds(day: date) -> int:
    return int(datetime.combine(day, time.min, tzinfo=UTC).timestamp()) * 1000
