"""Alpaca's two WebSockets: market data, in msgpack or JSON, and what happens in an account.

Source: https://docs.alpaca.markets/docs/streaming-market-data and .../websocket-streaming
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

import msgpack

from brokers.sandbox.alpaca import data
from brokers.sandbox.alpaca.books import AlpacaAccount
from brokers.sandbox.alpaca.orders import order_of
from brokers.sandbox.house import Question, Socket
from brokers.sandbox.market import MARKET
from brokers.sandbox.world import World

_EVERY_SECONDS = 0.2
_AUTH_SECONDS = 10.0
_CHANNELS = (
    *("trades", "quotes", "bars", "updatedBars", "dailyBars", "statuses", "lulds"),
    *("corrections", "cancelErrors"),
)
#: Channel → the letter of its messages, and what writes one.
_TOLD: Mapping[str, tuple[str, Callable[..., dict[str, Any]]]] = {
    "trades": ("t", data.trade),
    "quotes": ("q", data.quote),
    "bars": ("b", data.bar),
}


class _Talk:
    """A WebSocket of market data, in whichever of the two codecs was asked for."""

    def __init__(self, socket: Socket, question: Question) -> None:
        self._socket = socket
        self._is_packed = question.headers.get("content-type") == "application/msgpack"

    async def hear(self) -> dict[str, Any] | None:
        """Return what is asked; None once nobody is there, nothing that makes no sense is one."""
        said = await self._socket.receive()
        if said is None:
            return None
        with suppress(ValueError, msgpack.UnpackException):
            content = msgpack.unpackb(said) if isinstance(said, bytes) else json.loads(said)
            if isinstance(content, dict):
                return content
        return {}

    async def tell(self, *messages: Mapping[str, Any]) -> None:
        """Say something, always as a list."""
        if self._is_packed:
            packed = msgpack.packb([_packed(each) for each in messages])
            await self._socket.send(bytes(packed))
        else:
            await self._socket.send(json.dumps(messages))

    async def refuse(self, code: int, message: str) -> None:
        """Say why, and hang up."""
        await self.tell({"T": "error", "code": code, "msg": message})
        await self._socket.close()


def _packed(message: Mapping[str, Any]) -> dict[str, Any]:
    """Write the time in the way that msgpack has for it."""
    if "t" not in message:
        return dict(message)
    seconds = int(datetime.fromisoformat(message["t"]).timestamp())
    return {**message, "t": msgpack.Timestamp(seconds, 0)}


async def market(world: World, question: Question, socket: Socket, *, listening: set[str]) -> None:
    """Tell what is subscribed to.

    Args:
        listening: the keys that listen already; one connection each is all they have.
    """
    talk = _Talk(socket, question)
    await socket.accept()
    await talk.tell({"T": "success", "msg": "connected"})
    try:
        asked = await asyncio.wait_for(talk.hear(), _AUTH_SECONDS)
    except TimeoutError:
        await talk.refuse(404, "auth timeout")
        return
    if asked is None:
        return
    key = str(asked.get("key", ""))
    if world.admit(key, str(asked.get("secret", ""))) is None:
        await talk.refuse(402, "auth failed")
        return
    if key in listening:
        await talk.refuse(406, "connection limit exceeded")
        return
    listening.add(key)
    wanted: dict[str, set[str]] = {name: set() for name in _CHANNELS}
    sender = asyncio.create_task(_send(world, talk, wanted))
    try:
        await talk.tell({"T": "success", "msg": "authenticated"})
        while (asked := await talk.hear()) is not None:
            _obey(asked, wanted)
            state = {name: sorted(symbols) for name, symbols in wanted.items()}
            await talk.tell({"T": "subscription", **state})
    finally:
        listening.discard(key)
        sender.cancel()


def _obey(asked: Mapping[str, Any], wanted: dict[str, set[str]]) -> None:
    for name in _CHANNELS:
        symbols = {str(each) for each in asked.get(name) or ()}
        if asked.get("action") == "subscribe":
            wanted[name] |= symbols
        elif asked.get("action") == "unsubscribe":
            wanted[name] -= symbols


async def _send(world: World, talk: _Talk, wanted: Mapping[str, set[str]]) -> None:
    while True:
        now = world.clock.now()
        told = [
            {"T": letter, "S": symbol, **write(MARKET[symbol], now)}
            for name, (letter, write) in _TOLD.items()
            for symbol in sorted(MARKET if "*" in wanted[name] else wanted[name] & set(MARKET))
        ]
        if told:
            await talk.tell(*told)
        await asyncio.sleep(_EVERY_SECONDS)


async def account_updates(world: World, socket: Socket) -> None:
    """Tell what is filled in an account, in binary frames that hold JSON, as paper accounts do."""
    await socket.accept()
    account: AlpacaAccount | None = None
    fills: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    sender = asyncio.create_task(_send_fills(fills, socket))
    try:
        while (said := await socket.receive()) is not None:
            asked: dict[str, Any] = {}
            with suppress(ValueError):
                asked = json.loads(said)
            given = asked.get("data") or {}
            if asked.get("action") == "authenticate":
                known = world.admit(given.get("key_id", ""), given.get("secret_key", ""))
                account = known if isinstance(known, AlpacaAccount) else None
                status = "authorized" if account else "unauthorized"
                told = {"status": status, "action": "authenticate"}
                await _tell(socket, "authorization", told)
            elif asked.get("action") == "listen" and account is not None:
                account.listeners.add(fills)
                await _tell(socket, "listening", {"streams": given.get("streams", [])})
    finally:
        sender.cancel()
        if account is not None:
            account.listeners.discard(fills)


async def _send_fills(fills: asyncio.Queue[dict[str, Any]], socket: Socket) -> None:
    while True:
        row = await fills.get()
        update = {
            "event": "fill",
            "execution_id": row["id"].partition("::")[2],
            "timestamp": row["transaction_time"],
            "price": row["price"],
            "qty": row["qty"],
            "order": order_of([row]),
        }
        await _tell(socket, "trade_updates", update)


async def _tell(socket: Socket, stream: str, content: Mapping[str, Any]) -> None:
    await socket.send(json.dumps({"stream": stream, "data": content}).encode())
