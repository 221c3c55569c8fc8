"""Fetches from Alpaca's market data; `parser` reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TypeVar

import structlog

from common.remote.errors import Schema
from common.remote.http import HttpClient, Service
from marketdata.adapters.alpaca.actions import read_actions
from marketdata.adapters.alpaca.parser import Page, parse_daily_bars, parse_minute_bars
from marketdata.adapters.base import DailyClose, Listing
from marketdata.domain.actions import Action
from marketdata.domain.hours import is_us_session
from marketdata.domain.instruments import UNITED_STATES, AssetClass
from marketdata.domain.intraday import Bar
from marketdata.domain.sources import Capabilities, Need, Parsed, RowError

log = structlog.get_logger(__name__)

BASE_URL = "https://data.alpaca.markets"
#: Of a free account; bars and snapshots count together.
LIMITS = ("200/minute",)
#: A page has up to 10,000 bars; ten of them hold more than any symbol's history.
_MOST_PAGES = 10
_Row = TypeVar("_Row")


class AlpacaSource:
    """Bars of shares and funds at the markets of the United States, unadjusted."""

    name = "alpaca"
    #: As many trading days as fit into one page.
    most_days = 10_000
    #: A day has 960 minutes from the first trade before the opening to the last after the close.
    most_minutes = 10 * 24 * 60
    #: The last quarter of an hour isn't free.
    minutes_late = 16
    capabilities = Capabilities(
        needs=frozenset({Need.BARS, Need.ACTIONS}),
        asset_classes=frozenset({AssetClass.STOCK, AssetClass.ETF}),
    )

    def __init__(self, client: HttpClient) -> None:
        self._client = client

    @classmethod
    def of_account(cls, *, key_id: str, secret_key: str, base_url: str = BASE_URL) -> AlpacaSource:
        """Build the source that asks with somebody's key."""
        headers = {"APCA-API-KEY-ID": key_id, "APCA-API-SECRET-KEY": secret_key}
        return cls(
            HttpClient(Service(name=cls.name, base_url=base_url, headers=headers, limits=LIMITS))
        )

    def daily_closes(self, listing: Listing, *, start: date, end: date) -> Sequence[DailyClose]:
        """Return the closes from `start` to `end`, both included, oldest first.

        What it doesn't cover has none.

        Raises:
            RemoteFailure: see `common.remote.errors`.
        """
        if not covers(listing):
            return []
        # A day's bar is stamped 04:00 or 05:00 UTC, so that noon is after the last one. Later ends
        # need a plan of their own: the last quarter of an hour isn't free.
        span = {"timeframe": "1Day", "start": f"{start}T00:00:00Z", "end": f"{end}T12:00:00Z"}
        closes = {each.date: each for each in self._bars(listing, span, parse_daily_bars)}
        return [closes[day] for day in sorted(closes) if start <= day <= end]

    def minute_bars(self, listing: Listing, *, start: datetime, end: datetime) -> Sequence[Bar]:
        """Return the bars of minutes of regular sessions, oldest first.

        Raises:
            RemoteFailure: see `common.remote.errors`.
        """
        # Both ends are included there.
        last = end - timedelta(minutes=1)
        span = {"timeframe": "1Min", "start": _written(start), "end": _written(last)}
        bars = {each.at: each for each in self._bars(listing, span, parse_minute_bars)}
        return [bars[at] for at in sorted(bars) if start <= at < end and is_us_session(at)]

    def _bars(
        self,
        listing: Listing,
        span: Mapping[str, str],
        parse: Callable[..., Page[_Row]],
    ) -> list[_Row]:
        symbol = listing.spelled_by(self.name)
        params = {"symbols": symbol, "adjustment": "raw", "limit": "10000", **span}
        rows: list[_Row] = []
        for _ in range(_MOST_PAGES):
            body = self._client.get(
                "/v2/stocks/bars", params=params, content_types=("application/json",)
            )
            page = parse(body, symbol=symbol)
            for error in page.bars.errors:
                log.warning("bar.refused", source=self.name, where=error.where)
            rows += page.bars.rows
            if page.next_token is None:
                return rows
            params["page_token"] = page.next_token
        raise Schema("Alpaca sent page after page.")

    def covers(self, listing: Listing) -> bool:
        """Say whether it is a share or a fund at a market of the United States."""
        return covers(listing)

    def corporate_actions(
        self, listings: Sequence[Listing], *, start: date, end: date
    ) -> Parsed[Action]:
        """Return what was or will be carried out from `start` to `end`, both included.

        Raises:
            RemoteFailure: see `common.remote.errors`.
        """
        params = {
            "symbols": ",".join(each.spelled_by(self.name) for each in listings),
            "start": start.isoformat(),
            "end": end.isoformat(),
            "limit": "1000",
        }
        rows: list[Action] = []
        errors: list[RowError] = []
        for _ in range(_MOST_PAGES):
            body = self._client.get(
                "/v1/corporate-actions", params=params, content_types=("application/json",)
            )
            page = read_actions(body)
            rows += page.actions.rows
            errors += page.actions.errors
            if page.next_token is None:
                return Parsed(rows=rows, errors=errors)
            params["page_token"] = page.next_token
        raise Schema("Alpaca sent page after page.")


def covers(listing: Listing) -> bool:
    """Say whether an instrument is a share or a fund at a market of the United States."""
    return (
        listing.asset_class in {AssetClass.STOCK, AssetClass.ETF}
        and listing.mic in UNITED_STATES
        and listing.currency == "USD"
    )


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
