"""Listen to both streams with the official alpaca-py; print what they say.

Arguments: the address of Alpaca for WebSockets; that of the sandbox's control; the key; the secret.
"""

import json
import sys
import threading
from typing import Any
from urllib.request import Request, urlopen

from alpaca.data.live import StockDataStream
from alpaca.trading.stream import TradingStream


def market(root: str, key: str, secret: str) -> dict[str, Any]:
    """Return the first quote, trade and bar."""
    heard: dict[str, Any] = {}
    stream = StockDataStream(key, secret, url_override=f"{root}/v2/iex")

    def note(name: str, price: str) -> Any:
        async def handle(told: Any) -> None:
            heard.setdefault(name, [told.symbol, getattr(told, price), told.timestamp.isoformat()])
            if len(heard) == 3:
                await stream.stop_ws()

        return handle

    stream.subscribe_quotes(note("quote", "bid_price"), "KO")
    stream.subscribe_trades(note("trade", "price"), "KO")
    stream.subscribe_bars(note("bar", "close"), "AAPL")
    stream.run()
    return heard


def account(root: str, control: str, key: str, secret: str) -> dict[str, Any]:
    """Return what is told of a fill that happens meanwhile."""
    heard: dict[str, Any] = {}
    stream = TradingStream(key, secret, paper=True, url_override=f"{root}/stream")

    async def handle(told: Any) -> None:
        heard.update(
            event=str(getattr(told.event, "value", told.event)),
            symbol=told.order.symbol,
            status=told.order.status.value,
            qty=told.qty,
            price=told.price,
        )
        await stream.stop_ws()

    def trade() -> None:
        """Fill again and again until it was heard: when the stream listens isn't told."""
        body = {"op": "fill", "symbol": "KO", "side": "buy", "qty": "2", "price": "61.5"}
        data = json.dumps(body).encode()
        while not done.wait(0.3):
            urlopen(Request(f"{control}/ledger", data=data, method="POST")).close()

    done = threading.Event()
    trader = threading.Thread(target=trade)
    trader.start()
    stream.subscribe_trade_updates(handle)
    stream.run()
    done.set()
    trader.join()
    return heard


def main(root: str, control: str, key: str, secret: str) -> dict[str, Any]:
    """Return what there was to hear."""
    return {"market": market(root, key, secret), "account": account(root, control, key, secret)}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))  # noqa: T201 - which is what the test reads
