"""Real servers, really killed."""

import json
import os
import signal
import socket
import sys

import psutil
import pymongo
import pytest
import redis

from config import embedded, processes
from config.servers import DiskFull, Mongo, Redis, ServerFailed, ServerMissing
from tests.config.keepers import Keeper, left_over

pytestmark = pytest.mark.chaos


class Nowhere(Redis):
    """A server that no machine has."""

    program = "no-such-server"
    wheel = ("no_such_package", "bin/no-such-server")


class Hungry(Redis):
    """A server that needs more disk than there is."""

    minimum_free_bytes = 10**18


class Confused(Redis):
    """A server that doesn't understand its command line."""

    def argv(self, port):
        return [*super().argv(port), "--no-such-option", "1"]


@pytest.fixture
def servers_in(keeper_of):
    """Run `manage.py servers` on a folder; returns it with both addresses."""

    def start(folder) -> tuple[Keeper, str, str]:
        keeper = keeper_of("manage.py", "servers", "--data", str(folder))
        redis_url = keeper.line_with("REDIS_URL=")
        return keeper, redis_url, keeper.line_with("MONGODB_URI=")

    return start


def write(redis_url: str, mongodb_uri: str, text: str) -> None:
    with redis.Redis.from_url(redis_url) as cache, pymongo.MongoClient(mongodb_uri) as database:
        cache.rpush("texts", text)
        database.test.texts.insert_one({"text": text})


def read(redis_url: str, mongodb_uri: str) -> tuple[list[str], list[str]]:
    with redis.Redis.from_url(redis_url) as cache, pymongo.MongoClient(mongodb_uri) as database:
        rows = database.test.texts.find(sort=[("_id", 1)])
        return [text.decode() for text in cache.lrange("texts", 0, -1)], [r["text"] for r in rows]


def pid_of(folder, server: str) -> int:
    return json.loads((folder / server / "server.json").read_text())["pid"]


def test_killing_the_keeper_leaves_no_server_and_loses_no_data(tmp_path, servers_in):
    keeper, *urls = servers_in(tmp_path)
    write(*urls, "kept")
    # Redis writes its journal to the disk every second, but hands it to the kernel at once.
    family = keeper.everything()
    keeper.send(signal.SIGKILL)
    assert left_over(family) == []

    keeper, *urls_again = servers_in(tmp_path)

    assert urls_again == urls
    assert read(*urls_again) == (["kept"], ["kept"])
    family = keeper.everything()
    assert keeper.send(signal.SIGINT) == 0
    assert left_over(family) == []


def test_killed_servers_come_back_where_they_were(tmp_path, servers_in):
    keeper, *urls = servers_in(tmp_path)
    write(*urls, "before")

    for server in ("mongodb", "redis"):
        os.kill(pid_of(tmp_path, server), signal.SIGKILL)
        keeper.line_with(f"{server} was killed by SIGKILL; starting it again")
    for server in (Mongo(tmp_path), Redis(tmp_path)):
        assert processes.wait_until(server.answers, seconds=20)

    write(*urls, "after")
    assert read(*urls) == (["before", "after"], ["before", "after"])


def test_who_comes_second_uses_the_running_servers_and_leaves_them_alone(
    tmp_path, servers_in, no_addresses
):
    _keeper, redis_url, mongodb_uri = servers_in(tmp_path)

    with embedded.running(tmp_path) as addresses:
        assert addresses == {"REDIS_URL": redis_url, "MONGODB_URI": mongodb_uri}

    assert Redis(tmp_path).answers()
    assert Mongo(tmp_path).answers()


def test_a_second_keeper_takes_over_when_the_first_one_goes(tmp_path, servers_in):
    first, *urls = servers_in(tmp_path)
    second, *urls_of_second = servers_in(tmp_path)
    write(*urls, "kept")

    first.send(signal.SIGINT)
    second.line_with("mongodb is gone from where it ran; starting it here")
    for server in (Redis(tmp_path), Mongo(tmp_path)):
        assert processes.wait_until(server.answers, seconds=20)

    assert urls_of_second == urls
    assert read(*urls) == (["kept"], ["kept"])


@pytest.mark.parametrize(
    "note",
    [
        json.dumps({"port": 1, "pid": os.getpid(), "birth": "another process of this number"}),
        '{"port": 63',
        "[]",
        "",
    ],
    ids=["of another process", "cut short", "of another kind", "empty"],
)
def test_a_stale_note_is_no_obstacle(tmp_path, no_addresses, note, monkeypatch):
    monkeypatch.setenv("MONGODB_URI", "mongodb://given")
    (tmp_path / "redis").mkdir()
    (tmp_path / "redis" / "server.json").write_text(note)

    with embedded.running(tmp_path) as addresses, redis.Redis.from_url(addresses["REDIS_URL"]) as r:
        assert r.ping()

    assert not Redis(tmp_path).answers()


def test_a_taken_port_moves_the_server_and_keeps_its_data(tmp_path, no_addresses):
    with embedded.running(tmp_path) as addresses:
        write(*addresses.values(), "kept")

    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", Mongo(tmp_path).port))
        with embedded.running(tmp_path) as moved:
            assert moved["MONGODB_URI"] != addresses["MONGODB_URI"]
            assert read(*moved.values()) == (["kept"], ["kept"])


def test_servers_listen_on_this_machine_only(tmp_path, no_addresses):
    with embedded.running(tmp_path):
        listening = {
            connection.laddr.ip
            for server in ("mongodb", "redis")
            for connection in psutil.Process(pid_of(tmp_path, server)).net_connections()
            if connection.status == psutil.CONN_LISTEN
        }

    assert listening == {"127.0.0.1"}


def test_given_addresses_start_nothing(tmp_path):
    with embedded.running(tmp_path) as addresses:
        assert addresses == {}

    assert list(tmp_path.iterdir()) == []


def test_a_missing_server_names_three_ways_out(tmp_path):
    with pytest.raises(ServerMissing) as caught:
        Nowhere(tmp_path).process()

    for way in ("install no-such-server", "set REDIS_URL", "docker/compose.yml"):
        assert way in caught.value.detail


def test_a_full_disk_is_said_in_a_sentence(tmp_path):
    with pytest.raises(DiskFull, match="GB of free disk, and redis-server needs at least"):
        Hungry(tmp_path).process()


def test_a_server_that_ends_at_once_shows_its_last_words(tmp_path):
    with (
        pytest.raises(ServerFailed, match=r"(?s)redis-server did not start .*no-such-option"),
        embedded.serving(Confused(tmp_path)),
    ):
        pytest.fail("it can't run")


def test_the_machine_s_own_program_goes_before_the_wheel_s(tmp_path, monkeypatch):
    own = tmp_path / "redis-server"
    own.write_text(f"#!{sys.executable}\n")
    own.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert Redis(tmp_path).argv(1)[0] == str(own)
