"""Ask about an account and its market with the official alpaca-py; print what it says.

Arguments: the address of Alpaca; the key; the secret.
"""

import json
import sys
from datetime import UTC, date, datetime
from typing import Any

from alpaca.broker.client import BrokerClient
from alpaca.broker.requests import GetAccountActivitiesRequest
from alpaca.data.enums import DataFeed
from alpaca.data.historical.stock import StockHistoricalDataClient
from alpaca.data.requests import (
    StockBarsRequest,
    StockLatestQuoteRequest,
    StockQuotesRequest,
    StockSnapshotRequest,
)
from alpaca.data.timeframe import TimeFrame
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import QueryOrderStatus
from alpaca.trading.requests import GetCalendarRequest, GetOrdersRequest

SYMBOLS = ["AAPL", "KO", "MSFT"]
BEGIN, END = datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 14, tzinfo=UTC)

DAYS = GetCalendarRequest(start=date(2026, 2, 27), end=date(2026, 3, 2))


def main(root: str, key: str, secret: str) -> dict[str, Any]:
    """Return what there was to see."""
    trading = TradingClient(key, secret, paper=True, url_override=root)
    account = trading.get_account()
    orders = trading.get_orders(GetOrdersRequest(status=QueryOrderStatus.ALL, limit=500))
    return {
        "number": account.account_number,
        "cash": account.cash,
        "positions": {each.symbol: each.qty for each in trading.get_all_positions()},
        "orders": len(orders),
        "one": trading.get_order_by_id(orders[0].id).client_order_id == orders[0].client_order_id,
        "is_open": trading.get_clock().is_open,
        "shorting": not trading.get_account_configurations().no_shorting,
        "days": [str(each.date) for each in trading.get_calendar(DAYS)],
        "equity": trading.get_portfolio_history().equity[-1],
        "assets": len(trading.get_all_assets()),
        "pages": pages(trading),
        "typed": typed_activities(root, key, secret),
        **market(root, key, secret),
    }


def pages(trading: TradingClient) -> list[list[str]]:
    """Turn the pages of the activities; the client has no method of its own for them."""
    found: list[list[str]] = []
    token = None
    while True:
        asked = {"page_size": 100, "direction": "asc", "page_token": token}
        rows = trading.get("/account/activities", {k: v for k, v in asked.items() if v})
        if not rows:
            return found
        found.append([row["id"] for row in rows])
        token = rows[-1]["id"]


def typed_activities(root: str, key: str, secret: str) -> dict[str, int]:
    """Count the activities by how the broker's client reads them."""
    client = BrokerClient(key, secret, url_override=root)
    counts: dict[str, int] = {}
    for each in client.get_account_activities(GetAccountActivitiesRequest()):
        name = type(each).__name__
        counts[name] = counts.get(name, 0) + 1
    return counts


def market(root: str, key: str, secret: str) -> dict[str, Any]:
    """Ask for prices of some days, of some minutes, and of now."""
    client = StockHistoricalDataClient(key, secret, url_override=root)
    bars = client.get_stock_bars(
        StockBarsRequest(
            symbol_or_symbols=SYMBOLS, timeframe=TimeFrame.Day, start=BEGIN, end=END, limit=5_000
        )
    )
    quotes = client.get_stock_quotes(
        StockQuotesRequest(
            symbol_or_symbols=["KO"],
            start=datetime(2026, 3, 2, 15, 0, tzinfo=UTC),
            end=datetime(2026, 3, 2, 15, 9, tzinfo=UTC),
            feed=DataFeed.IEX,
        )
    )
    latest = client.get_stock_latest_quote(StockLatestQuoteRequest(symbol_or_symbols=SYMBOLS))
    snapshots = client.get_stock_snapshot(StockSnapshotRequest(symbol_or_symbols=SYMBOLS))
    return {
        "bars": {symbol: len(bars[symbol]) for symbol in SYMBOLS},
        "quotes": len(quotes["KO"]),
        "latest": {symbol: latest[symbol].ask_price for symbol in SYMBOLS},
        "snapshots": {symbol: snapshots[symbol].daily_bar.close for symbol in SYMBOLS},
    }


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))  # noqa: T201 - which is what the test reads
