"""Sockets through the real ASGI application, over a real Redis."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from asgiref.testing import ApplicationCommunicator
from bson import ObjectId
from django.conf import settings as django_settings

from common import clock
from common.redis import close_async_client
from config.asgi import application
from marketdata.domain.quotes import MarketState, Quote
from realtime.admission import in_database
from realtime.hub import stop_hub
from tests import factories

SECONDS = 5.0
HOST = b"testserver"


def redis_layer(url: str) -> dict:
    return {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {
                "hosts": [{"address": url, "socket_timeout": 15, "socket_connect_timeout": 2}],
                "prefix": f"test-{uuid4().hex}",
            },
        }
    }


class Socket:
    """A client of the live stream."""

    def __init__(self, path: str, headers: list[tuple[bytes, bytes]]) -> None:
        name, _, query = path.partition("?")
        scope = {
            "type": "websocket",
            "path": name,
            "query_string": query.encode(),
            "headers": [(b"host", HOST), *headers],
            "subprotocols": [],
        }
        self._communicator = ApplicationCommunicator(application, scope)
        self.frames: list[dict] = []

    async def connect(self) -> dict:
        """Return what the server says first: websocket.accept or websocket.close."""
        await self._communicator.send_input({"type": "websocket.connect"})
        return await self._communicator.receive_output(SECONDS)

    async def say(self, message: object) -> None:
        text = message if isinstance(message, str) else json.dumps(message)
        await self._communicator.send_input({"type": "websocket.receive", "text": text})

    async def say_bytes(self, content: bytes) -> None:
        await self._communicator.send_input({"type": "websocket.receive", "bytes": content})

    async def hear(self, kind: str, **fields) -> dict:
        """Return the next frame of a kind that has these fields; earlier ones are passed over."""

        async def next_such() -> dict:
            while True:
                event = await self._communicator.receive_output(SECONDS)
                assert event["type"] == "websocket.send", event
                frame = json.loads(event["text"])
                self.frames.append(frame)
                if frame["type"] == kind and fields.items() <= frame.items():
                    return frame

        return await asyncio.wait_for(next_such(), SECONDS)

    async def close_code(self) -> int:
        """Return the code with which the server closes; frames before are passed over."""
        while True:
            event = await self._communicator.receive_output(SECONDS)
            if event["type"] == "websocket.close":
                return event["code"]

    async def hears_nothing(self, seconds: float = 0.3) -> bool:
        return await self._communicator.receive_nothing(timeout=seconds, interval=0.02)

    async def disconnect(self) -> None:
        # A test that failed while it listened has ended the application with it.
        if not self._communicator.future.done():
            await self._communicator.send_input({"type": "websocket.disconnect", "code": 1000})
            await self._communicator.wait(SECONDS)


@pytest.fixture
def layer(settings):
    """Use the channel layer of production; its names are this test's own."""
    settings.CHANNEL_LAYERS = redis_layer(settings.REDIS_URL)


@pytest.fixture
async def open_socket(layer, db):
    """Return a function that makes sockets; at the end they are closed and the hub is stopped."""
    made = []

    def make(path: str = "/ws/v1/stream/", headers: list | None = None) -> Socket:
        made.append(Socket(path, headers or []))
        return made[-1]

    yield make
    for socket in made:
        await socket.disconnect()
    await stop_hub()
    await close_async_client()


def cookie_of(client) -> tuple[bytes, bytes]:
    name = django_settings.SESSION_COOKIE_NAME
    return b"cookie", f"{name}={client.cookies[name].value}".encode()


ORIGIN = (b"origin", b"http://" + HOST)


@pytest.fixture
def connected(open_socket):
    """Return a function that connects a signed-in browser."""

    async def connect(client) -> Socket:
        socket = open_socket(headers=[cookie_of(client), ORIGIN])
        assert (await socket.connect())["type"] == "websocket.accept"
        return socket

    return connect


def quote(instrument_id: str | ObjectId, price: str = "10.00", **fields) -> Quote:
    known = {
        "currency": "USD",
        "at": clock.now(),
        "source": "test",
        "previous_close": Decimal("8.00"),
        "market_state": MarketState.OPEN,
    } | fields
    return Quote(instrument_id=str(instrument_id), price=Decimal(price), **known)


def old_quote(instrument_id: str, price: str = "10.00", **fields) -> Quote:
    return quote(instrument_id, price, at=clock.now() - timedelta(minutes=5), **fields)


async def ask(function, *args, **kwargs):
    """Run something synchronous, as a view or task would."""
    return await in_database(function, *args, **kwargs)


@pytest.fixture
def acme(db):
    instrument = factories.make_instrument("ACME")
    factories.make_closes(instrument, {"2026-02-27": "8.00"})
    return str(instrument.pk)


@pytest.fixture
async def watching(connected, browser_of, ada, acme):
    """Ada's socket, watching one instrument."""
    socket = await connected(await ask(browser_of, ada))
    await socket.say({"type": "subscribe", "instruments": [acme]})
    await socket.hear("snapshot")
    return socket
