"""Kite Connect over HTTP, version 3, in the published form.

Source: https://kite.trade/docs/connect/v3/
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode

from brokers.sandbox.faults import Answer, answer
from brokers.sandbox.house import Question
from brokers.sandbox.kite.books import INDIA, KiteAccount, Owned
from brokers.sandbox.market import MARKET, Listed
from brokers.sandbox.world import ZERO

_TYPES = {
    400: "InputException",
    403: "TokenException",
    429: "NetworkException",
    500: "GeneralException",
    502: "DataException",
    503: "NetworkException",
}


def refuse(status: int, message: str, error_type: str = "") -> Answer:
    """Say no, in Kite's envelope."""
    kind = error_type or _TYPES.get(status, "GeneralException")
    content = {"status": "error", "message": message, "data": None, "error_type": kind}
    return answer(content, status)


def found(data: Any) -> Answer:
    """Say yes, in Kite's envelope."""
    return answer({"status": "success", "data": data})


def log_in(account: KiteAccount, question: Question) -> Answer:
    """Show the page on which people log in: here one link, which stands for password and PIN."""
    if not account.redirect_url:
        return refuse(400, "The app has no redirect URL.")
    known = {"request_token": account.ticket(), "action": "login", "status": "success"}
    known |= dict(parse_qsl(question.query.get("redirect_params", "")))
    back = html.escape(f"{account.redirect_url}?{urlencode(known)}")
    page = (
        "<!doctype html><title>Kite (sandbox)</title><h1>Kite (sandbox)</h1>"
        f'<p><a id="log-in" href="{back}">Log in as {account.number}</a></p>'
    )
    return Answer(page.encode(), 200, {"content-type": "text/html; charset=utf-8"})


def open_session(account: KiteAccount, form: Mapping[str, str]) -> Answer:
    """Exchange a request token."""
    token = account.exchange(form.get("request_token", ""), form.get("checksum", ""))
    if token is None:
        return refuse(403, "Token is invalid or has expired, or invalid `checksum`.")
    local = account.clock.now().astimezone(INDIA)
    known = {
        "api_key": account.key_id,
        "access_token": token,
        "public_token": token[::-1],
        "refresh_token": "",
        "login_time": f"{local:%Y-%m-%d %H:%M:%S}",
    }
    return found(_profile(account) | known)


def serve(account: KiteAccount, question: Question) -> Answer:
    """Answer somebody who was let in."""
    path = question.path.rstrip("/")
    if path in _LISTS:
        return found(_LISTS[path](account))
    for start, read in _PARTS.items():
        if path == start or path.startswith(f"{start}/"):
            return read(account, path.removeprefix(start).strip("/"), question)
    return refuse(404, "Route not found")


def _one_margin(account: KiteAccount, segment: str, _question: Question) -> Answer:
    return found(_margins(account).get(segment, {}))


def _one_order(account: KiteAccount, wanted: str, _question: Question) -> Answer:
    order_id, _, more = wanted.partition("/")
    rows = [each for each in _trades(account) if each["order_id"] == order_id]
    return found(rows if more == "trades" else [_order(each) for each in rows])


def _prices(_account: KiteAccount, kind: str, question: Question) -> Answer:
    return found(_quotes(parse_qs(question.text).get("i", []), kind=kind))


def _profile(account: KiteAccount) -> dict[str, Any]:
    return {
        "user_id": account.number,
        "user_name": "Asha Sandbox",
        "user_shortname": "Asha",
        "user_type": "individual",
        "email": "asha@sandbox.example",
        "broker": "ZERODHA",
        "exchanges": ["NSE", "BSE"],
        "products": ["CNC", "MIS"],
        "order_types": ["MARKET", "LIMIT"],
        "avatar_url": None,
        "meta": {"demat_consent": "physical"},
    }


def _margins(account: KiteAccount) -> dict[str, Any]:
    cash = float(account.cash().get("INR", ZERO))
    available = {"cash": cash, "opening_balance": cash, "live_balance": cash, "collateral": 0}
    equity = {"enabled": True, "net": cash, "available": available, "utilised": {"debits": 0}}
    return {"equity": equity}


def _holdings(account: KiteAccount) -> list[dict[str, Any]]:
    return [_holding(account, symbol, each) for symbol, each in sorted(account.owned().items())]


def _holding(account: KiteAccount, symbol: str, owned: Owned) -> dict[str, Any]:
    price = float(_price(symbol))
    all_units = owned.delivered + owned.coming
    # A binary float, noise and all, as the real ones are.
    average = float(owned.cost) / float(all_units)
    listed = MARKET.get(symbol)
    return {
        "tradingsymbol": symbol,
        "exchange": "NSE",
        "instrument_token": listed.number if listed else 0,
        "isin": listed.isin if listed else "",
        "product": "CNC",
        "price": 0,
        # What is pledged isn't in it; what is on its way is.
        "quantity": int(all_units - owned.pledged),
        "used_quantity": int(owned.sold),
        "t1_quantity": int(owned.coming),
        "realised_quantity": int(owned.delivered - owned.pledged),
        "authorised_quantity": 0,
        "authorised_date": f"{account.today} 00:00:00",
        "authorisation": {},
        "opening_quantity": int(all_units),
        "short_quantity": 0,
        "collateral_quantity": int(owned.pledged),
        "collateral_type": "margin" if owned.pledged else "",
        "discrepancy": False,
        "average_price": average,
        "last_price": price,
        "close_price": price,
        "pnl": (price - average) * float(all_units),
        "day_change": 0,
        "day_change_percentage": 0,
        "mtf": {"quantity": 0, "used_quantity": 0, "average_price": 0, "value": 0},
    }


