"""Live prices for thousands of clients from one core, beside the way of the textbooks.

That is what the tutorial of Channels builds and how it runs it: a group for each symbol that each
client joins, Daphne, and the channel layer of `channels_redis.core`. The groups alone, on the
server and the channel layer of the hub, are measured as well.

Server and clients run on a core each, and need them for themselves: on a busy machine only CPU
times and their ratios tell something. `FANOUT_CLIENTS=600 make bench ONLY=fanout` takes fewer.
"""

from __future__ import annotations

import asyncio
import os
import resource
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from itertools import cycle
from random import Random
from time import monotonic
from types import ModuleType

import uvloop
from channels.layers import get_channel_layer
from django.test import override_settings

from accounts.models import User
from benchmarks import settings as live_settings
from benchmarks import sockets, textbook_settings
from benchmarks.measure import Figure
from benchmarks.pages import make_instrument
from benchmarks.serving import Command, Server, by_daphne, by_uvicorn, cores, on_core, serving
from benchmarks.textbook import group_of
from common import clock
from marketdata.domain.quotes import MarketState, Quote
from realtime import broadcast, tickets
from realtime.admission import Credential, credential_of
from realtime.protocol import MAX_CONNECTIONS_PER_USER

CLIENTS = int(os.environ.get("FANOUT_CLIENTS", "3000"))
INSTRUMENTS, WATCHED = 500, 25
#: All instruments twenty times a second are 10,000 quotes a second.
_PERIOD_SECONDS = 0.05
_SECONDS, _WARM_UP_SECONDS = 8.0, 3.0
#: What the textbooks' way can still take.
_TEXTBOOK_CLIENTS, _TEXTBOOK_QUOTES = 200, 200
_TEXTBOOK = "benchmarks.textbook:application"
_FILES = 10_000

