"""Cached summaries and quotes beside the least a server can do and a plain view of Django.

Each runs on one core and is asked from another, one after the other in several rounds. What each
answer takes of its core is compared, which neighbours on the machine bear on least.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from urllib.request import Request, urlopen

from rest_framework_simplejwt.tokens import AccessToken

from accounts.models import User
from benchmarks.load import Load, ask
from benchmarks.measure import Figure
from benchmarks.pages import make_portfolio
from benchmarks.serving import Server, cores, on_core, serving
from portfolios.models import Position

_OURS, _PLAIN, _FLOOR = (
    *("config.asgi:application", "benchmarks.plain:application", "benchmarks.floor:application"),
)
#: Headers that the server adds by itself, or to one answer alone.
_ITS_OWN = {"connection", "date", "server", "x-request-id"}
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
    with (
        on_core(cores()[1]),
        serving(_OURS) as ours,
        serving(_PLAIN) as plain,
        serving(_FLOOR, FLOOR_ANSWER=_answer(ours, summary, token)) as floor,
    ):
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
    return list(_figures(rounds))


def _figures(rounds: dict[str, list[_Round]]) -> Iterator[Figure]:
    cpu = {name: median(each.cpu_ms for each in found) for name, found in rounds.items()}
    for name, found in rounds.items():
        rate = median(each.per_second for each in found)
        yield Figure(f"hot-reads.{name}", rate, "1/s")
        yield Figure(f"hot-reads.{name}.cpu", cpu[name], "ms")
        yield Figure(f"hot-reads.{name}.p99", median(each.p99_ms for each in found), "ms")
    for name, other, budget in (
        ("summary", "floor", 0.5),
        ("summary", "plain", 20),
        ("quotes", "floor", 0.5),
    ):
        ratio = cpu[other] / cpu[name]
        yield Figure(f"hot-reads.{name}/{other}", ratio, "×", budget, at_least=True)


def _round(server: Server, path: str, token: str) -> _Round:
    ask(server.port, path, token=token, seconds=0.5)
    cpu = server.cpu_seconds()
    load: Load = ask(server.port, path, token=token, seconds=_SECONDS)
    taken = server.cpu_seconds() - cpu
    p99 = load.latencies[len(load.latencies) * 99 // 100]
    return _Round(load.per_second, taken / load.answers * 1_000, p99 * 1_000)


def _answer(server: Server, path: str, token: str) -> str:
    """Return an answer as the floor gives it, with all its headers, for they too cost something."""
    request = Request(
        f"http://127.0.0.1:{server.port}{path}", headers={"Authorization": f"Bearer {token}"}
    )
    with urlopen(request) as answer:  # noqa: S310
        headers = [pair for pair in answer.getheaders() if pair[0].lower() not in _ITS_OWN]
        return json.dumps({"headers": headers, "body": answer.read().decode()})