def _positions(account: KiteAccount) -> dict[str, Any]:
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for trade in _trades(account):
        key = (trade["tradingsymbol"], trade["product"])
        row = rows.setdefault(key, _no_position(trade))
        side = trade["transaction_type"].lower()
        for name in (f"{side}_quantity", f"day_{side}_quantity"):
            row[name] += trade["quantity"]
        for name in (f"{side}_value", f"day_{side}_value"):
            row[name] += trade["quantity"] * trade["average_price"]
        row["quantity"] = row["buy_quantity"] - row["sell_quantity"]
    return {"net": list(rows.values()), "day": list(rows.values())}


def _no_position(trade: Mapping[str, Any]) -> dict[str, Any]:
    names = ("tradingsymbol", "exchange", "instrument_token", "product")
    numbers = (
        *("quantity", "overnight_quantity", "buy_quantity", "sell_quantity"),
        *("day_buy_quantity", "day_sell_quantity", "value", "pnl", "m2m", "unrealised", "realised"),
        *("buy_value", "sell_value", "day_buy_value", "day_sell_value"),
    )
    price = float(_price(trade["tradingsymbol"]))
    return {
        **{name: trade[name] for name in names},
        **dict.fromkeys(numbers, 0),
        "multiplier": 1,
        "average_price": trade["average_price"],
        "last_price": price,
        "close_price": price,
    }


def _trades(account: KiteAccount) -> list[dict[str, Any]]:
    return [
        {name: value for name, value in each.row.items() if name != "id"}
        for each in account.trades_of(account.today)
    ]


def _orders(account: KiteAccount) -> list[dict[str, Any]]:
    """Tell the orders of the day, those that wait at the end."""
    waiting = (
        each
        for each in account.waiting
        if each["order_timestamp"].startswith(account.today.isoformat())
    )
    return [*map(_order, _trades(account)), *map(_waiting, waiting)]


def _waiting(placed: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **placed,
        "exchange": "NSE",
        "exchange_order_id": None,
        "instrument_token": MARKET[placed["tradingsymbol"]].number,
        "product": "CNC",
        "status": "OPEN",
        "order_type": "LIMIT",
        "validity": "DAY",
        "variety": "regular",
        "trigger_price": 0,
        "average_price": 0,
        "filled_quantity": 0,
        "pending_quantity": placed["quantity"],
        "cancelled_quantity": 0,
        "exchange_timestamp": None,
    }


def _order(trade: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{name: value for name, value in trade.items() if name not in ("trade_id", "id")},
        "status": "COMPLETE",
        "order_type": "MARKET",
        "validity": "DAY",
        "variety": "regular",
        "filled_quantity": trade["quantity"],
        "pending_quantity": 0,
        "cancelled_quantity": 0,
        "order_timestamp": trade["fill_timestamp"],
    }


def _quotes(asked: list[str], *, kind: str) -> dict[str, Any]:
    quotes = {}
    for name in asked:
        listed = MARKET.get(name.partition(":")[2])
        if listed is not None:
            quotes[name] = _quote(listed, kind)
    return quotes


def _quote(listed: Listed, kind: str) -> dict[str, Any]:
    price = float(listed.price)
    last = {"instrument_token": listed.number, "last_price": price}
    if kind == "ltp":
        return last
    prices = dict.fromkeys(("open", "high", "low", "close"), price)
    if kind == "ohlc":
        return {**last, "ohlc": prices}
    return {**last, "ohlc": prices, "volume": 0, "net_change": 0, "average_price": price}


def _candles(wanted: str, query: Mapping[str, str]) -> Answer:
    """Tell the days of a range, all alike, of what is named as in `408065/day`."""
    token, _, interval = wanted.partition("/")
    listed = next((each for each in MARKET.values() if str(each.number) == token), None)
    try:
        begin, end = (date.fromisoformat(query.get(name, "")[:10]) for name in ("from", "to"))
    except ValueError:
        return refuse(400, "Invalid from or to date")
    if listed is None or interval != "day":
        return refuse(400, "Invalid instrument token or interval")
    price = float(listed.price)
    days = (begin + timedelta(days=each) for each in range((end - begin).days + 1))
    candles = [
        [f"{day}T00:00:00+0530", price, price, price, price, 1_000]
        for day in days
        if day.weekday() < 5
    ]
    return found({"candles": candles})


def _instruments(_account: KiteAccount, exchange: str, question: Question) -> Answer:
    if exchange.startswith("historical/"):
        return _candles(exchange.removeprefix("historical/"), question.query)
    heading = (
        "instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,"
        "lot_size,instrument_type,segment,exchange"
    )
    rows = [
        f"{each.number},{each.number >> 8},{each.symbol},{each.symbol},0,,0,0.05,1,EQ,"
        f"{each.exchange},{each.exchange}"
        for each in MARKET.values()
        if each.currency == "INR" and exchange in ("", each.exchange)
    ]
    body = "\n".join([heading, *rows, ""])
    return Answer(body.encode(), 200, {"content-type": "text/csv"})


def _price(symbol: str) -> Decimal:
    return MARKET[symbol].price if symbol in MARKET else Decimal(100)


_LISTS: Mapping[str, Callable[[KiteAccount], Any]] = {
    "/user/profile": _profile,
    "/user/margins": _margins,
    "/portfolio/holdings": _holdings,
    "/portfolio/positions": _positions,
    "/trades": _trades,
    "/orders": _orders,
    "/mf/holdings": lambda _account: [],
}
_PARTS: Mapping[str, Callable[[KiteAccount, str, Question], Answer]] = {
    "/user/margins": _one_margin,
    "/orders": _one_order,
    "/quote": _prices,
    "/instruments": _instruments,
}
