"""The sandbox's ASGI application: who is let in, what is counted, which fault comes between."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

from brokers.sandbox import alpaca, faults
from brokers.sandbox.control import Control
from brokers.sandbox.faults import Answer, answer
from brokers.sandbox.world import World

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

_ALPACA, _CONTROL = "/alpaca", "/_control/"
_LIMIT = 200
_MOST_REQUESTS = 10_000


class Sandbox:
    """A world, what is done to it, and who asks."""

    def __init__(self, *, seed: int, has_control: bool) -> None:
        self.world = World(seed)
        self.control = Control(self.world)
        self._has_control = has_control
        self._chance = random.Random(seed)  # noqa: S311 - faults are no secret

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one question."""
        if scope["type"] != "http":
            return
        path = scope["path"]
        if path.startswith(_CONTROL) and self._has_control:
            body = await _body(receive)
            given = json.loads(body) if body else {}
            await _send(send, self.control.serve(scope["method"], path, given))
        elif path.startswith(_ALPACA):
            await _send(send, self._alpaca(scope, path.removeprefix(_ALPACA)))
        else:
            await _send(send, answer({"message": "not found"}, 404))

    def _alpaca(self, scope: Message, path: str) -> Answer:
        headers = {key.decode().lower(): value.decode() for key, value in scope["headers"]}
        key_id = headers.get("apca-api-key-id", "")
        text = scope["query_string"].decode()
        self._note(scope["method"], path, text, key_id)
        account = self.world.admit(key_id, headers.get("apca-api-secret-key", ""))
        if account is None:
            found = answer({"message": "unauthorized."}, 401)
        else:
            found = alpaca.serve(self.world, account, path, dict(parse_qsl(text)))
        good = found
        for fault in self.control.faults:
            if fault.meets(method=scope["method"], path=path, key_id=key_id, chance=self._chance):
                last = self.control.last_pages.get(path)
                found = faults.apply(fault, found, last_page=last, now=time.time())
        self.control.last_pages[path] = good
        found.headers.setdefault("x-ratelimit-limit", str(_LIMIT))
        found.headers.setdefault("x-ratelimit-remaining", str(_LIMIT - 1))
        found.headers.setdefault("x-ratelimit-reset", str(int(time.time()) + 60))
        found.headers["x-request-id"] = f"{len(self.control.requests):032x}"
        return found

    def _note(self, method: str, path: str, query: str, key_id: str) -> None:
        """Remember what was asked; of the key only its end."""
        if len(self.control.requests) < _MOST_REQUESTS:
            asked = {"method": method, "path": path, "query": query, "key": key_id[-4:]}
            self.control.requests.append(asked | {"at": time.time()})


def build(*, seed: int = 1, has_control: bool = False) -> App:
    """Build the application."""
    return Sandbox(seed=seed, has_control=has_control)


async def _body(receive: Receive) -> bytes:
    body: bytes = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


async def _send(send: Send, found: Answer) -> None:
    if found.stall_seconds:
        await asyncio.sleep(found.stall_seconds)
    headers = {**found.headers, "content-length": str(len(found.body) + found.cut)}
    await send(
        {
            "type": "http.response.start",
            "status": found.status,
            "headers": [(key.encode(), value.encode()) for key, value in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": found.body})
