"""The live stream as its clients see it."""

from __future__ import annotations

import asyncio

import pytest
from bson import ObjectId
from redis.exceptions import ConnectionError as RedisGone

from accounts.models import User
from realtime import broadcast
from realtime.protocol import MAX_FRAME_BYTES, CloseCode
from tests import factories
from tests.realtime.conftest import ORIGIN, ask, cookie_of, quote

pytestmark = pytest.mark.django_db


async def test_a_subscriber_gets_a_snapshot_and_then_each_new_price(watching, acme):
    snapshot = watching.frames[-1]

    told = snapshot["quotes"][0]
    while told["price"] == "8.00":
        told = (await broadcast_until(watching, quote(acme, "10.50")))["quotes"][0]

    assert snapshot["quotes"][0] | {"at": ""} == {
        "id": acme,
        "price": "8.00",
        "currency": "USD",
        "previous_close": None,
        "change": None,
        "change_rate": None,
        "at": "",
        "source": "last close",
        "state": "closed",
        "delay_seconds": 0,
        "stale": False,
    }
    assert (told["price"], told["change"], told["change_rate"]) == ("10.50", "2.50", "0.312500")
    assert told["stale"] is False


async def broadcast_until(socket, *quotes):
    """Say it until it is heard: the hub joins its group a moment after it has started."""
    for _ in range(50):
        await broadcast.quotes_recorded(quotes)
        try:
            return await asyncio.wait_for(socket.hear("quotes"), 0.3)
        except TimeoutError:
            continue
    raise AssertionError("nothing was heard")


async def test_frames_are_numbered_without_gaps(watching, acme):
    await broadcast_until(watching, quote(acme, "10.00"))
    await watching.say({"type": "snapshot"})
    await watching.hear("snapshot")

    numbers = [frame["seq"] for frame in watching.frames if "seq" in frame]

    assert numbers == list(range(1, len(numbers) + 1))


async def test_who_no_longer_watches_hears_no_more(watching, acme):
    await broadcast_until(watching, quote(acme))
    await watching.say({"type": "unsubscribe", "instruments": [acme]})
    await watching.say({"type": "ping"})
    await watching.hear("pong")

    await broadcast.quotes_recorded([quote(acme, "11.00")])

    assert await watching.hears_nothing()


async def test_a_visitor_without_a_session_is_told_so(open_socket):
    socket = open_socket(headers=[ORIGIN])

    assert (await socket.connect())["type"] == "websocket.accept"
    assert await socket.close_code() == CloseCode.NOT_SIGNED_IN


async def test_a_page_of_another_site_is_refused(open_socket, browser_of, ada):
    cookie = cookie_of(await ask(browser_of, ada))
    socket = open_socket(headers=[cookie, (b"origin", b"https://evil.example")])

    assert (await socket.connect())["type"] == "websocket.close"


async def test_a_cookie_without_an_origin_is_refused(open_socket, browser_of, ada):
    socket = open_socket(headers=[cookie_of(await ask(browser_of, ada))])

    assert (await socket.connect())["type"] == "websocket.close"


async def test_an_unknown_address_is_refused_and_no_error(open_socket):
    socket = open_socket("/ws/v1/nothing/", headers=[ORIGIN])

    assert (await socket.connect())["type"] == "websocket.close"


async def test_a_program_connects_with_a_ticket_that_works_once(open_socket, program_of, ada):
    answer = await ask(program_of(ada).post, "/api/v1/stream-tickets/")
    address = f"/ws/v1/stream/?ticket={answer.json()['ticket']}"

    first, second = open_socket(address), open_socket(address)

    assert answer.status_code == 201
    assert answer.json()["expires_in_seconds"] == 30
    await first.connect()
    await first.say({"type": "ping"})
    await first.hear("pong")
    await second.connect()
    assert await second.close_code() == CloseCode.NOT_SIGNED_IN


