"""Providers of quotes on the loopback, which speak their real protocols and fail when told to."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Response


class Provider:
    """What all providers have: connections, and ways to fail."""

    def __init__(self) -> None:
        self.url = ""
        self.connections: list[ServerConnection] = []
        #: All messages that clients sent, and the paths they came by.
        self.heard: list[dict[str, Any]] = []
        self.paths: list[str] = []
        #: Answers to handshakes before the first that succeeds: (status, headers).
        self.refusals: list[tuple[int, dict[str, str]]] = []

    @property
    def connection(self) -> ServerConnection:
        return self.connections[-1]

    async def say(self, message: Any) -> None:
        await self.connection.send(message if isinstance(message, str) else json.dumps(message))

    async def drop(self) -> None:
        """Cut the connection without closing it, as a network does."""
        self.connection.transport.abort()

    def refuse(self, _connection: ServerConnection, request: Any) -> Response | None:
        self.paths.append(request.path)
        if not self.refusals:
            return None
        status, headers = self.refusals.pop(0)
        return Response(status, HTTPStatus(status).phrase, Headers(headers), b"")

    async def handle(self, connection: ServerConnection) -> None:
        self.connections.append(connection)
        try:
            await self.greet()
            async for text in connection:
                message = json.loads(text)
                self.heard.append(message)
                await self.answer(message)
        except ConnectionClosed:
            pass

    async def greet(self) -> None:
        """Say what comes before anything is asked."""

    async def answer(self, message: dict[str, Any]) -> None:
        """Do what a message asks."""
        raise NotImplementedError


class Alpaca(Provider):
    """Its market data stream, version 2, in JSON."""

    KEY, SECRET = "the key", "the secret"

    def __init__(self, *, most: int = 30) -> None:
        super().__init__()
        self.most = most
        self.is_greeting = True
        self.subscribed: set[str] = set()
        self._is_signed_in = False

    async def greet(self) -> None:
        self._is_signed_in = False
        self.subscribed = set()
        if self.is_greeting:
            await self.say([{"T": "success", "msg": "connected"}])

    async def answer(self, message: dict[str, Any]) -> None:
        match message["action"]:
            case "auth":
                await self._sign_in(message)
            case "subscribe" if not self._is_signed_in:
                await self.fail(401, "not authenticated")
            case "subscribe":
                await self._subscribe(set(message["trades"]))
            case "unsubscribe":
                self.subscribed -= set(message["trades"])
                await self._acknowledge()
            case _:
                await self.fail(400, "invalid syntax")

    async def _sign_in(self, message: dict[str, Any]) -> None:
        if (message["key"], message["secret"]) != (self.KEY, self.SECRET):
            await self.fail(402, "auth failed")
            await self.connection.close()
        else:
            self._is_signed_in = True
            await self.say([{"T": "success", "msg": "authenticated"}])

    async def _subscribe(self, symbols: set[str]) -> None:
        if len(self.subscribed | symbols) > self.most:
            await self.fail(405, "symbol limit exceeded")
            return
        self.subscribed |= symbols
        await self._acknowledge()

    async def _acknowledge(self) -> None:
        symbols = sorted(self.subscribed)
        others = {name: [] for name in ("quotes", "bars", "updatedBars", "dailyBars", "lulds")}
        follow = {"corrections": symbols, "cancelErrors": symbols}
        told = {"T": "subscription", "trades": symbols, "statuses": symbols, **others, **follow}
        await self.say([told])

    async def fail(self, code: int, text: str) -> None:
        await self.say([{"T": "error", "code": code, "msg": text}])

    async def trade(self, symbol: str, price: Any, at: str, **fields: Any) -> None:
        await self.say([alpaca_trade(symbol, price, at, **fields)])


class Binance(Provider):
    """Its combined streams."""

    def __init__(self) -> None:
        super().__init__()
        self.streams: set[str] = set()
        self.is_deaf = False

    async def greet(self) -> None:
        self.streams = set()

    async def answer(self, message: dict[str, Any]) -> None:
        if self.is_deaf:
            return
        match message["method"]:
            case "SUBSCRIBE":
                self.streams |= set(message["params"])
            case "UNSUBSCRIBE":
                self.streams -= set(message["params"])
            case _:
                error = {"code": 2, "msg": "Invalid request: unknown method"}
                await self.say({"error": error, "id": message["id"]})
                return
        await self.say({"result": None, "id": message["id"]})

    async def tick(self, symbol: str, price: str, at: int) -> None:
        data = {"e": "24hrMiniTicker", "E": at, "s": symbol, "c": price, "o": "1", "h": "1"}
        data |= {"l": "1", "v": "1", "q": "1"}
        await self.say({"stream": f"{symbol.lower()}@miniTicker", "data": data})


@asynccontextmanager
async def on_air(provider: Any) -> AsyncIterator[Any]:
    """Run a provider."""
    server: Server
    async with serve(
        provider.handle, "127.0.0.1", 0, process_request=provider.refuse, close_timeout=0.5
    ) as server:
        provider.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield provider


def alpaca_trade(symbol: str, price: Any, at: str, **fields: Any) -> dict[str, Any]:
    told = {"T": "t", "S": symbol, "i": 1, "x": "V", "p": price, "s": 100, "c": ["@"]}
    return told | {"t": at, "z": "C"} | fields


def alpaca_snapshot(price: Any, at: str, *, day: Any = None, before: Any = None) -> dict[str, Any]:
    """Make what Alpaca knows of one symbol; `day` and `before` are (instant, close)."""

    def bar(told: Any) -> dict[str, Any] | None:
        names = ("o", "h", "l", "c")
        return told and {"t": told[0], **dict.fromkeys(names, told[1]), "v": 1, "n": 1, "vw": 1}

    return {
        "latestTrade": {"t": at, "x": "V", "p": price, "s": 100, "c": ["@"], "i": 1, "z": "C"},
        "latestQuote": None,
        "minuteBar": None,
        "dailyBar": bar(day),
        "prevDailyBar": bar(before),
    }
