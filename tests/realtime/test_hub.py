"""The hub under load, with slow clients, silent feeds and servers that go away."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
from datetime import timedelta

import pytest
from bson import ObjectId
from channels.layers import InMemoryChannelLayer

from common import clock
from config import processes
from config.asgi import application
from config.servers import Redis
from marketdata.adapters import viewers
from realtime import broadcast, groups, tickets, upkeep
from realtime.admission import credential_of
from realtime.protocol import MAX_CONNECTIONS_PER_USER, CloseCode
from tests import factories
from tests.realtime.conftest import HOST, ORIGIN, ask, cookie_of, quote, redis_layer

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme(db):
    return str(factories.make_instrument("ACME").pk)


async def subscribe(socket, *instruments):
    """Watch instruments, and wait until the hub hears of new prices."""
    await socket.say({"type": "subscribe", "instruments": list(instruments)})
    await socket.hear("snapshot")
    heard = asyncio.create_task(socket.hear("quotes"))
    while not heard.done():
        await broadcast.quotes_recorded([quote(instruments[0], "1.00")])
        await asyncio.wait({heard}, timeout=0.1)
    await heard


async def test_many_changes_become_few_frames_with_the_newest_price(
    connected, browser_of, ada, acme
):
    socket = await connected(await ask(browser_of, ada))
    await subscribe(socket, acme)
    already = len(socket.frames)
    started = asyncio.get_running_loop().time()

    for price in range(200, 0, -1):
        await broadcast.quotes_recorded([quote(acme, f"{price}.25")])
    while (await socket.hear("quotes"))["quotes"][0]["price"] != "1.25":
        pass

    seconds = asyncio.get_running_loop().time() - started
    assert len(socket.frames) - already <= seconds * 10 + 2


async def until_shown(instrument, screens):
    found = None
    async with asyncio.timeout(5):
        while found != screens:
            await asyncio.sleep(0.05)
            found = (await viewers.read(now=clock.now())).get(instrument)


async def test_the_feed_is_told_how_many_screens_show_what(connected, browser_of, ada, bo, acme):
    sockets = [await connected(await ask(browser_of, user)) for user in (ada, bo)]
    for socket in sockets:
        await subscribe(socket, acme)

    await until_shown(acme, 2)
    await sockets[0].say({"type": "unsubscribe", "instruments": [acme]})
    await until_shown(acme, 1)

    assert await viewers.read(now=clock.now() + timedelta(seconds=20)) == {}


async def test_equal_subscriptions_hear_the_same(connected, browser_of, ada, bo, acme):
    sockets = [await connected(await ask(browser_of, user)) for user in (ada, bo, ada)]
    for socket in sockets:
        await subscribe(socket, acme)

    await broadcast.quotes_recorded([quote(acme, "3.00")])

    for socket in sockets:
        while (await socket.hear("quotes"))["quotes"][0]["price"] != "3.00":
            pass


async def test_prices_go_stale_with_a_silent_feed_and_fresh_with_the_first_batch(
    connected, browser_of, ada, acme, settings
):
    settings.FEED_STALE_SECONDS = 1
    socket = await connected(await ask(browser_of, ada))
    await subscribe(socket, acme)

    stale = await socket.hear("quotes")
    while not stale["quotes"][0]["stale"]:
        stale = await socket.hear("quotes")
    await broadcast.quotes_recorded([quote(ObjectId()), quote(acme, "4.00")])
    fresh = await socket.hear("quotes")

    assert stale["quotes"][0]["price"] == "1.00"
    assert (fresh["quotes"][0]["price"], fresh["quotes"][0]["stale"]) == ("4.00", False)


class SlowClient:
    """A client whose socket takes frames in only while it is told to."""

    def __init__(self, headers=(), *, ticket=""):
        self.reads = asyncio.Event()
        self.reads.set()
        self.frames: list[dict] = []
        self.closed_with: int | None = None
        self._incoming: asyncio.Queue[dict] = asyncio.Queue()
        scope = {
            "type": "websocket",
            "path": "/ws/v1/stream/",
            "query_string": f"ticket={ticket}".encode() if ticket else b"",
            "headers": [(b"host", HOST), *headers],
            "subprotocols": [],
        }
        self._running = asyncio.create_task(application(scope, self._incoming.get, self._send))
        self._incoming.put_nowait({"type": "websocket.connect"})

    async def _send(self, event):
        if event["type"] == "websocket.close":
            self.closed_with = event["code"]
            return
        await self.reads.wait()
        if event["type"] == "websocket.send":
            self.frames.append(json.loads(event["text"]))

    def say(self, message):
        self._incoming.put_nowait({"type": "websocket.receive", "text": json.dumps(message)})

    async def disconnect(self):
        self._incoming.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await self._running


@pytest.fixture
async def slow_client(open_socket, browser_of, ada):
    client = SlowClient([cookie_of(await ask(browser_of, ada)), ORIGIN])
    yield client
    await client.disconnect()


async def wait_for(condition, seconds=8.0):
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.02)


async def test_a_slow_client_misses_frames_and_gets_a_snapshot_later(
    slow_client, connected, browser_of, bo, acme
):
    quick = await connected(await ask(browser_of, bo))
    await subscribe(quick, acme)
    slow_client.say({"type": "subscribe", "instruments": [acme]})
    await wait_for(lambda: slow_client.frames)

    slow_client.reads.clear()
    for cents in range(10, 30):
        await broadcast.quotes_recorded([quote(acme, f"5.{cents}")])
        while (await quick.hear("quotes"))["quotes"][0]["price"] != f"5.{cents}":
            pass
    slow_client.reads.set()
    await wait_for(lambda: len(slow_client.frames) == 3)

    # The frame that was under way came late; one snapshot makes up for all that were missed.
    assert [frame["type"] for frame in slow_client.frames] == ["snapshot", "quotes", "snapshot"]
    assert [frame["seq"] for frame in slow_client.frames] == [1, 2, 3]
    assert slow_client.frames[-1]["quotes"][0]["price"] == "5.29"


async def test_a_client_that_never_reads_is_closed(slow_client, connected, browser_of, bo, acme):
    quick = await connected(await ask(browser_of, bo))
    await subscribe(quick, acme)
    slow_client.say({"type": "subscribe", "instruments": [acme]})
    await wait_for(lambda: slow_client.frames)

    slow_client.reads.clear()
    await broadcast.quotes_recorded([quote(acme, "6.00")])
    await wait_for(lambda: slow_client.closed_with, upkeep.TOO_SLOW_SECONDS + 3)

    assert slow_client.closed_with == CloseCode.TOO_SLOW


def issue_tickets(count):
    """Give out tickets, as many to each person as may have a connection."""
    people = range(-(-count // MAX_CONNECTIONS_PER_USER))
    users = [factories.make_user(f"{each}@example.test") for each in people]
    holders = itertools.cycle(map(credential_of, users))
    return [tickets.issue(next(holders)) for _ in range(count)]


@pytest.mark.chaos
async def test_a_thousand_who_come_at_once_all_get_in(connected, browser_of, ada, acme):
    before = await connected(await ask(browser_of, ada))
    await subscribe(before, acme)

    crowd = [SlowClient(ticket=each) for each in await ask(issue_tickets, 1_000)]
    for client in crowd:
        client.say({"type": "subscribe", "instruments": [acme]})
    # Whoever was there is served meanwhile.
    await broadcast.quotes_recorded([quote(acme, "5.00")])
    while (await before.hear("quotes"))["quotes"][0]["price"] != "5.00":
        pass
    are_in_already = sum(bool(client.frames) for client in crowd)
    await wait_for(lambda: all(client.frames for client in crowd), 120)
    await broadcast.quotes_recorded([quote(acme, "6.00")])
    await wait_for(lambda: all(price_of(client.frames[-1]) == "6.00" for client in crowd))

    assert are_in_already < len(crowd)
    assert {client.closed_with for client in crowd} == {None}
    for client in crowd:
        await client.disconnect()


def price_of(frame):
    return frame["quotes"][0]["price"] if frame.get("quotes") else None


async def test_one_person_cannot_take_all_connections(connected, browser_of, open_socket, ada):
    client = await ask(browser_of, ada)
    for _ in range(MAX_CONNECTIONS_PER_USER):
        socket = await connected(client)
        await socket.say({"type": "ping"})
        await socket.hear("pong")

    one_more = open_socket(headers=[cookie_of(client), ORIGIN])
    await one_more.connect()

    assert await one_more.close_code() == CloseCode.TOO_MANY


@pytest.fixture
def own_redis(tmp_path, settings):
    """A Redis that a test may kill; yields functions that stop and start it."""
    server = Redis(tmp_path)
    running = contextlib.ExitStack()

    def start():
        process = server.process()
        child = processes.start(process)
        running.callback(processes.stop, child, process)
        assert processes.wait_until(server.answers, seconds=30)
        settings.CHANNEL_LAYERS = redis_layer(server.url)
        return child

    def kill(child):
        os.kill(child.pid, 9)
        child.wait()
        running.close()

    with running:
        yield start, kill


@pytest.mark.chaos
async def test_prices_come_again_after_redis_was_killed(
    own_redis, connected, browser_of, ada, acme, settings
):
    start, kill = own_redis
    child = start()
    layers = settings.CHANNEL_LAYERS
    socket = await connected(await ask(browser_of, ada))
    settings.CHANNEL_LAYERS = layers
    await subscribe(socket, acme)

    kill(child)
    await broadcast.quotes_recorded([quote(acme, "7.00")])
    start_again = await asyncio.to_thread(start)
    settings.CHANNEL_LAYERS = layers

    heard = asyncio.create_task(socket.hear("quotes"))
    for _ in range(60):
        await broadcast.quotes_recorded([quote(acme, "8.00")])
        await asyncio.wait({heard}, timeout=0.1)
        if heard.done():
            break
    assert (await heard)["quotes"][0]["price"] == "8.00"
    assert start_again.poll() is None


async def test_group_names_suit_the_channel_layer(ada):
    for name in (groups.quotes(), groups.user(str(ada.pk))):
        assert InMemoryChannelLayer().require_valid_group_name(name)
