"""The sandbox's ASGI application: which house is asked, and which fault comes between."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from brokers.sandbox import faults
from brokers.sandbox.control import Control
from brokers.sandbox.faults import Answer, Scene, answer
from brokers.sandbox.house import (
    App,
    House,
    HurtSocket,
    Message,
    Question,
    Receive,
    Send,
    Socket,
)
from brokers.sandbox.houses import HOUSES
from brokers.sandbox.world import World

_CONTROL = "/_control/"
_MOST_REQUESTS = 10_000
#: What some brokers want in the address although it opens an account.
_SECRET = re.compile(r"((?:^|&)(?:t|token|access_token|signature)=)[^&]*")


class Sandbox:
    """A world, what is done to it, and who asks.

    Called as an application it is the shared port, with each house under its prefix; `door`
    returns the application of a house that has a port of its own.
    """

    def __init__(
        self, *, seed: int = 1, has_control: bool = False, houses: Mapping[str, House] = HOUSES
    ) -> None:
        self.world = World([house.settle for house in houses.values()], seed=seed)
        self.control = Control(self.world, houses)
        self._houses = houses
        self._has_control = has_control

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one question, or talk."""
        path = scope["path"]
        if scope["type"] == "http" and path.startswith(_CONTROL) and self._has_control:
            body = await _body(receive)
            given = json.loads(body) if body else {}
            await _send(send, self.control.serve(scope["method"], path, given))
            return
        for house in self._houses.values():
            if house.prefix is not None and path.startswith(f"{house.prefix}/"):
                await self._enter(house, path.removeprefix(house.prefix), scope, receive, send)
                return
        if scope["type"] == "http":
            await _send(send, answer({"message": "not found"}, 404))
        else:
            await Socket(receive, send).close()

    @property
    def own_ports(self) -> list[str]:
        """Return the houses that have no place on the shared port."""
        return [name for name, house in self._houses.items() if house.prefix is None]

    def door(self, name: str) -> App:
        """Return the application that has a house at its root; KeyError if there is none."""
        house = self._houses[name]

        async def enter(scope: Message, receive: Receive, send: Send) -> None:
            await self._enter(house, scope["path"], scope, receive, send)

        return enter

    async def _enter(
        self, house: House, path: str, scope: Message, receive: Receive, send: Send
    ) -> None:
        is_talk = scope["type"] == "websocket"
        question = Question(
            method="GET" if is_talk else scope["method"],
            path=path,
            text=scope["query_string"].decode(),
            headers={key.decode().lower(): value.decode() for key, value in scope["headers"]},
            body=b"" if is_talk else await _body(receive),
        )
        noted = self._note(house, question)
        if is_talk:
            hurt = next(self._faults(house, question, faults.SOCKET_MODES), None)
            socket = HurtSocket(receive, send, fault=hurt) if hurt else Socket(receive, send)
            await house.converse(self.world, question, socket)
        else:
            found = self._answer(house, question)
            noted["status"] = found.status
            await _send(send, found)

    def _faults(
        self, house: House, question: Question, modes: Collection[str]
    ) -> Iterator[faults.Fault]:
        for fault in self.control.faults:
            if fault.mode in modes and fault.meets(
                method=question.method,
                path=question.path,
                key_id=house.key_of(question),
                chance=self.world.chance,
            ):
                yield fault

    def _answer(self, house: House, question: Question) -> Answer:
        good = found = house.serve(self.world, question)
        page = (house.name, question.path)
        for fault in self._faults(house, question, faults.MODES):
            last_page = self.control.last_pages.get(page)
            found = faults.apply(fault, Scene(found, last_page, time.time(), house.refuse))
        self.control.last_pages[page] = good
        house.add_headers(found, number=len(self.control.requests))
        return found

    def _note(self, house: House, question: Question) -> dict[str, Any]:
        """Remember what was asked: of the key only its end, of what is secret nothing."""
        asked = {
            "house": house.name,
            "method": question.method,
            "path": question.path,
            "query": _SECRET.sub(r"\1…", question.text),
            "key": house.key_of(question)[-4:],
            "at": time.time(),
            "weight": house.weight_of(question),
        }
        if len(self.control.requests) < _MOST_REQUESTS:
            self.control.requests.append(asked)
        return asked


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
    half = len(found.body) // 2 if found.pause_seconds else 0
    if half:
        await send({"type": "http.response.body", "body": found.body[:half], "more_body": True})
        await asyncio.sleep(found.pause_seconds)
    await send({"type": "http.response.body", "body": found.body[half:]})
