"""Kite's ticker: binary packets over a WebSocket, of what somebody subscribed to.

Source: https://kite.trade/docs/connect/v3/websocket/
"""

from __future__ import annotations

import asyncio
import json
import random
import struct
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from brokers.sandbox.house import Socket
from brokers.sandbox.kite.books import KiteAccount
from brokers.sandbox.market import MARKET, Listed

_HEARTBEAT = b"\x00"
_EVERY_SECONDS = 0.2
#: Prices are told in hundredths.
_SCALE = 100
_MODES = frozenset({"ltp", "quote", "full"})
_NUMBERS = {each.number: each for each in MARKET.values() if each.number}


async def stream(account: KiteAccount, socket: Socket) -> None:
    """Send what is asked for until somebody hangs up."""
    await socket.accept()
    modes: dict[int, str] = {}
    sender = asyncio.create_task(_send(account, socket, modes))
    try:
        while (said := await socket.receive()) is not None:
            if isinstance(said, str):
                _obey(said, modes)
    finally:
        sender.cancel()


def _obey(said: str, modes: dict[int, str]) -> None:
    """Take an order, such as `{"a": "mode", "v": ["full", [408065]]}`; nonsense is left alone."""
    try:
        order = json.loads(said)
        action, value = order["a"], order["v"]
        if action == "subscribe":
            modes |= {int(token): modes.get(int(token), "quote") for token in value}
        elif action == "unsubscribe":
            for token in value:
                modes.pop(int(token), None)
        elif action == "mode" and value[0] in _MODES:
            modes |= {int(token): value[0] for token in value[1]}
    except (ValueError, KeyError, TypeError, IndexError):
        return


async def _send(account: KiteAccount, socket: Socket, modes: dict[int, str]) -> None:
    chance = random.Random(account.digest)  # noqa: S311 - a market
    prices = {each.number: each.price for each in _NUMBERS.values()}
    while True:
        await socket.send(_HEARTBEAT)
        wanted = [(_NUMBERS[token], mode) for token, mode in modes.items() if token in _NUMBERS]
        for listed, _ in wanted:
            step = Decimal(chance.randint(-3, 3)) * Decimal("0.05")
            prices[listed.number] = max(prices[listed.number] + step, Decimal("0.05"))
        if wanted:
            now = account.clock.now()
            await socket.send(
                message(packet(each, prices[each.number], mode, now) for each, mode in wanted)
            )
        await asyncio.sleep(_EVERY_SECONDS)


def message(packets: Iterable[bytes]) -> bytes:
    """Put packets together: how many there are, and before each its length."""
    bodies = list(packets)
    parts = [struct.pack(">H", len(bodies))]
    for body in bodies:
        parts += [struct.pack(">H", len(body)), body]
    return b"".join(parts)


def packet(listed: Listed, price: Decimal, mode: str, now: datetime) -> bytes:
    """Write one instrument's packet: 8, 44 or 184 bytes, big-endian."""
    last, close = int(price * _SCALE), int(listed.price * _SCALE)
    short = struct.pack(">II", listed.number, last)
    if mode == "ltp":
        return short
    day = (close, max(close, last), min(close, last), close)
    # Last quantity, average price, volume, wanted, offered, then the day's prices.
    quote = short + struct.pack(">9I", 1, last, 1_000, 500, 400, *day)
    if mode == "quote":
        return quote
    seconds = int(now.timestamp())
    # Last trade, open interest with its extremes, and the exchange's time.
    full = quote + struct.pack(">5I", seconds, 0, 0, 0, seconds)
    for step in range(-1, -6, -1):
        full += struct.pack(">IIHH", 100, last + 5 * step, 1, 0)
    for step in range(1, 6):
        full += struct.pack(">IIHH", 100, last + 5 * step, 1, 0)
    return full
