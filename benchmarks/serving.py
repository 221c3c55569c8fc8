"""Real servers for benchmarks: on one core of their own, with the CPU time that they took."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from config import processes
from config.processes import Process

_TICKS = os.sysconf("SC_CLK_TCK")
_START_SECONDS = 60.0
#: Before anything was kept on one of them.
_CORES = sorted(os.sched_getaffinity(0))

#: Makes the arguments for Python that serve an application at a port.
Command = Callable[[str, int], Sequence[str]]


class Server:
    """A running server."""

    def __init__(self, port: int, pid: int) -> None:
        self.port = port
        self._pid = pid

    def cpu_seconds(self) -> float:
        """Return the CPU time that it has taken so far."""
        text = Path(f"/proc/{self._pid}/stat").read_text()
        user, system = text.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / _TICKS

    def memory_mb(self) -> float:
        """Return the memory that it holds, in megabytes."""
        pages = int(Path(f"/proc/{self._pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1_048_576


def cores() -> tuple[int, int]:
    """Return a core for servers and one for clients; the same one where there is only one."""
    return _CORES[0], _CORES[-1]


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Keep this process on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def by_uvicorn(application: str, port: int) -> Sequence[str]:
    """Serve as production does."""
    return (
        *("-m", "uvicorn", application, "--port", str(port)),
        *("--loop", "uvloop", "--http", "httptools", "--ws", "realtime.server:WebSockets"),
        *("--ws-per-message-deflate", "false", "--no-access-log", "--log-level", "warning"),
    )


def by_daphne(application: str, port: int) -> Sequence[str]:
    """Serve as the tutorial of Channels does."""
    return ("-m", "daphne", application, "--port", str(port), "--verbosity", "0")


@contextmanager
def serving(
    application: str, environment: Mapping[str, str], *, by: Command = by_uvicorn
) -> Iterator[Server]:
    """Run an ASGI application with the servers of this run.

    Args:
        application: as uvicorn takes it, `config.asgi:application`.
        environment: what it is told besides.
    """
    port = _free_port()
    server_core, _ = cores()
    process = Process(
        name="server",
        argv=("taskset", "-c", str(server_core), sys.executable, *by(application, port)),
        environment=dict(environment),
    )
    child = processes.start(process, output=subprocess.DEVNULL)
    try:
        _wait(port)
        yield Server(port, child.pid)
    finally:
        processes.stop(child, process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(port: int) -> None:
    until = time.monotonic() + _START_SECONDS
    while True:
        try:
            with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                return
        except (URLError, ConnectionError):
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
