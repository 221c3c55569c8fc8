"""Alpaca's Trading API, as far as a sync needs it, in the published form.

Source: https://docs.alpaca.markets/reference/getaccountactivities-2
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from brokers.sandbox.faults import Answer, answer
from brokers.sandbox.house import Question
from brokers.sandbox.market import MARKET
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
_EVER = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


class Refused(Exception):
    """A question that is answered with an error."""

    def __init__(self, status: int, content: Mapping[str, Any]) -> None:
        super().__init__(content)
        self.answer = answer(dict(content), status)


def serve(world: World, account: Account, question: Question) -> Answer:
    """Answer one question of somebody who was let in."""
    path, query = question.path, question.query
    try:
        if path == "/v2/account":
            return answer(_account(account))
        if path == "/v2/positions":
            return answer([_position(*each) for each in account.positions().items()])
        if path == "/v2/clock":
            now = world.clock.now()
            return answer({"timestamp": now.isoformat(), "is_open": False})
        if path.startswith("/v2/account/activities"):
            kind = path.removeprefix("/v2/account/activities").strip("/")
            return answer(_activities(account, query, kind))
    except Refused as refusal:
        return refusal.answer
    return answer({"code": 40410000, "message": "endpoint not found."}, 404)


def _account(account: Account) -> dict[str, Any]:
    cash = account.cash().get("USD", ZERO)
    held = sum((units * _price(symbol) for symbol, units in account.positions().items()), ZERO)
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


def _position(symbol: str, units: Decimal) -> dict[str, Any]:
    price = _price(symbol)
    return {
        "asset_id": str(uuid.uuid5(uuid.NAMESPACE_URL, symbol)),
        "symbol": symbol,
        "exchange": "NASDAQ",
        "asset_class": "us_equity",
        "asset_marginable": True,
        "qty": str(units),
        "qty_available": str(units),
        "side": "long" if units > 0 else "short",
        "avg_entry_price": str(price),
        "cost_basis": str(units * price),
        "market_value": str(units * price),
        "current_price": str(price),
        "lastday_price": str(price),
        "change_today": "0",
    }


def _price(symbol: str) -> Decimal:
    return MARKET[symbol].price if symbol in MARKET else Decimal(1)


def _activities(account: Account, query: Mapping[str, str], kind: str) -> list[dict[str, Any]]:
    kinds = {each for each in (kind or query.get("activity_types", "")).split(",") if each}
    for each in kinds - _TYPES:
        raise Refused(422, {"code": 40010001, "message": f"invalid activity type: {each}"})
    size = _page_size(query.get("page_size", str(_LARGEST_PAGE)))
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
    if day := _moment(query, "date"):
        return day, day + timedelta(days=1)
    return _moment(query, "after") or _EVER[0], _moment(query, "until") or _EVER[1]


def _page_size(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _LARGEST_PAGE:
        raise Refused(422, {"code": 40010001, "message": "page_size must be between 1 and 100"})
    return int(text)


def _moment(query: Mapping[str, str], name: str) -> datetime | None:
    text = query.get(name)
    if not text:
        return None
    try:
        if len(text) == 10:
            return datetime.combine(date.fromisoformat(text), time.min, tzinfo=UTC)
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refused(422, {"code": 40010001, "message": f"invalid {name}"}) from error
    if moment.tzinfo is None:
        raise Refused(422, {"code": 40010001, "message": f"invalid {name}"})
    return moment
