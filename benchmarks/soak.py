"""Whether live prices cost no more memory after a while than in the beginning.

`SOAK_SECONDS=60 make bench ONLY=soak` is shorter than the ten minutes it takes by itself. All the
time some clients go and others come.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from itertools import cycle
from statistics import median
from time import monotonic

import uvloop
from django.test import override_settings

from benchmarks import settings as live_settings
from benchmarks import sockets
from benchmarks.fanout import (
    ENVIRONMENT,
    Wanted,
    hub_clients,
    hub_feed,
    prepare,
    publishing,
)
from benchmarks.measure import Figure
from benchmarks.serving import Server, cores, on_core, serving

SECONDS = float(os.environ.get("SOAK_SECONDS", "600"))
CLIENTS = 500
_PERIOD_SECONDS = 2.0
_CHANGING = 25


def run() -> list[Figure]:
    """Publish 10,000 quotes a second to clients that come and go, and look at the server."""
    instruments = prepare()
    with (
        override_settings(CHANNEL_LAYERS=live_settings.CHANNEL_LAYERS),
        on_core(cores()[1]),
        serving("config.asgi:application", ENVIRONMENT) as server,
    ):
        clients = hub_clients(instruments, CLIENTS)
        tally = sockets.Tally()
        memory = uvloop.run(_soak(server, clients, instruments, tally))
    if tally.codes:
        print(f"closed by the server, by code: {dict(tally.codes)}")
    third = len(memory) // 3
    # The first third fills caches: what comes after it must stay.
    early, late = median(memory[third : 2 * third]), median(memory[-third:])
    return [
        Figure("soak.memory", late, "MB"),
        Figure("soak.growth", (late / early - 1) * 100, "%", 2),
        Figure("soak.frames", tally.frames / SECONDS, "1/s"),
        Figure("soak.comings", _CHANGING / _PERIOD_SECONDS, "clients/s"),
        Figure("soak.lost", tally.closed, "clients", 0),
    ]


async def _soak(
    server: Server, wanted: Sequence[Wanted], instruments: Sequence[str], tally: sockets.Tally
) -> list[float]:
    clients = await sockets.connect(server.port, wanted, tally)
    memory = []
    newcomers = cycle(wanted)
    until = monotonic() + SECONDS
    async with publishing(hub_feed(instruments)):
        while monotonic() < until:
            await asyncio.sleep(_PERIOD_SECONDS)
            leaving, clients = clients[:_CHANGING], clients[_CHANGING:]
            for client in leaving:
                client.close()
            clients += await sockets.connect(server.port, [next(newcomers) for _ in leaving], tally)
            memory.append(server.memory_mb())
    for client in clients:
        client.close()
    return memory
