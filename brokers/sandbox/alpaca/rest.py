"""Alpaca's Trading API, as far as a sync needs it, in the published form.

Source: https://docs.alpaca.markets/reference/getaccountactivities-2
"""

from __future__ import annotations

import re
import uuid
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import accumulate, starmap
from typing import Any
from zoneinfo import ZoneInfo

from brokers.sandbox.alpaca import data, orders, rarer
from brokers.sandbox.alpaca.books import AlpacaAccount
from brokers.sandbox.alpaca.contracts import class_of, multiplier_of
from brokers.sandbox.alpaca.questions import Refused, moment_of, size_of
from brokers.sandbox.faults import Answer, answer
from brokers.sandbox.house import Question
from brokers.sandbox.market import MARKET, Listed
from brokers.sandbox.world import ZERO, Account, World

_TYPES = frozenset(
    (
        *("FILL", "TRANS", "MISC", "ACATC", "ACATS", "CFEE", "CGD", "CSD", "CSW", "DIV", "DIVCGL"),
        *("DIVCGS", "DIVFEE", "DIVFT", "DIVNRA", "DIVROC", "DIVTW", "DIVTXEX", "FEE", "INT"),
        *("INTNRA", "INTTW", "JNL", "JNLC", "JNLS", "MA", "NC", "OPASN", "OPCA", "OPCSH", "OPEXC"),
        *("OPEXP", "OPTRD", "PTC", "PTR", "REORG", "SPIN", "SPLIT", "FOPT"),
    )
)
_LARGEST_PAGE = 100
_NEW_YORK = ZoneInfo("America/New_York")
_EVER = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


def serve(world: World, account: AlpacaAccount, question: Question) -> Answer:
    """Answer one question of somebody who was let in."""
    path, query = question.path, question.query
    try:
        if path.startswith("/v2/stocks/"):
            return answer(data.serve(world.clock, path.removeprefix("/v2/stocks/"), query))
        found = _found(world, account, path, query)
    except Refused as refusal:
        return refusal.answer
    if found is None:
        return answer({"code": 40410000, "message": "endpoint not found."}, 404)
    return answer(found)


def _found(world: World, account: AlpacaAccount, path: str, query: Mapping[str, str]) -> Any:
    """Return what there is under an address; None for one that isn't served."""
    for pattern, read in _ADDRESSES:
        if (match := re.fullmatch(pattern, path)) is not None:
            return read(_Asked(world, account, query), *match.groups())
    return None


@dataclass(frozen=True, slots=True)
class _Asked:
    world: World
    account: AlpacaAccount
    query: Mapping[str, str]


def _customers_activities(asked: _Asked, kind: str | None) -> list[dict[str, Any]]:
    """Return what a broker is told of its customers: each row says whose it is."""
    more = {"account_id": _account(asked.account)["id"], "description": ""}
    return [more | row for row in _activities(asked.account, asked.query, kind or "")]


def _clock(now: datetime) -> dict[str, Any]:
    local = now.astimezone(_NEW_YORK)
    opens = datetime.combine(local.date() + timedelta(days=1), time(9, 30), tzinfo=_NEW_YORK)
    return {
        "timestamp": local.isoformat(),
        "is_open": False,
        "next_open": opens.isoformat(),
        "next_close": (opens + timedelta(hours=6, minutes=30)).isoformat(),
    }


def _asset(listed: Listed) -> dict[str, Any]:
    able = ("tradable", "marginable", "shortable", "easy_to_borrow", "fractionable")
    return {
        "id": orders.asset_id(listed.symbol),
        "class": "us_equity",
        "exchange": listed.exchange,
        "symbol": listed.symbol,
        "name": listed.symbol,
        "status": "active",
        **dict.fromkeys(able, True),
    }


def _one_position(account: AlpacaAccount, name: str) -> dict[str, Any]:
    for row in _positions(account):
        if name in (row["symbol"], row["asset_id"]):
            return row
    raise Refused(404, {"code": 40410000, "message": "position does not exist"})


def _account(account: Account) -> dict[str, Any]:
    cash = account.cash().get("USD", ZERO)
    held = sum((_worth(symbol, units) for symbol, units in account.positions().items()), ZERO)
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, account.number)),
        "account_number": account.number,
        "status": "ACTIVE",
        "currency": "USD",
        "cash": str(cash),
        "equity": str(cash + held),
        "last_equity": str(cash + held),
        "portfolio_value": str(cash + held),
        "long_market_value": str(held),
        "short_market_value": "0",
        "buying_power": str(max(cash, ZERO)),
        "multiplier": "1",
        "accrued_fees": "0",
        "pending_transfer_in": "0",
        "trading_blocked": False,
        "transfers_blocked": False,
        "account_blocked": False,
        "shorting_enabled": True,
        "created_at": "2024-01-02T14:00:00.123456Z",
    }


