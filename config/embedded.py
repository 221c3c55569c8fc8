"""Finds or starts a real MongoDB and a real Redis on this machine, for development and tests."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from config import processes
from config.servers import HOST, Mongo, Redis, Server
from config.supervisor import StepFailed, Supervisor

START_SECONDS = 60.0


def needed(folder: Path, *, test_commands: bool = False) -> list[Server]:
    """List the servers to run here: those whose address is not given by a variable already."""
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    both: list[Server] = [Redis(folder), Mongo(folder, test_commands=test_commands)]
    return [server for server in both if not os.environ.get(server.variable)]


@contextlib.contextmanager
def running(folder: Path, *, test_commands: bool = False) -> Iterator[dict[str, str]]:
    """Run both servers until the end of the block; yields the variables that name them."""
    servers = needed(folder, test_commands=test_commands)
    with contextlib.ExitStack() as stack:
        for server in servers:
            stack.enter_context(serving(server))
        yield {server.variable: server.url for server in servers}


@contextlib.contextmanager
def serving(server: Server) -> Iterator[None]:
    """Run one server until the end of the block, or use the one that runs already."""
    with contextlib.ExitStack() as stack:
        with starting(server):
            process = server.process()
            child = None
            if not server.runs_elsewhere():
                child = processes.start(process)
                stack.callback(processes.stop, child, process)
            _wait_until_ready(server, child)
        yield


@contextlib.contextmanager
def starting(server: Server) -> Iterator[None]:
    """Let one process at a time look for and start this server."""
    server.folder.mkdir(parents=True, exist_ok=True)
    with (server.folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _wait_until_ready(server: Server, child: subprocess.Popen[bytes] | None) -> None:
    """Wait for its first answer.

    Raises:
        ServerFailed: it ended, or never answered.
    """

    def settled() -> bool:
        return server.answers() or (child is not None and child.poll() is not None)

    processes.wait_until(settled, seconds=START_SECONDS)
    if not server.answers():
        raise server.failure()


def supervise(supervisor: Supervisor, folder: Path) -> dict[str, str]:
    """Run both servers under a supervisor; returns the variables that name them."""
    servers = needed(folder)
    for server in servers:
        with starting(server):
            process = server.process()
            supervisor.start(process)
            try:
                supervisor.wait_until_ready(process, seconds=START_SECONDS)
            except StepFailed as failure:
                raise server.failure() from failure
        supervisor.console.say(
            f"{server.program} listens on {HOST}:{server.port}, data in {server.data}"
        )
    return {server.variable: server.url for server in servers}
