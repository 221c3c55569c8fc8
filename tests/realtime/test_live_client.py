"""The client in `docs/examples` follows the real server over a real socket."""

from __future__ import annotations

import asyncio
import importlib.util
import socket
from contextlib import aclosing, asynccontextmanager, suppress
from pathlib import Path
from urllib.error import HTTPError

import pytest
import uvicorn
from bson import ObjectId

from common.redis import close_async_client
from config.asgi import application
from marketdata.selectors import get_instrument
from portfolios.services import ledger, recalculation
from realtime import broadcast
from realtime.hub import running_hub, stop_hub
from realtime.protocol import CloseCode
from tests import factories
from tests.factories import NOW, TODAY, buy
from tests.realtime.conftest import quote

pytestmark = pytest.mark.django_db

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "live_client.py"
PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def live_client():
    spec = importlib.util.spec_from_file_location("live_client", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
async def site(layer):
    """Where the server will listen once it is started, and what starts it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            application, log_level="critical", lifespan="off", ws="realtime.server:WebSockets"
        )
        server = uvicorn.Server(config)

        @asynccontextmanager
        async def serving():
            work = asyncio.create_task(server.serve(sockets=[listener]))
            try:
                yield
            finally:
                server.should_exit = True
                await work
                await stop_hub()
                await close_async_client()

        yield f"http://127.0.0.1:{listener.getsockname()[1]}", serving


@pytest.fixture
def portfolio(ada, acme):
    ada.set_password(PASSWORD)
    ada.save()
    made = factories.make_portfolio(ada)
    ledger.record_transaction(made.pk, draft=buy(get_instrument(ObjectId(acme)), "3", "7"), now=NOW)
    recalculation.recalculate(made.pk, today=TODAY, now=NOW)
    return str(made.pk)


@pytest.fixture
def sign_in(live_client, site, ada):
    def sign_in(password=PASSWORD):
        account = {"email": ada.email, "password": password}
        return live_client.post(f"{site[0]}/api/v1/auth/token/", account)["access"]

    return sign_in


async def heard(frames, is_it):
    """Return the next frame that is it."""
    async with asyncio.timeout(20):
        async for frame in frames:
            if is_it(frame):
                return frame
    raise AssertionError("The frames have ended.")


async def test_it_subscribes_follows_fills_gaps_and_comes_back(
    live_client, site, sign_in, portfolio, acme
):
    address, serving = site
    client = live_client.LiveClient(address, sign_in, instruments=[acme], portfolios=[portfolio])

    async def feed():
        price = 10
        while True:
            price += 1
            await broadcast.quotes_recorded([quote(acme, f"{price}.00")])
            await asyncio.sleep(0.2)

    def is_a(kind):
        return lambda frame: frame["type"] == kind

    async with serving(), aclosing(client.frames()) as frames:
        await heard(frames, is_a("snapshot"))
        assert client.quotes[acme]["price"] == "8.00"
        assert client.portfolios[portfolio]["holdings_value"] == "24.00"

        feeding = asyncio.create_task(feed())
        told = await heard(frames, is_a("quotes"))
        assert client.quotes[acme] == told["quotes"][0]
        valued = await heard(frames, is_a("portfolio"))
        assert client.portfolios[portfolio] == valued["portfolio"]
        assert client.gaps == 0

        (connection,) = running_hub()._crowd
        # What happens to a frame that finds the one before still on its way.
        connection._number += 1
        again = await heard(frames, is_a("snapshot"))
        assert (again["quotes"][0]["id"], client.gaps) == (acme, 1)

        connection.close(CloseCode.TRY_AGAIN_LATER)
        after = await heard(frames, is_a("snapshot"))
        assert after["seq"] < again["seq"]
        await heard(frames, is_a("quotes"))
        feeding.cancel()
        with suppress(asyncio.CancelledError):
            await feeding


async def test_it_keeps_trying_but_not_with_a_wrong_password(
    live_client, site, sign_in, portfolio, acme
):
    address, serving = site
    passwords = iter([OSError, TimeoutError])

    def stumble():
        failure = next(passwords, None)
        if failure is not None:
            raise failure
        return sign_in()

    stubborn = live_client.LiveClient(address, stumble, instruments=[acme])
    refused = live_client.LiveClient(address, lambda: sign_in("wrong"), instruments=[acme])

    async with serving(), aclosing(stubborn.frames()) as frames, aclosing(refused.frames()) as none:
        frame = await heard(frames, lambda frame: frame["type"] == "snapshot")
        with pytest.raises(HTTPError, match="401"):
            await heard(none, lambda _frame: True)

    assert frame["quotes"][0]["id"] == acme