def _equity(account: AlpacaAccount) -> Callable[[date], Decimal]:
    """Return what says how much an account was worth at the end of a day, at the prices of now."""
    changes = sorted(
        (
            # An id begins with when it happened, whenever it was booked.
            entry.row["id"][:8],
            entry.cash.get("USD", ZERO) + sum(starmap(_worth, entry.units.items()), ZERO),
        )
        for entry in account.counting()
    )
    days = [day for day, _ in changes]
    worths = [ZERO, *accumulate(change for _, change in changes)]
    return lambda day: worths[bisect_right(days, f"{day:%Y%m%d}")]


def _positions(account: AlpacaAccount) -> list[dict[str, Any]]:
    costs = account.costs()
    held = account.positions().items()
    return [_position(symbol, units, cost=costs.of(symbol)) for symbol, units in held]


def _position(symbol: str, units: Decimal, *, cost: Decimal) -> dict[str, Any]:
    price, worth, kind = _price(symbol), _worth(symbol, units), class_of(symbol)
    return {
        "asset_id": orders.asset_id(symbol),
        "symbol": symbol,
        # Of options none is told.
        "exchange": "NASDAQ" if kind == "us_equity" else "",
        "asset_class": kind,
        "asset_marginable": kind == "us_equity",
        "qty": str(units),
        "qty_available": str(units),
        "side": "long" if units > 0 else "short",
        "avg_entry_price": str(cost / units / multiplier_of(symbol)),
        "cost_basis": str(cost),
        "market_value": str(worth),
        "current_price": str(price),
        "lastday_price": str(price),
        "change_today": "0",
    }


def _price(symbol: str) -> Decimal:
    return MARKET[symbol].price if symbol in MARKET else Decimal(1)


def _worth(symbol: str, units: Decimal) -> Decimal:
    return units * _price(symbol) * multiplier_of(symbol)


def _activities(account: Account, query: Mapping[str, str], kind: str) -> list[dict[str, Any]]:
    kinds = {each for each in (kind or query.get("activity_types", "")).split(",") if each}
    for each in kinds - _TYPES:
        raise Refused(422, {"code": 40010001, "message": f"invalid activity type: {each}"})
    size = size_of(query, "page_size", usual=_LARGEST_PAGE, largest=_LARGEST_PAGE)
    direction, token = query.get("direction", "desc"), query.get("page_token")
    if direction not in ("asc", "desc"):
        raise Refused(422, {"code": 40010001, "message": "invalid direction"})
    after, until = _window(query)
    found = sorted(
        (
            entry.row
            for entry in account.entries
            if (not kinds or entry.row["activity_type"] in kinds)
            # The time of booking is what they are filtered by, not the one they are dated with.
            and after < entry.created_at < until
        ),
        key=lambda row: row["id"],
        reverse=direction == "desc",
    )
    if token and direction == "asc":
        found = [row for row in found if row["id"] > token]
    elif token:
        found = [row for row in found if row["id"] < token]
    return found[:size]


def _window(query: Mapping[str, str]) -> tuple[datetime, datetime]:
    if day := moment_of(query, "date"):
        return day, day + timedelta(days=1)
    return moment_of(query, "after") or _EVER[0], moment_of(query, "until") or _EVER[1]


def _one_asset(symbol: str) -> dict[str, Any]:
    if symbol not in MARKET:
        raise Refused(404, {"code": 40410000, "message": f"asset not found for {symbol}"})
    return _asset(MARKET[symbol])


_ADDRESSES: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("/v2/account", lambda asked: _account(asked.account)),
    ("/v2/positions", lambda asked: _positions(asked.account)),
    ("/v2/positions/([^/]+)", lambda asked, name: _one_position(asked.account, name)),
    ("/v2/account/configurations", lambda _asked: rarer.configurations()),
    (
        "/v2/account/portfolio/history",
        lambda asked: rarer.portfolio_history(
            asked.query, _equity(asked.account), asked.world.clock.now()
        ),
    ),
    ("/v2/calendar", lambda asked: rarer.calendar(asked.query)),
    ("/v2/clock", lambda asked: _clock(asked.world.clock.now())),
    ("/v2/orders", lambda asked: orders.list_orders(asked.account, asked.query)),
    (
        "/v2/orders:by_client_order_id",
        lambda asked: orders.find_order(
            asked.account, client_order_id=asked.query.get("client_order_id", "")
        ),
    ),
    ("/v2/orders/([^/]+)", lambda asked, key: orders.find_order(asked.account, id=key)),
    (
        "/v2/account/activities(?:/([^/]+))?",
        lambda asked, kind: _activities(asked.account, asked.query, kind or ""),
    ),
    ("/v1/accounts/activities(?:/([^/]+))?", _customers_activities),
    (
        "/v2/assets",
        lambda _asked: [_asset(each) for each in MARKET.values() if each.currency == "USD"],
    ),
    ("/v2/assets/([^/]+)", lambda _asked, symbol: _one_asset(symbol)),
)
