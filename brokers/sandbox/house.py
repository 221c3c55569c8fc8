"""What a house of the sandbox is: one broker, with its own door, keys, words and limits."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from brokers.sandbox.faults import Answer, Fault
from brokers.sandbox.world import World

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody asks.

    Attributes:
        path: without the house's prefix.
        text: the query, exactly as it came.
        headers: their names in small letters.
    """

    method: str
    path: str
    text: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def query(self) -> dict[str, str]:
        """Return the query's last value of each name."""
        return dict(parse_qsl(self.text, keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        """Return a form that was sent."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


class Socket:
    """A WebSocket, from the server's side."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send

    async def accept(self) -> None:
        """Let somebody in; without this, `close` refuses with 403."""
        await self._send({"type": "websocket.accept"})

    async def receive(self) -> str | bytes | None:
        """Wait for what they say; None once they have gone."""
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                return None
            if message["type"] == "websocket.receive":
                text = message.get("text")
                return text if text is not None else bytes(message["bytes"])

    async def send(self, content: str | bytes) -> None:
        """Say something, in a text frame or a binary one."""
        kind = "text" if isinstance(content, str) else "bytes"
        await self._send({"type": "websocket.send", kind: content})

    async def close(self, code: int = 1000) -> None:
        """End it."""
        await self._send({"type": "websocket.close", "code": code})


class HurtSocket(Socket):
    """A WebSocket that a fault befalls."""

    def __init__(self, receive: Receive, send: Send, *, fault: Fault) -> None:
        super().__init__(receive, send)
        self._fault = fault
        self._said = 0
        self._first: str | bytes = b""
        self._gone = asyncio.Event()

    async def receive(self) -> str | bytes | None:
        """Wait for what they say; None as well once the line is to be cut."""
        heard = asyncio.ensure_future(super().receive())
        gone = asyncio.ensure_future(self._gone.wait())
        try:
            await asyncio.wait({heard, gone}, return_when=asyncio.FIRST_COMPLETED)
            return None if gone.done() else heard.result()
        finally:
            heard.cancel()
            gone.cancel()

    async def send(self, content: str | bytes) -> None:
        """Say something, as far as the fault lets it."""
        self._said += 1
        if self._said <= int(self._fault.args.get("after", 0)):
            await super().send(content)
            return
        mode = self._fault.mode
        if mode == "drop":
            # Whoever converses ends, and the server hangs up without a closing frame.
            self._gone.set()
        elif mode == "refuse":
            await super().send(str(self._fault.args["text"]))
            await self.close()
        elif mode == "repeat":
            self._first = self._first or content
            for each in (content, content, self._first):
                await super().send(each)


class House(ABC):
    """A broker of the sandbox."""

    name: ClassVar[str]
    #: Where it is found on the shared port; None where it wants a port of its own.
    prefix: ClassVar[str | None]

    @abstractmethod
    def settle(self, world: World, activities: int) -> None:
        """Open its accounts, with about so many things that happened in each."""

    @abstractmethod
    def open(self, world: World, key: str, secret: str) -> None:
        """Open one more account, without a history."""

    @abstractmethod
    def key_of(self, question: Question) -> str:
        """Return the key that is shown, not secret, unchecked; empty where there is none."""

    @abstractmethod
    def serve(self, world: World, question: Question) -> Answer:
        """Check the key, and answer."""

    @abstractmethod
    def refuse(self, status: int, message: str) -> Answer:
        """Say no, in the house's own form."""

    @abstractmethod
    def add_headers(self, found: Answer, *, number: int) -> None:
        """Add the headers that every answer has; so many questions were asked before."""

    def weight_of(self, question: Question) -> int:
        """Return how much of the house's limit a question uses up."""
        del question
        return 1

    async def converse(self, world: World, question: Question, socket: Socket) -> None:
        """Talk over a WebSocket until one of both has enough; not every house does."""
        del world, question
        await socket.close()
