"""Who may listen to the sandbox, and what becomes of nonsense; what they hear is in test_sdks."""

import json
from contextlib import contextmanager

import msgpack
import pytest
import requests
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from brokers.sandbox.alpaca.books import DEFAULT_KEY, DEFAULT_SECRET

AUTH = {"action": "auth", "key": DEFAULT_KEY, "secret": DEFAULT_SECRET}


@contextmanager
def market(running):
    """Connect to the market data in JSON, past the greeting."""
    address = running.url.replace("http", "ws") + "/alpaca/v2/iex"
    with connect(address, max_size=None) as socket:
        assert json.loads(socket.recv(5)) == [{"T": "success", "msg": "connected"}]
        yield socket


def said(socket, **what):
    socket.send(json.dumps(what))
    return json.loads(socket.recv(5))


@pytest.fixture
def fresh(running):
    running.reset(activities=0)
    return running


def test_a_key_has_one_connection_and_gets_it_back(fresh):
    with market(fresh) as first:
        assert said(first, **AUTH)[0]["msg"] == "authenticated"
        with market(fresh) as second:
            assert said(second, **AUTH)[0]["code"] == 406
            with pytest.raises(ConnectionClosed):
                second.recv(5)
    with market(fresh) as again:
        assert said(again, **AUTH)[0]["msg"] == "authenticated"


@pytest.mark.parametrize("change", [{"secret": "wrong"}, {"key": "nobody"}, {"key": None}])
def test_a_wrong_key_hears_nothing(fresh, change):
    with market(fresh) as socket:
        assert said(socket, **(AUTH | change))[0]["code"] == 402


def test_what_is_subscribed_to_is_told_and_nothing_else(fresh):
    with market(fresh) as socket:
        said(socket, **AUTH)
        socket.send("nonsense")
        assert json.loads(socket.recv(5))[0]["quotes"] == []
        state = said(socket, action="subscribe", quotes=["KO", "NOSUCH"], trades=["AAPL"])
        assert (state[0]["quotes"], state[0]["trades"]) == (["KO", "NOSUCH"], ["AAPL"])
        told = {(each["T"], each["S"]) for each in json.loads(socket.recv(5))}
    assert told == {("q", "KO"), ("t", "AAPL")}


def test_times_are_packed_as_msgpack_has_them(fresh):
    fresh.set_clock("2026-03-16T15:00:00+00:00")
    address = fresh.url.replace("http", "ws") + "/alpaca/v2/iex"
    packed = {"Content-Type": "application/msgpack"}
    with connect(address, additional_headers=packed) as socket:
        socket.recv(5)
        for message in (AUTH, {"action": "subscribe", "quotes": ["KO"]}):
            socket.send(msgpack.packb(message))
            socket.recv(5)
        (quote,) = msgpack.unpackb(socket.recv(5))
    assert quote["t"] == msgpack.Timestamp(1_773_673_200, 0)


def test_an_account_is_told_of_to_its_own_key_only(fresh):
    address = fresh.url.replace("http", "ws") + "/alpaca/stream"
    with connect(address) as socket:
        wrong = {"key_id": DEFAULT_KEY, "secret_key": "wrong"}
        answer = said(socket, action="authenticate", data=wrong)
        assert answer["data"]["status"] == "unauthorized"
        right = {"key_id": DEFAULT_KEY, "secret_key": DEFAULT_SECRET}
        answer = said(socket, action="authenticate", data=right)
        assert answer["data"]["status"] == "authorized"


def test_kite_refuses_a_dead_token_at_the_door(fresh):
    address = fresh.kite_url.replace("http", "ws") + "/?api_key=sandboxkite00001&access_token=dead"

    with pytest.raises(InvalidStatus) as refused, connect(address):
        pass

    assert refused.value.response.status_code == 403


def test_elsewhere_nobody_talks(fresh):
    for path in ("/nowhere", "/alpaca/nowhere"):
        with pytest.raises(InvalidStatus), connect(fresh.url.replace("http", "ws") + path):
            pass
    assert requests.get(f"{fresh.url}/nowhere", timeout=5).status_code == 404


def test_what_is_secret_in_a_question_is_not_kept(fresh):
    requests.get(f"{fresh.kite_url}/user/profile?access_token=hush&api_key=k", timeout=5)

    assert fresh.asked[-1]["query"] == "access_token=…&api_key=k"
