"""Log in, look around and listen with the official kiteconnect; print what it says.

Arguments: the address of Kite, and of its ticker; the key; the secret.
"""

import json
import sys
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import urlopen

from kiteconnect import KiteConnect, KiteTicker
from kiteconnect.exceptions import TokenException

TOKEN = 408065
BEGIN, END = "2026-02-27", "2026-03-02"


def ticket(root: str, key: str) -> str:
    """Do what a person does on the login page: follow its one link."""
    address = f"{root}/connect/login?{urlencode({'api_key': key, 'v': '3'})}"
    with urlopen(address) as page:
        text = page.read().decode()
    back = urlsplit(unescape(text.partition('href="')[2].partition('"')[0]))
    return parse_qs(back.query)["request_token"][0]


def main(root: str, ticker: str, key: str, secret: str) -> dict[str, Any]:
    """Return what there was to see."""
    kite = KiteConnect(key, root=root)
    session = kite.generate_session(ticket(root, key), secret)
    found = {
        "user": session["user_id"],
        "login_time": type(session["login_time"]).__name__,
        "profile": kite.profile()["user_id"],
        "cash": kite.margins("equity")["available"]["cash"],
        "holdings": {each["tradingsymbol"]: each["quantity"] for each in kite.holdings()},
        "positions": [each["tradingsymbol"] for each in kite.positions()["net"]],
        "trades": [each["trade_id"] for each in kite.trades()],
        "filled_at": str(kite.trades()[0]["fill_timestamp"]),
        "orders": [each["status"] for each in kite.orders()],
        "last": kite.ltp("NSE:INFY")["NSE:INFY"]["last_price"],
        "instruments": sorted(each["tradingsymbol"] for each in kite.instruments("NSE")),
        "days": [str(each["date"]) for each in kite.historical_data(TOKEN, BEGIN, END, "day")],
        "ticks": listen(ticker, key, session["access_token"]),
    }
    kite.invalidate_access_token()
    try:
        kite.holdings()
    except TokenException as failure:
        found["after"] = str(failure)
    return found


def listen(ticker: str, key: str, token: str) -> list[dict[str, Any]]:
    """Return the first tick in full mode, and the first in short."""
    ticks: list[dict[str, Any]] = []
    stream = KiteTicker(key, token, root=ticker)

    def on_connect(socket: Any, _response: Any) -> None:
        socket.subscribe([TOKEN])
        socket.set_mode(socket.MODE_FULL, [TOKEN])

    def on_ticks(socket: Any, told: list[dict[str, Any]]) -> None:
        if told[0]["mode"] == ("ltp" if ticks else "full"):
            ticks.append({name: told[0][name] for name in ("mode", "instrument_token")})
            ticks[-1]["price"] = told[0]["last_price"]
            ticks[-1]["depth"] = len(told[0].get("depth", {}).get("buy", []))
            socket.set_mode(socket.MODE_LTP, [TOKEN])
        if len(ticks) == 2:
            socket.stop()

    stream.on_connect, stream.on_ticks = on_connect, on_ticks
    stream.connect()
    return ticks


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))  # noqa: T201 - which is what the test reads
