"""Fetches Binance's public spot market data; `parser` reads it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar

import structlog

from common import clock
from common.remote.http import HttpClient, Service
from marketdata.adapters.base import DailyClose, Listing
from marketdata.adapters.binance.parser import parse_daily_klines, parse_minute_klines
from marketdata.domain.instruments import AssetClass
from marketdata.domain.intraday import Bar
from marketdata.domain.sources import Capabilities, Need, Parsed

log = structlog.get_logger(__name__)

BASE_URL = "https://data-api.binance.vision"
#: 6,000 by weight a minute and address; a question weighs two.
LIMITS = ("1200/minute",)
#: What pairs are priced in there. A coin in US dollars is left out: Binance prices it in coins
#: that aim at a dollar, and are none.
_QUOTED_IN = {"EUR", "TRY", "BRL", "JPY", "USDT", "USDC", "BTC", "ETH", "BNB"}
_MOST_CANDLES = 1_000
_Row = TypeVar("_Row")


class BinanceSource:
    """Bars of cryptocurrencies; a day ends at midnight UTC."""

    name = "binance"
    most_days = most_minutes = _MOST_CANDLES
    minutes_late = 1
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
        body = self._ask(listing, "1d", start=_midnight(first), end=_midnight(last))
        rows = self._sound(parse_daily_klines(body, today=self._now().date()))
        closes = {close.date: close for close in rows if first <= close.date <= last}
        return [closes[day] for day in sorted(closes)]

    def covers(self, listing: Listing) -> bool:
        """Say whether it is a cryptocurrency priced in something that Binance has."""
        return covers(listing)

    def minute_bars(self, listing: Listing, *, start: datetime, end: datetime) -> Sequence[Bar]:
        """Return the bars of minutes, oldest first.

        Raises:
            RemoteFailure: see `common.remote.errors`.
        """
        # Both ends are included there.
        body = self._ask(listing, "1m", start=start, end=end - timedelta(minutes=1))
        rows = self._sound(parse_minute_klines(body, now=self._now()))
        bars = {bar.at: bar for bar in rows if start <= bar.at < end}
        return [bars[at] for at in sorted(bars)]

    def _ask(self, listing: Listing, interval: str, *, start: datetime, end: datetime) -> bytes:
        params = {
            "symbol": symbol_of(listing),
            "interval": interval,
            "startTime": str(_milliseconds(start)),
            "endTime": str(_milliseconds(end)),
            "limit": str(_MOST_CANDLES),
        }
        return self._client.get(
            "/api/v3/klines", params=params, content_types=("application/json",)
        )

    def _sound(self, parsed: Parsed[_Row]) -> Sequence[_Row]:
        for error in parsed.errors:
            log.warning("bar.refused", source=self.name, where=error.where)
        return parsed.rows


def covers(listing: Listing) -> bool:
    """Say whether an instrument is a cryptocurrency priced in something that Binance has."""
    return listing.asset_class is AssetClass.CRYPTO and listing.currency in _QUOTED_IN


def symbol_of(listing: Listing) -> str:
    """Return what Binance calls an instrument: `BTCEUR`."""
    return listing.spellings.get(BinanceSource.name) or listing.symbol + listing.currency


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 1000
