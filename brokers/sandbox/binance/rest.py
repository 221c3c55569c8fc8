"""Binance's spot and wallet API over HTTP, in the published form.

Source: https://developers.binance.com/docs/binance-spot-api-docs/rest-api
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from brokers.sandbox.binance.books import PAIRS, BinanceAccount, milliseconds
from brokers.sandbox.faults import Answer, answer
from brokers.sandbox.house import Question
from brokers.sandbox.world import ZERO, World

_LONGEST_WINDOW, _WINDOW = 60_000, 5_000
#: How far ahead of Binance's clock a question may be.
_AHEAD = 1_000
_DAY = 86_400_000
_ALL = ("BNB", "BTC", "ETH", "EUR", "PEPE", "USDC", "USDT")
_LOWER = {429: -1003, 418: -1003, 401: -2015, 403: -2015, 503: -1008, 504: -1007}
Query = Mapping[str, str]


def refuse(status: int, message: str, code: int = 0) -> Answer:
    """Say no, with a number."""
    return answer({"code": code or _LOWER.get(status, -1000), "msg": message}, status)


def serve_all(world: World, question: Question) -> Answer | None:
    """Answer what anybody may ask; None where it takes a key."""
    if question.path == "/api/v3/time":
        return answer({"serverTime": milliseconds(world.clock.now())})
    if question.path == "/api/v3/exchangeInfo":
        return answer({"timezone": "UTC", "symbols": [_listed(name) for name in PAIRS]})
    if question.path == "/api/v3/klines":
        return _klines(question.query, world.clock.now())
    return None


def check(account: BinanceAccount, question: Question, now: datetime) -> Answer | None:
    """Look at time and signature, which is that of the query as it came; None if they are good."""
    payload, _, signature = question.text.rpartition("&signature=")
    wanted = hmac.new(account.secret.encode(), payload.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(signature, wanted):
        return refuse(400, "Signature for this request is not valid.", -1022)
    query = question.query
    stamp, window = int(query.get("timestamp", 0)), int(query.get("recvWindow", _WINDOW))
    late = milliseconds(now) - stamp
    if window > _LONGEST_WINDOW or not -_AHEAD < late <= window:
        return refuse(400, "Timestamp for this request is outside of the recvWindow.", -1021)
    return None


def serve(account: BinanceAccount, question: Question) -> Answer:
    """Answer somebody who was let in."""
    serving = _ANSWERS.get(question.path)
    return serving(account, question.query) if serving else refuse(404, "Not found.", -1000)


def _listed(symbol: str) -> dict[str, Any]:
    pair = PAIRS[symbol]
    return {
        "symbol": symbol,
        "status": "TRADING",
        "baseAsset": pair.base,
        "baseAssetPrecision": 8,
        "quoteAsset": pair.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "isSpotTradingAllowed": True,
    }


def _klines(query: Query, now: datetime) -> Answer:
    if query.get("symbol") not in PAIRS:
        return refuse(400, "Invalid symbol.", -1121)
    price = f"{PAIRS[query['symbol']].price:f}"
    start = milliseconds(now) // _DAY * _DAY
    many = min(int(query.get("limit", 500)), 1_000)
    days = [start - _DAY * back for back in reversed(range(many))]
    return answer(
        [[day, *[price] * 4, "1", day + _DAY - 1, price, 1, "1", price, "0"] for day in days]
    )


def _account(account: BinanceAccount, query: Query) -> Answer:
    spot = account.in_spot()
    # What lies in Earn shows as a balance of its own as well.
    spot |= {f"LD{name}": amount for name, amount in account.in_earn().items()}
    if query.get("omitZeroBalances") != "true":
        spot = dict.fromkeys(_ALL, ZERO) | spot
    return answer(
        {
            "makerCommission": 10,
            "takerCommission": 10,
            "canTrade": False,
            "canWithdraw": False,
            "canDeposit": False,
            "updateTime": 0,
            "accountType": "SPOT",
            "balances": [
                {"asset": name, "free": f"{amount:.8f}", "locked": "0.00000000"}
                for name, amount in spot.items()
            ],
            "permissions": ["SPOT"],
            "uid": int(account.number),
        }
    )


def _trades(account: BinanceAccount, query: Query) -> Answer:
    if query.get("symbol") not in PAIRS:
        return refuse(400, "Invalid symbol.", -1121)
    rows = [_numbered(row) for row in account.rows_of("trade") if row["symbol"] == query["symbol"]]
    limit = min(int(query.get("limit", 500)), 1_000)
    if "fromId" in query:
        return answer([row for row in rows if row["id"] >= int(query["fromId"])][:limit])
    return answer(rows[-limit:])


def _orders(account: BinanceAccount, query: Query) -> Answer:
    rows = [row for row in account.rows_of("trade") if row["symbol"] == query.get("symbol")]
    return answer([_order(row) for row in rows])


def _order(row: Mapping[str, Any]) -> dict[str, Any]:
    return _placed(
        {**row, "origQty": row["qty"], "side": "BUY" if row["isBuyer"] else "SELL"},
        executedQty=row["qty"],
        cummulativeQuoteQty=row["quoteQty"],
        status="FILLED",
    )


def _placed(row: Mapping[str, Any], **more: str) -> dict[str, Any]:
    told = ("symbol", "orderId", "price", "origQty", "side", "time")
    return {
        **{name: row[name] for name in told},
        "orderListId": -1,
        "clientOrderId": f"sandbox{row['orderId']}",
        "timeInForce": "GTC",
        "type": "LIMIT",
        "updateTime": row["time"],
        "isWorking": True,
        **more,
    }


def _open_orders(account: BinanceAccount, query: Query) -> Answer:
    nought = "0.00000000"
    unfilled = {
        "executedQty": nought,
        "cummulativeQuoteQty": nought,
        "origQuoteOrderQty": nought,
        "stopPrice": nought,
        "status": "NEW",
    }
    wanted = query.get("symbol")
    rows = (row for row in account.waiting if wanted in (None, row["symbol"]))
    return answer([_placed(row, **unfilled) for row in rows])


def _numbered(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "id": int(str(row["id"]).rpartition(":")[2])}


def _within(rows: Iterable[dict[str, Any]], query: Query, name: str) -> list[dict[str, Any]]:
    """Return the rows of a span, newest first, as the wallet tells them."""
    first, last = int(query.get("startTime", 0)), int(query.get("endTime", 2**53))
    return [row for row in rows if first <= _at(row[name]) <= last][::-1]


def _at(told: Any) -> int:
    if isinstance(told, int):
        return told
    return milliseconds(datetime.strptime(told, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC))


def _deposits(account: BinanceAccount, query: Query) -> Answer:
    rows = _within(account.rows_of("deposit"), query, "insertTime")
    return answer(rows[: int(query.get("limit", 1_000))])


def _withdrawals(account: BinanceAccount, query: Query) -> Answer:
    rows = _within(account.rows_of("withdrawal"), query, "applyTime")
    return answer(rows[: int(query.get("limit", 1_000))])


def _dust(account: BinanceAccount, query: Query) -> Answer:
    rows = _within(account.rows_of("dust"), query, "operateTime")[:100]
    batches = [
        {
            "operateTime": row["operateTime"],
            "totalTransferedAmount": row["transferedAmount"],
            "totalServiceChargeAmount": row["serviceChargeAmount"],
            "transId": row["transId"],
            "userAssetDribbletDetails": [{key: row[key] for key in row if key != "id"}],
        }
        for row in rows
    ]
    return answer({"total": len(batches), "userAssetDribblets": batches})


def _dividends(account: BinanceAccount, query: Query) -> Answer:
    rows = _within(account.rows_of("dividend"), query, "divTime")
    return answer({"rows": rows[: int(query.get("limit", 20))], "total": len(rows)})


def _rewards(account: BinanceAccount, query: Query) -> Answer:
    rows = _within(account.rows_of("reward"), query, "time")
    told = [{key: row[key] for key in row if key != "id"} for row in rows]
    return answer({"rows": _paged(told, query), "total": len(rows)})


def _earn(account: BinanceAccount, query: Query) -> Answer:
    rows = [_lying(asset, amount) for asset, amount in sorted(account.in_earn().items())]
    return answer({"rows": _paged(rows, query), "total": len(rows)})


def _lying(asset: str, amount: Decimal) -> dict[str, Any]:
    return {
        "totalAmount": f"{amount:f}",
        "latestAnnualPercentageRate": "0.02",
        "asset": asset,
        "canRedeem": True,
        "collateralAmount": "0",
        "productId": f"{asset}001",
        "autoSubscribe": False,
    }


def _paged(rows: list[dict[str, Any]], query: Query) -> list[dict[str, Any]]:
    size, current = min(int(query.get("size", 10)), 100), int(query.get("current", 1))
    return rows[size * (current - 1) : size * current]


_ANSWERS: Mapping[str, Callable[[BinanceAccount, Query], Answer]] = {
    "/api/v3/account": _account,
    "/api/v3/myTrades": _trades,
    "/api/v3/allOrders": _orders,
    "/api/v3/openOrders": _open_orders,
    "/sapi/v1/capital/deposit/hisrec": _deposits,
    "/sapi/v1/capital/withdraw/history": _withdrawals,
    "/sapi/v1/asset/dribblet": _dust,
    "/sapi/v1/asset/assetDividend": _dividends,
    "/sapi/v1/simple-earn/flexible/position": _earn,
    "/sapi/v1/simple-earn/flexible/history/rewardsRecord": _rewards,
}