async def test_a_ticket_of_somebody_who_was_deactivated_is_worth_nothing(
    open_socket, program_of, ada
):
    answer = await ask(program_of(ada).post, "/api/v1/stream-tickets/")
    await ask(User.objects.filter(pk=ada.pk).update, is_active=False)

    socket = open_socket(f"/ws/v1/stream/?ticket={answer.json()['ticket']}")
    await socket.connect()

    assert await socket.close_code() == CloseCode.NOT_SIGNED_IN


async def test_a_ticket_that_cannot_be_looked_up_is_no_refusal(open_socket, monkeypatch):
    async def fail(_client, _key):
        raise RedisGone

    monkeypatch.setattr("redis.asyncio.Redis.getdel", fail)
    socket = open_socket("/ws/v1/stream/?ticket=whatever")
    await socket.connect()

    assert await socket.close_code() == CloseCode.TRY_AGAIN_LATER


async def test_a_wrong_ticket_is_not_made_good_by_a_cookie(open_socket, browser_of, ada):
    cookie = cookie_of(await ask(browser_of, ada))
    socket = open_socket("/ws/v1/stream/?ticket=wrong", headers=[cookie])
    await socket.connect()

    assert await socket.close_code() == CloseCode.NOT_SIGNED_IN


async def test_a_strangers_things_are_as_if_they_did_not_exist(connected, browser_of, ada, bo):
    portfolio = await ask(factories.make_portfolio, ada)
    house = await ask(factories.make_instrument, "HOUSE", owner=ada, mic="")
    asked = [str(house.pk), str(portfolio.pk)]
    socket = await connected(await ask(browser_of, bo))

    await socket.say({"type": "subscribe", "instruments": asked[:1], "portfolios": asked[1:]})

    snapshot = await socket.hear("snapshot")
    error = await socket.hear("error")
    assert (snapshot["quotes"], snapshot["portfolios"]) == ([], [])
    assert error["code"] == "not-found"
    assert all(key in error["detail"] for key in asked)


@pytest.mark.parametrize(
    "junk",
    [
        "",
        "not json",
        "[1, 2]",
        '"subscribe"',
        "null",
        "[" * 30_000,
        {"type": "no such type"},
        {"type": ["subscribe"]},
        {"instruments": []},
        {"type": "subscribe", "instruments": "ABC"},
        {"type": "subscribe", "instruments": [1]},
        {"type": "subscribe", "portfolios": ["../../etc"]},
        {"type": "subscribe", "portfolios": {"$ne": None}},
    ],
)
async def test_junk_gets_an_error_and_the_connection_stays(connected, browser_of, ada, junk):
    socket = await connected(await ask(browser_of, ada))

    await socket.say(junk)

    assert (await socket.hear("error"))["code"] == "bad-message"
    await socket.say({"type": "ping"})
    await socket.hear("pong")


async def test_watching_too_much_is_refused_as_a_whole(connected, browser_of, ada):
    socket = await connected(await ask(browser_of, ada))

    await socket.say({"type": "subscribe", "instruments": [str(ObjectId()) for _ in range(501)]})

    assert (await socket.hear("error"))["code"] == "too-many-watched"


async def test_bytes_are_not_understood(connected, browser_of, ada):
    socket = await connected(await ask(browser_of, ada))

    await socket.say_bytes(b"\x00\x01")

    assert await socket.close_code() == CloseCode.UNACCEPTABLE


async def test_a_frame_that_is_too_big_closes_the_connection(connected, browser_of, ada):
    socket = await connected(await ask(browser_of, ada))

    await socket.say(" " * (MAX_FRAME_BYTES + 1))

    assert await socket.close_code() == CloseCode.TOO_BIG


async def test_too_many_messages_close_the_connection(connected, browser_of, ada):
    socket = await connected(await ask(browser_of, ada))

    for _ in range(11):
        await socket.say({"type": "ping"})

    assert await socket.close_code() == CloseCode.TOO_MANY
