"""Texts that the server writes by itself, as clients and `websockets` see them."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.protocols.utils import ClientDisconnected
from websockets.asyncio.client import connect
from websockets.frames import Frame, Opcode

from realtime import server

MEGABYTE = "x" * 1_000_000


@asynccontextmanager
async def serving(application, **options):
    """Serve an application; gives the address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            application,
            log_level="critical",
            lifespan="off",
            ws="realtime.server:WebSockets",
            **options,
        )
        running = uvicorn.Server(config)
        work = asyncio.create_task(running.serve(sockets=[listener]))
        try:
            yield f"ws://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            running.should_exit = True
            await work


def saying(*texts):
    """Return an application that says some texts and then closes."""

    async def application(_scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        for text in texts:
            await send({"type": "websocket.send", "text": text})
        await send({"type": "websocket.close", "code": 1000})

    return application


SIZES = [0, 1, 125, 126, 127, 65_535, 65_536, 200_000]


@pytest.mark.parametrize("compressed", [False, True])
async def test_texts_of_every_size_arrive_whole(compressed):
    said = ["é" + "x" * size for size in SIZES] + ["", "₿ and 漢字"]
    options = {"ws_per_message_deflate": compressed}

    async with serving(saying(*said), **options) as address, connect(address) as client:
        heard = [text async for text in client]
        assert client.close_code == 1000

    assert heard == said


@given(st.one_of(st.integers(0, 300), st.sampled_from([65_534, 65_535, 65_536, 65_537])))
def test_a_head_is_that_of_the_library(size):
    content = bytes(size)

    assert server._head(size) + content == Frame(Opcode.TEXT, content).serialize(mask=False)


async def test_a_client_that_does_not_read_is_waited_for():
    said = []

    async def application(_scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        while len(said) < 60:
            await send({"type": "websocket.send", "text": MEGABYTE})
            said.append(None)
        await send({"type": "websocket.close"})

    address = serving(application, ws_per_message_deflate=False)
    async with address as url, connect(url, max_queue=1) as client:
        await asyncio.sleep(0.5)
        said_unheard = len(said)
        heard = [len(text) async for text in client]

    assert said_unheard < 60
    assert heard == [1_000_000] * 60


async def test_who_speaks_after_the_end_is_told():
    told = asyncio.get_running_loop().create_future()

    async def application(_scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            pass
        try:
            await send({"type": "websocket.send", "text": "too late"})
        except ClientDisconnected:
            told.set_result(True)
        else:
            told.set_result(False)

    async with serving(application, ws_per_message_deflate=False) as address:
        async with connect(address):
            pass
        assert await asyncio.wait_for(told, 5)
