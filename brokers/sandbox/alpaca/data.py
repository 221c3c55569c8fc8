"""Alpaca's market data: bars, quotes and trades, the same ones whenever they are asked for.

Source: https://docs.alpaca.markets/reference/stockbars
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from brokers.sandbox.alpaca.questions import Refused, moment_of, size_of
from brokers.sandbox.market import MARKET, Listed
from brokers.sandbox.world import Clock

_NEW_YORK = ZoneInfo("America/New_York")
_CENT = Decimal("0.01")
_LARGEST_PAGE = 10_000
_OPEN, _CLOSE = time(9, 30), time(16)
_MOST_DAYS = 3_660


def serve(clock: Clock, path: str, query: Mapping[str, str]) -> dict[str, Any]:
    """Answer a question about stocks.

    Args:
        path: what follows `/v2/stocks/`.
    """
    listed = [MARKET[each] for each in query.get("symbols", "").split(",") if each in MARKET]
    kind, _, latest = path.partition("/")
    if kind == "snapshots":
        return {each.symbol: _snapshot(each, clock.now()) for each in listed}
    if kind not in _ROWS or latest not in ("", "latest"):
        raise Refused(404, {"code": 40410000, "message": "endpoint not found."})
    if latest:
        newest = {each.symbol: _LATEST[kind](each, clock.now()) for each in listed}
        return {kind: newest}
    return _history(clock, kind, listed, query)


def _history(
    clock: Clock, kind: str, listed: list[Listed], query: Mapping[str, str]
) -> dict[str, Any]:
    """Answer one symbol a page, so that nobody gets along without turning pages."""
    if kind == "bars" and query.get("timeframe", "1Day") not in ("1Day", "1D"):
        raise Refused(400, {"message": "invalid timeframe: only days are served"})
    now = clock.now()
    begin = moment_of(query, "start") or datetime.combine(now.date(), time.min, tzinfo=UTC)
    end = min(moment_of(query, "end") or now, now)
    size = size_of(query, "limit", usual=1_000, largest=_LARGEST_PAGE)
    names = sorted(each.symbol for each in listed)
    symbol, _, skipped = (query.get("page_token") or "").partition("|")
    place = names.index(symbol) if symbol in names else 0
    if not names:
        return {kind: {}, "next_page_token": None}
    rows = list(_ROWS[kind](MARKET[names[place]], begin, end))
    start = int(skipped or 0)
    page = rows[start : start + size]
    token = None
    if start + size < len(rows):
        token = f"{names[place]}|{start + size}"
    elif place + 1 < len(names):
        token = f"{names[place + 1]}|0"
    return {kind: {names[place]: page} if page else {}, "next_page_token": token}


def _days(begin: datetime, end: datetime) -> Iterator[datetime]:
    """Walk through the days of a range, by when they began in New York."""
    day = begin.astimezone(_NEW_YORK).date()
    for _ in range(_MOST_DAYS):
        moment = datetime.combine(day, time.min, tzinfo=_NEW_YORK)
        if moment > end:
            return
        if moment >= begin and day.weekday() < 5:
            yield moment
        day += timedelta(days=1)


def _minutes(begin: datetime, end: datetime) -> Iterator[datetime]:
    """Walk through the minutes of a range in which the market is open."""
    for day in _days(begin - timedelta(days=1), end):
        moment = datetime.combine(day.date(), _OPEN, tzinfo=_NEW_YORK)
        while moment.time() < _CLOSE and moment <= end:
            if moment >= begin:
                yield moment
            moment += timedelta(minutes=1)


def price_at(listed: Listed, moment: datetime) -> Decimal:
    """Return what something costs: within two per cent of what it cost in the beginning."""
    chance = random.Random(f"{listed.symbol} {moment.timestamp():.0f}")  # noqa: S311 - a market
    return (listed.price * (1 + Decimal(chance.randint(-200, 200)) / 10_000)).quantize(_CENT)


def bar(listed: Listed, moment: datetime) -> dict[str, Any]:
    """Return the bar that begins at a moment."""
    begin, end = price_at(listed, moment), price_at(listed, moment + timedelta(seconds=1))
    return {
        "t": _text(moment),
        "o": float(begin),
        "h": float(max(begin, end)),
        "l": float(min(begin, end)),
        "c": float(end),
        "v": 1_000,
        "n": 10,
        "vw": float((begin + end) / 2),
    }


def quote(listed: Listed, moment: datetime) -> dict[str, Any]:
    """Return the best prices at a moment."""
    price = price_at(listed, moment)
    return {
        "t": _text(moment),
        "bx": "V",
        "bp": float(price - _CENT),
        "bs": 2,
        "ax": "V",
        "ap": float(price + _CENT),
        "as": 3,
        "c": ["R"],
        "z": "C",
    }


def trade(listed: Listed, moment: datetime) -> dict[str, Any]:
    """Return what somebody paid at a moment."""
    return {
        "t": _text(moment),
        "x": "V",
        "p": float(price_at(listed, moment)),
        "s": 100,
        "c": ["@"],
        "i": int(moment.timestamp()),
        "z": "C",
    }


def _snapshot(listed: Listed, now: datetime) -> dict[str, Any]:
    days = list(_days(now - timedelta(days=7), now))
    return {
        "latestTrade": trade(listed, now),
        "latestQuote": quote(listed, now),
        "minuteBar": bar(listed, now.replace(second=0, microsecond=0)),
        "dailyBar": bar(listed, days[-1]),
        "prevDailyBar": bar(listed, days[-2]),
    }


def _text(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _each(
    write: Callable[[Listed, datetime], dict[str, Any]],
    walk: Callable[[datetime, datetime], Iterator[datetime]],
) -> Callable[[Listed, datetime, datetime], Iterator[dict[str, Any]]]:
    return lambda listed, begin, end: (write(listed, moment) for moment in walk(begin, end))


_ROWS = {
    "bars": _each(bar, _days),
    "quotes": _each(quote, _minutes),
    "trades": _each(trade, _minutes),
}
_LATEST: Mapping[str, Callable[[Listed, datetime], dict[str, Any]]] = {
    "bars": bar,
    "quotes": quote,
    "trades": trade,
}
