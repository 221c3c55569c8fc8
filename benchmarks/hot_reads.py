"""Cached summaries and quotes beside the least a server can do and a plain view of Django.

Each runs on one core and is asked from another, one after the other in several rounds.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from statistics import median
from urllib.request import Request, urlopen

from rest_framework_simplejwt.tokens import AccessToken

from accounts.models import User
from benchmarks.load import Load, ask
from benchmarks.measure import Figure
from benchmarks.pages import make_portfolio
from benchmarks.serving import Server, cores, pin_to, serving
from portfolios.models import Position

_OURS, _PLAIN, _FLOOR = (
    *("config.asgi:application", "benchmarks.plain:application", "benchmarks.floor:application"),
)
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
    summary = f"/api/v1/portfolios/{portfolio}/summary/"
    quotes = f"/api/v1/quotes/?ids={','.join(map(str, held))}"
    token = str(AccessToken.for_user(owner))
    before = os.sched_getaffinity(0)
    pin_to(cores()[1])
    try:
        with (
            serving("config.asgi:application") as ours,
            serving("benchmarks.plain:application") as plain,
        ):
            os.environ["FLOOR_BYTES"] = str(_size(ours, summary, token))
            with serving(_FLOOR) as floor:
                asked = {
                    "floor": (floor, "/"),
                    "summary": (ours, summary),
                    "quotes": (ours, quotes),
                    "plain": (plain, summary),
                }
                rounds: dict[str, list[_Round]] = {name: [] for name in asked}
                for _ in range(_ROUNDS):
                    for name, (server, path) in asked.items():
                        rounds[name].append(_round(server, path, token))
    finally:
        os.sched_setaffinity(0, before)
    return list(_figures(rounds))


def _figures(rounds: dict[str, list[_Round]]) -> list[Figure]:
    rates = {name: median(each.per_second for each in found) for name, found in rounds.items()}
    cpu = {name: median(each.cpu_ms for each in found) for name, found in rounds.items()}
    figures = []
    for name, found in rounds.items():
        figures += [
            Figure(f"hot-reads.{name}", rates[name], "1/s"),
            Figure(f"hot-reads.{name}.cpu", cpu[name], "ms"),
            Figure(f"hot-reads.{name}.p99", median(each.p99_ms for each in found), "ms"),
        ]
    return [
        *figures,
        Figure(
            "hot-reads.summary/floor", rates["summary"] / rates["floor"], "×", 0.5, at_least=True
        ),
        Figure(
            "hot-reads.summary/plain", rates["summary"] / rates["plain"], "×", 20, at_least=True
        ),
        Figure("hot-reads.quotes/floor", rates["quotes"] / rates["floor"], "×", 0.5, at_least=True),
    ]


def _round(server: Server, path: str, token: str) -> _Round:
    ask(server.port, path, token=token, seconds=0.5)
    cpu = server.cpu_seconds()
    load: Load = ask(server.port, path, token=token, seconds=_SECONDS)
    taken = server.cpu_seconds() - cpu
    p99 = load.latencies[len(load.latencies) * 99 // 100]
    return _Round(load.per_second, taken / load.answers * 1_000, p99 * 1_000)


def _size(server: Server, path: str, token: str) -> int:
    request = Request(
        f"http://127.0.0.1:{server.port}{path}", headers={"Authorization": f"Bearer {token}"}
    )
    with urlopen(request) as answer:  # noqa: S310
        return len(answer.read())
