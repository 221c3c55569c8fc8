"""Summaries and quotes beside the least a server can do and a plain view of Django.

`summary` and `quotes` are at hand when they are asked for, `uncached` is of another portfolio each
time. Each runs on one core and is asked from another, one after the other in several rounds. What
each answer takes of its core is compared, which neighbours on the machine bear on least.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from random import Random
from statistics import median
from typing import Any
from urllib.request import Request, urlopen

from bson import ObjectId
from rest_framework_simplejwt.tokens import AccessToken

from accounts.models import User
from benchmarks.load import ask, request_for
from benchmarks.measure import Figure
from benchmarks.pages import make_instrument, make_portfolio
from benchmarks.serving import Server, cores, on_core, serving
from common import clock
from marketdata.adapters import quote_cache
from marketdata.domain.quotes import MarketState, Quote
from marketdata.models import Instrument
from portfolios.models import Portfolio, Position, Snapshot

_OURS, _PLAIN, _FLOOR = (
    *("config.asgi:application", "benchmarks.plain:application", "benchmarks.floor:application"),
)
#: Headers that the server adds by itself, or to one answer alone.
_ITS_OWN = {"connection", "date", "server", "x-request-id"}
_SUMMARY = "/api/v1/portfolios/{}/summary/"
_INSTRUMENTS, _OWNERS, _EACH = 500, 100, 40
_CPU_MS = {"uncached": 1.2}
_ROUNDS = 3
_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class _Round:
    per_second: float
    cpu_ms: float
    p99_ms: float


def run() -> list[Figure]:
    """Ask all of them in turns, and compare medians."""
    owner = User.objects.create_user("hot@example.test", None)
    portfolio = make_portfolio(owner)
    held = Position.objects.filter(portfolio_id=portfolio).values_list("instrument_id", flat=True)
    token = str(AccessToken.for_user(owner))
    summary = _SUMMARY.format(portfolio)
    quotes = f"/api/v1/quotes/?ids={','.join(map(str, held))}"
    many = [
        request_for(_SUMMARY.format(each), token=their_token)
        for each, their_token in _holders(portfolio)
    ]
    with (
        on_core(cores()[1]),
        serving(_OURS, {}) as ours,
        serving(_PLAIN, {}) as plain,
        serving(_FLOOR, {"FLOOR_ANSWER": _answer(ours, summary, token)}) as floor,
    ):
        asked: dict[str, tuple[Server, Sequence[bytes]]] = {
            "floor": (floor, [request_for("/")]),
            "summary": (ours, [request_for(summary, token=token)]),
            "quotes": (ours, [request_for(quotes, token=token)]),
            "uncached": (ours, many),
            "plain": (plain, many),
        }
        rounds: dict[str, list[_Round]] = {name: [] for name in asked}
        for _ in range(_ROUNDS):
            for name, (server, requests) in asked.items():
                rounds[name].append(_round(server, requests))
    return list(_figures(rounds))


def _figures(rounds: dict[str, list[_Round]]) -> Iterator[Figure]:
    cpu = {name: median(each.cpu_ms for each in found) for name, found in rounds.items()}
    for name, found in rounds.items():
        rate = median(each.per_second for each in found)
        yield Figure(f"hot-reads.{name}", rate, "1/s")
        yield Figure(f"hot-reads.{name}.cpu", cpu[name], "ms", _CPU_MS.get(name))
        yield Figure(f"hot-reads.{name}.p99", median(each.p99_ms for each in found), "ms")
    for name, other, budget in (
        ("summary", "floor", 0.5),
        ("summary", "plain", 20),
        ("quotes", "floor", 0.5),
        ("uncached", "plain", 6),
    ):
        ratio = cpu[other] / cpu[name]
        yield Figure(f"hot-reads.{name}/{other}", ratio, "×", budget, at_least=True)


def _round(server: Server, requests: Sequence[bytes]) -> _Round:
    ask(server.port, requests, seconds=0.5)
    cpu = server.cpu_seconds()
    load = ask(server.port, requests, seconds=_SECONDS)
    taken = server.cpu_seconds() - cpu
    p99 = load.latencies[len(load.latencies) * 99 // 100]
    return _Round(load.per_second, taken / load.answers * 1_000, p99 * 1_000)


def _holders(portfolio_id: str) -> Iterator[tuple[str, str]]:
    """Make portfolios like one but of other instruments, and yield each with its owner's token.

    They are asked in turn, and are so many that none is kept any more when its turn comes again.
    """
    now, dice = clock.now(), Random(7)
    content = Snapshot.objects.get(portfolio_id=ObjectId(portfolio_id)).content
    instruments = [make_instrument(f"HELD{number}") for number in range(_INSTRUMENTS)]
    quote_cache.write([_quote(str(each.pk), now, dice) for each in instruments])
    for number in range(_OWNERS):
        owner = User.objects.create_user(f"{number}@example.test", None)
        token = str(AccessToken.for_user(owner))
        kept = {"base_currency": "USD", "created_at": now, "updated_at": now}
        portfolios = [Portfolio(owner=owner, name=f"{each}", **kept) for each in range(_EACH)]
        Portfolio.objects.bulk_create(portfolios)
        Snapshot.objects.bulk_create(
            Snapshot(
                portfolio=each,
                revision=1,
                content=_with(content, dice.sample(instruments, len(content["positions"]))),
                created_at=now,
                updated_at=now,
            )
            for each in portfolios
        )
        yield from ((str(each.pk), token) for each in portfolios)


def _with(content: dict[str, Any], instruments: Sequence[Instrument]) -> dict[str, Any]:
    lines = zip(content["positions"], instruments, strict=True)
    return content | {"positions": [line | {"instrument": str(each.pk)} for line, each in lines]}


def _quote(instrument_id: str, now: datetime, dice: Random) -> Quote:
    return Quote(
        instrument_id=instrument_id,
        price=Decimal(dice.randrange(9_000, 12_000)) / 100,
        currency="USD",
        at=now,
        source="benchmark",
        previous_close=Decimal("110.5"),
        market_state=MarketState.OPEN,
    )


def _answer(server: Server, path: str, token: str) -> str:
    """Return an answer as the floor gives it, with all its headers, for they too cost something."""
    request = Request(
        f"http://127.0.0.1:{server.port}{path}", headers={"Authorization": f"Bearer {token}"}
    )
    with urlopen(request) as answer:  # noqa: S310
        headers = [pair for pair in answer.getheaders() if pair[0].lower() not in _ITS_OWN]
        return json.dumps({"headers": headers, "body": answer.read().decode()})
