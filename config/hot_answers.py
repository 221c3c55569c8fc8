"""Answers of Django's that are kept for a moment: in Redis for all processes, and nearby."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from http import HTTPStatus
from time import time
from typing import Any

from common import keys

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]

_MOST_NEARBY = 500
_MOST_BYTES = 256 * 1_024
#: What belongs to one answer alone.
_ITS_OWN = {b"x-request-id", b"date", b"server"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What Django has said."""

    headers: list[tuple[bytes, bytes]]
    body: bytes

    async def send(self, send: Send) -> None:
        """Give it to a client."""
        await send({"type": "http.response.start", "status": 200, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, the mark that its asker had before its data were read, and how long it counts."""

    mark: str
    answer: Answer
    #: In seconds since 1970.
    until: float

    @classmethod
    def now(cls, mark: str, answer: Answer) -> Kept:
        """Keep an answer from now on."""
        return cls(mark, answer, time() + keys.HOT_READ.ttl_seconds)

    def written(self) -> str:
        """Return it as Redis keeps it."""
        pairs = self.answer.headers
        names = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in pairs]
        body = self.answer.body.decode()
        return f"{self.mark}\n{self.until}\n{json.dumps(names)}\n{body}"

    @classmethod
    def read(cls, text: str) -> Kept:
        """Read back what `written` wrote."""
        mark, until, headers, body = text.split("\n", 3)
        pairs = [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in json.loads(headers)
        ]
        # Another machine's clock may be ahead.
        latest = time() + keys.HOT_READ.ttl_seconds
        return cls(mark, Answer(pairs, body.encode()), min(float(until), latest))


class Nearby:
    """The answers that this process has given lately, which needn't be fetched to give them again.

    They count as long as those in Redis do. That they still fit their asker's mark is for the one
    to see who looks one up.
    """

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}

    def find(self, key: str) -> Kept | None:
        """Return what is kept."""
        kept = self._kept.get(key)
        return kept if kept is not None and kept.until > time() else None

    def add(self, key: str, kept: Kept) -> None:
        """Keep something."""
        if len(self._kept) >= _MOST_NEARBY:
            self._kept.clear()
        self._kept[key] = kept


class Listener:
    """Passes an answer on, and says what it was as soon as it is whole."""

    def __init__(self, send: Send, *, on_whole: Callable[[Answer | None], None]) -> None:
        self._send = send
        self._on_whole = on_whole
        self._status = 0
        self._headers: list[tuple[bytes, bytes]] = []
        self._body = bytearray()

    async def send(self, message: Message) -> None:
        """Pass a message on."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            pairs = ((bytes(name).lower(), bytes(value)) for name, value in message["headers"])
            self._headers = [pair for pair in pairs if pair[0] not in _ITS_OWN]
        elif message["type"] == "http.response.body":
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                # Before it is passed on: a client that reads slowly keeps nobody else waiting.
                self._on_whole(self._answer())
        await self._send(message)

    def _answer(self) -> Answer | None:
        """Return the answer, if it is worth keeping."""
        is_everybodys = all(name != b"set-cookie" for name, _ in self._headers)
        is_good = self._status == HTTPStatus.OK and len(self._body) <= _MOST_BYTES
        return Answer(self._headers, bytes(self._body)) if is_good and is_everybodys else None