Publish = Callable[[int], Awaitable[None]]
Wanted = tuple[Callable[[], str], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Heard:
    """What the clients heard of a server, and what it took."""

    closed: int
    per_second: float
    cpu_ms: float
    core: float
    #: Of the delays from a quote to a client, in milliseconds.
    p50_ms: float
    p99_ms: float
    kb_per_client: float
    kb_per_frame: float


def run() -> list[Figure]:
    """Measure the hub, and the textbooks' way at what it can take."""
    instruments = prepare()
    hub = _measure_hub(instruments)
    groups = _measure_textbook(instruments, live_settings, by_uvicorn)
    book = _measure_textbook(instruments, textbook_settings, by_daphne)
    expected = CLIENTS * 10
    return [
        Figure("fanout.frames", hub.per_second, "1/s", 0.99 * expected, at_least=True),
        Figure("fanout.closed", hub.closed, "clients", 0),
        Figure("fanout.cpu", hub.cpu_ms, "ms/frame"),
        Figure("fanout.core", hub.core, "cores"),
        Figure("fanout.p50", hub.p50_ms, "ms"),
        Figure("fanout.p99", hub.p99_ms, "ms", 150),
        Figure("fanout.memory", hub.kb_per_client, "kB/client", 40),
        Figure("fanout.frame", hub.kb_per_frame, "kB"),
        Figure("fanout.textbook.frames", book.per_second, "1/s"),
        Figure("fanout.textbook.cpu", book.cpu_ms, "ms/frame"),
        Figure("fanout.textbook.p99", book.p99_ms, "ms"),
        Figure("fanout.textbook.memory", book.kb_per_client, "kB/client"),
        Figure("fanout.textbook/hub", book.cpu_ms / hub.cpu_ms, "×/frame", 15, at_least=True),
        # A frame of the textbooks' has one quote.
        Figure("fanout.textbook/hub.quote", book.cpu_ms * WATCHED / hub.cpu_ms, "×/quote"),
        # Only its groups, with the server and the channel layer that the hub has.
        Figure("fanout.groups.cpu", groups.cpu_ms, "ms/frame"),
        Figure("fanout.groups.p99", groups.p99_ms, "ms"),
        Figure("fanout.groups/hub", groups.cpu_ms / hub.cpu_ms, "×/frame"),
    ]


ENVIRONMENT = {"DJANGO_SETTINGS_MODULE": "benchmarks.settings"}


def prepare() -> list[str]:
    """Make the instruments, and let each client and the server have a socket for each."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(_FILES, most), most))
    return [str(make_instrument(f"LIVE{number}").pk) for number in range(INSTRUMENTS)]


def hub_clients(instruments: Sequence[str], count: int) -> list[Wanted]:
    """Return what makes the paths of clients, with tickets, and what each watches."""
    people = -(-count // MAX_CONNECTIONS_PER_USER)
    users = [User.objects.create_user(f"live{each}@example.test", None) for each in range(people)]
    credentials = cycle([credential_of(each) for each in users])

    def path(credential: Credential) -> str:
        return f"/ws/v1/stream/?ticket={tickets.issue(credential)}"

    return [(partial(path, next(credentials)), watched) for watched in _watched(instruments, count)]


def hub_feed(instruments: Sequence[str]) -> Publish:
    """Return what publishes the quotes of one period as the feed does: all in one batch."""

    async def publish(turn: int) -> None:
        await broadcast.quotes_recorded([_quote(key, turn) for key in instruments])

    return publish


def _measure_hub(instruments: Sequence[str]) -> Heard:
    layers, core = override_settings(CHANNEL_LAYERS=live_settings.CHANNEL_LAYERS), cores()[1]
    with layers, on_core(core), serving("config.asgi:application", ENVIRONMENT) as server:
        wanted = hub_clients(instruments, CLIENTS)
        return uvloop.run(_measure(server, wanted, hub_feed(instruments)))


def _measure_textbook(instruments: Sequence[str], settings: ModuleType, by: Command) -> Heard:
    layers, core = override_settings(CHANNEL_LAYERS=settings.CHANNEL_LAYERS), cores()[1]
    environment = {"DJANGO_SETTINGS_MODULE": settings.__name__}
    with layers, on_core(core), serving(_TEXTBOOK, environment, by=by) as server:
        wanted = [(lambda: "/", each) for each in _watched(instruments, _TEXTBOOK_CLIENTS)]
        return uvloop.run(_measure(server, wanted, _textbook_feed(instruments)))


def _textbook_feed(instruments: Sequence[str]) -> Publish:
    dice = Random(7)

    async def publish(turn: int) -> None:
        layer = get_channel_layer()
        for key in dice.sample(instruments, round(_TEXTBOOK_QUOTES * _PERIOD_SECONDS)):
            quote = _quote(key, turn)
            told = {"id": key, "price": str(quote.price), "at": quote.at.isoformat()}
            await layer.group_send(group_of(key), {"type": "quote", "quote": told})

    return publish


@asynccontextmanager
async def publishing(publish: Publish) -> AsyncIterator[None]:
    """Publish at a steady pace meanwhile."""
    # Asked to end, not cancelled: a Redis client at work can lose a cancellation.
    has_ended = asyncio.Event()
    work = asyncio.create_task(_publish_until(has_ended, publish))
    try:
        yield
    finally:
        has_ended.set()
        await work


async def _publish_until(has_ended: asyncio.Event, publish: Publish) -> None:
    turn, next_at = 0, monotonic()
    while not has_ended.is_set():
        await publish(turn)
        turn += 1
        next_at = max(next_at + _PERIOD_SECONDS, monotonic())
        await asyncio.sleep(next_at - monotonic())


async def _measure(server: Server, wanted: Sequence[Wanted], publish: Publish) -> Heard:
    tally = sockets.Tally()
    before = server.memory_mb()
    clients = await sockets.connect(server.port, wanted, tally)
    memory = server.memory_mb() - before
    async with publishing(publish):
        await asyncio.sleep(_WARM_UP_SECONDS)
        tally.clear()
        cpu, start = server.cpu_seconds(), monotonic()
        await asyncio.sleep(_SECONDS)
        cpu, seconds = server.cpu_seconds() - cpu, monotonic() - start
        frames, octets, delays = tally.frames, tally.octets, sorted(tally.delays)
    closed = tally.closed
    if tally.codes:
        print(f"closed by the server, by code: {dict(tally.codes)}")
    for client in clients:
        client.close()
    return Heard(
        closed=closed,
        per_second=frames / seconds,
        cpu_ms=cpu / frames * 1_000,
        core=cpu / seconds,
        p50_ms=delays[len(delays) // 2] * 1_000,
        p99_ms=delays[len(delays) * 99 // 100] * 1_000,
        kb_per_client=memory * 1_024 / len(clients),
        kb_per_frame=octets / frames / 1_024,
    )


def _watched(instruments: Sequence[str], count: int) -> list[Sequence[str]]:
    dice = Random(11)
    return [dice.sample(instruments, WATCHED) for _ in range(count)]


def _quote(instrument_id: str, turn: int) -> Quote:
    return Quote(
        instrument_id=instrument_id,
        price=Decimal(11_000 + turn % 97) / 100,
        currency="USD",
        at=clock.now(),
        source="benchmark",
        previous_close=Decimal("110.50"),
        market_state=MarketState.OPEN,
    )
