"""Many clients of the live stream in one process; plain sockets, so that they keep up."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from os import urandom
from time import time
from typing import Any, cast

_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10
#: Of so many frames one is read; to read all would keep the clients busier than the server.
_READ_ONE_OF = 61
_AT_ONCE = 50
_TYPE = b'"type":"'
_SNAPSHOT, _QUOTES = b'snapshot"', b'quotes"'
_SECONDS = 60.0


@dataclass(slots=True)
class Tally:
    """What all clients have heard."""

    frames: int = 0
    octets: int = 0
    #: From the quote to the client, in seconds, of some frames.
    delays: list[float] = field(default_factory=list)
    closed: int = 0
    #: The codes with which the server has closed connections.
    codes: Counter[int] = field(default_factory=Counter)

    def clear(self) -> None:
        """Begin anew."""
        self.frames = self.octets = 0
        self.delays.clear()


class Client(asyncio.Protocol):
    """One client: it subscribes once it is let in, and counts what it hears."""

    def __init__(self, path: str, instruments: Sequence[str], tally: Tally) -> None:
        self._path = path
        self._subscribe = json.dumps({"type": "subscribe", "instruments": list(instruments)})
        self._tally = tally
        self._got = bytearray()
        self._is_open = False
        #: Done once it has heard its snapshot.
        self.is_watching: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask to be let in."""
        # That of uvloop is one by what it does, not by its class.
        self._transport = cast(asyncio.Transport, transport)
        lines = (
            f"GET {self._path} HTTP/1.1",
            "Host: 127.0.0.1",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {b64encode(urandom(16)).decode()}",
            "Sec-WebSocket-Version: 13",
        )
        self._transport.write(("\r\n".join(lines) + "\r\n\r\n").encode())

    def data_received(self, data: bytes) -> None:
        """Take in what has come."""
        self._got += data
        if not self._is_open:
            head, found, rest = self._got.partition(b"\r\n\r\n")
            if not found:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self._fail(ConnectionError(head.decode()[:200]))
                return
            self._is_open, self._got = True, rest
            self._transport.write(_masked(self._subscribe.encode()))
        self._take_frames()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count those that are gone."""
        self._tally.closed += 1
        self._fail(exc or ConnectionError("The server closed the connection."))

    def close(self) -> None:
        """Go, which counts as no loss."""
        self._tally = Tally()
        self._transport.abort()

    def _take_frames(self) -> None:
        got, place = self._got, 0
        while (end := _frame_end(got, place)) is not None:
            kind, start = got[place] & 0x0F, _content_start(got, place)
            if kind == _TEXT:
                self._hear(got, start, end)
            elif kind == _PING:
                self._transport.write(_masked(bytes(got[start:end]), kind=_PONG))
            elif kind == _CLOSE:
                code = int.from_bytes(got[start : start + 2])
                self._tally.codes[code] += 1
                self._fail(ConnectionError(f"The server closed the connection with {code}."))
            place = end
        if place:
            del got[:place]

    def _hear(self, got: bytearray, start: int, end: int) -> None:
        kind_at = got.find(_TYPE, start) + len(_TYPE)
        if got.startswith(_QUOTES, kind_at):
            tally = self._tally
            tally.frames += 1
            tally.octets += end - start
            if tally.frames % _READ_ONE_OF == 0:
                now = time()
                quotes = json.loads(got[start:end])["quotes"]
                tally.delays += [now - _moment(each["at"]) for each in quotes]
        elif got.startswith(_SNAPSHOT, kind_at) and not self.is_watching.done():
            self.is_watching.set_result(None)

    def _fail(self, failure: Exception) -> None:
        if not self.is_watching.done():
            self.is_watching.set_exception(failure)


async def connect(
    port: int, wanted: Collection[tuple[Callable[[], str], Sequence[str]]], tally: Tally
) -> list[Client]:
    """Connect clients, some at once, until all watch what they want.

    Args:
        wanted: makes the path of each, and the instruments it watches.
    """
    loop = asyncio.get_running_loop()
    free = asyncio.Semaphore(_AT_ONCE)

    async def one(path: Callable[[], str], instruments: Sequence[str]) -> Client:
        async with free:
            made: Any = await loop.create_connection(
                lambda: Client(path(), instruments, tally), "127.0.0.1", port
            )
            client: Client = made[1]
            await asyncio.wait_for(client.is_watching, _SECONDS)
            return client

    return list(await asyncio.gather(*(one(*each) for each in wanted)))


def _content_start(got: bytearray, place: int) -> int:
    return place + {126: 4, 127: 10}.get(got[place + 1], 2)


def _frame_end(got: bytearray, place: int) -> int | None:
    """Return where a frame ends, or None if it isn't whole yet."""
    if len(got) < place + 2:
        return None
    start = _content_start(got, place)
    if len(got) < start:
        return None
    size = got[place + 1] if start == place + 2 else int.from_bytes(got[place + 2 : start])
    return start + size if len(got) >= start + size else None


def _masked(content: bytes, *, kind: int = _TEXT) -> bytes:
    """Return a frame as clients must send it; a mask of zeros leaves the content as it is."""
    size = len(content)
    head = bytes([0x80 | size]) if size < 126 else bytes([0x80 | 126]) + size.to_bytes(2)
    return bytes([0x80 | kind]) + head + bytes(4) + content


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
