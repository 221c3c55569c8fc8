"""Fetches from Twelve Data; `parser` reads it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

import structlog

from common import clock
from common.remote.http import HttpClient, Service
from marketdata.adapters.base import Asset, DailyClose, Listing
from marketdata.adapters.twelvedata.parser import parse_assets, parse_daily_series
from marketdata.domain.instruments import AssetClass
from marketdata.domain.sources import Capabilities, Need

log = structlog.get_logger(__name__)

BASE_URL = "https://api.twelvedata.com"
#: A free key may ask so often.
LIMITS = ("8/minute", "800/day")
_MOST_VALUES = 5_000
_MOST_ASSETS = 30


class TwelveDataSource:
    """Closes of shares and funds at markets all over the world, unadjusted."""

    name = "twelvedata"
    most_days = _MOST_VALUES
    capabilities = Capabilities(
        needs=frozenset({Need.BARS}),
        asset_classes=frozenset({AssetClass.STOCK, AssetClass.ETF}),
    )

    def __init__(self, client: HttpClient, *, now: Callable[[], datetime] = clock.now) -> None:
        self._client = client
        self._now = now

    @classmethod
    def of_account(cls, *, key: str, base_url: str = BASE_URL) -> TwelveDataSource:
        """Build the source that asks with somebody's key."""
        headers = {"Authorization": f"apikey {key}"}
        service = Service(name=cls.name, base_url=base_url, headers=headers, limits=LIMITS)
        return cls(HttpClient(service))

    def find_assets(self, text: str) -> Sequence[Asset]:
        """Return shares and funds that a symbol, an ISIN or a name may mean, likeliest first.

        Raises:
            RemoteFailure: see `common.remote.errors`.
        """
        params = {"symbol": text, "outputsize": str(_MOST_ASSETS)}
        body = self._client.get(
            "/symbol_search", params=params, content_types=("application/json",)
        )
        parsed = parse_assets(body, now=self._now())
        for error in parsed.errors:
            log.warning("asset.refused", source=self.name, where=error.where)
        return parsed.rows

    def daily_closes(self, listing: Listing, *, start: date, end: date) -> Sequence[DailyClose]:
        """Return the closes from `start` to `end`, both included, oldest first.

        What it doesn't cover has none.

        Raises:
            RemoteFailure: see `common.remote.errors`.
        """
        if listing.asset_class not in self.capabilities.asset_classes or not listing.mic:
            return []
        params = {
            "symbol": listing.spelled_by(self.name),
            "mic_code": listing.mic,
            "interval": "1day",
            "start_date": start.isoformat(),
            # The end doesn't count.
            "end_date": (end + timedelta(days=1)).isoformat(),
            "outputsize": str(_MOST_VALUES),
            "adjust": "none",
        }
        body = self._client.get("/time_series", params=params, content_types=("application/json",))
        parsed = parse_daily_series(body, currency=listing.currency, now=self._now())
        for error in parsed.errors:
            log.warning("bar.refused", source=self.name, where=error.where)
        closes = {close.date: close for close in parsed.rows if start <= close.date <= end}
        return [closes[day] for day in sorted(closes)]
