"""A client that asks as fast as it is answered; plain sockets, so that it is not the bottleneck."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from time import perf_counter
from typing import cast

import uvloop


@dataclass(frozen=True, slots=True)
class Load:
    """What came of it."""

    answers: int
    seconds: float
    #: Of each answer, in seconds, the shortest first.
    latencies: Sequence[float]

    @property
    def per_second(self) -> float:
        """Return the answers a second."""
        return self.answers / self.seconds


class _Client(asyncio.Protocol):
    """Sends one request after the other on one connection."""

    def __init__(self, requests: Iterator[bytes], until: float, latencies: list[float]) -> None:
        self._requests = requests
        self._until = until
        self._latencies = latencies
        self._got = bytearray()
        self._asked_at = 0.0
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # That of uvloop is one by what it does, not by its class.
        self._transport = cast(asyncio.Transport, transport)
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._got += data
        head = self._got.find(b"\r\n\r\n")
        if head < 0 or len(self._got) < head + 4 + _length(self._got, head):
            return
        if not self._got.startswith(b"HTTP/1.1 200"):
            self._end(AssertionError(bytes(self._got[:300])))
            return
        self._got.clear()
        now = perf_counter()
        self._latencies.append(now - self._asked_at)
        if now < self._until:
            self._ask()
        else:
            self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc or ConnectionError("The server closed the connection."))

    def _ask(self) -> None:
        self._asked_at = perf_counter()
        self._transport.write(next(self._requests))

    def _end(self, failure: Exception | None) -> None:
        if self.ended.done():
            return
        if failure is None:
            self.ended.set_result(None)
        else:
            self.ended.set_exception(failure)
        self._transport.close()


def request_for(path: str, *, token: str = "") -> bytes:
    """Write down a request, of the bearer of a token if there is one."""
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def ask(
    port: int, requests: Sequence[bytes], *, connections: int = 64, seconds: float = 4.0
) -> Load:
    """Send some requests in turn, over and over, on many connections for some seconds."""
    return uvloop.run(_ask(port, cycle(requests), connections, seconds))


async def _ask(port: int, requests: Iterator[bytes], connections: int, seconds: float) -> Load:
    loop = asyncio.get_running_loop()
    latencies: list[float] = []
    start = perf_counter()
    clients = [
        (
            await loop.create_connection(
                lambda: _Client(requests, start + seconds, latencies), "127.0.0.1", port
            )
        )[1]
        for _ in range(connections)
    ]
    await asyncio.gather(*(client.ended for client in clients))
    return Load(len(latencies), perf_counter() - start, sorted(latencies))


def _length(answer: bytearray, head: int) -> int:
    name = b"content-length: "
    place = answer.lower().find(name, 0, head)
    end = answer.find(b"\r\n", place)
    return int(answer[place + len(name) : end])
