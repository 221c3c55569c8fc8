"""Child processes: how one is described, started, recognized later, and stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from config import guard


@dataclass(frozen=True, kw_only=True)
class Process:
    """A program to run, and what its keeper must know about it."""

    name: str
    argv: Sequence[str]
    #: Variables on top of the keeper's own.
    environment: Mapping[str, str] = field(default_factory=dict)
    #: Where its output goes; without one, it goes to whoever runs it.
    log_file: Path | None = None
    #: Answers whether it does its work; without one, running is being ready.
    is_ready: Callable[[], bool] | None = None
    #: Answers whether somebody else runs it already, so that it need not be started.
    runs_elsewhere: Callable[[], bool] | None = None
    #: Is told the process id after each start.
    on_start: Callable[[int], None] | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    grace_seconds: float = 15.0


class _Guard:
    """This process's line to the guard that ends its children should it die."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pipe: IO[bytes] | None = None
        self._owner = 0

    def begin(self, pid: int) -> None:
        """Put a process group under the guard."""
        self._write(f"+{pid}\n")

    def finish(self, pid: int) -> None:
        """Take a process group off the guard."""
        self._write(f"-{pid}\n")

    def _write(self, line: str) -> None:
        with self._lock:
            if self._pipe is None or self._owner != os.getpid():
                self._pipe = self._start()
                self._owner = os.getpid()
            with contextlib.suppress(BrokenPipeError):
                self._pipe.write(line.encode())

    @staticmethod
    def _start() -> IO[bytes]:
        process = subprocess.Popen(  # noqa: S603 - our own file
            [sys.executable, "-I", "-S", guard.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
            cwd="/",
        )
        assert process.stdin is not None  # noqa: S101 - asked for above
        # It ends by itself once this process has; waiting for it would be waiting for ourselves.
        process.returncode = 0
        pipe = process.stdin
        # A forked copy of this process must not keep the pipe open after we are gone.
        os.register_at_fork(after_in_child=pipe.close)
        return pipe


_guard = _Guard()


def start(process: Process, *, output: int | None = None) -> subprocess.Popen[bytes]:
    """Start it in a process group of its own, which ends when we do, however we end.

    Args:
        process: what to start.
        output: where its output goes when it names no file, as `subprocess` takes it.
    """
    with contextlib.ExitStack() as stack:
        if process.log_file:
            output = stack.enter_context(process.log_file.open("wb")).fileno()
        child = subprocess.Popen(  # noqa: S603 - the caller's own command
            list(process.argv),
            env={**os.environ, **process.environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output is not None else None,
            # A terminal's Ctrl-C must reach the keeper alone, which then stops all in order.
            start_new_session=True,
        )
    _guard.begin(child.pid)
    if process.on_start:
        process.on_start(child.pid)
    return child


def finish(child: subprocess.Popen[bytes]) -> None:
    """Kill what is left of an ended child's process group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    _guard.finish(child.pid)


def stop(child: subprocess.Popen[bytes], process: Process) -> None:
    """Ask a child to stop, wait, and kill its whole process group after the grace period."""
    if child.poll() is None:
        child.send_signal(process.stop_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(process.grace_seconds)
    finish(child)
    child.wait()


def birth_of(pid: int) -> str | None:
    """Return a mark that tells this process from a later one with the same number.

    Returns:
        None when there is no such process, or it only waits to be buried.
    """
    if Path("/proc/self/stat").exists():
        return _birth_on_linux(pid)
    listing = subprocess.run(  # noqa: S603 - fixed command
        ["/bin/ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return listing.stdout.strip() or None


def _birth_on_linux(pid: int) -> str | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name stands in brackets and may hold spaces; the state and the start time follow it.
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else f"{boot}:{fields[19]}"


def is_running(pid: int, birth: str) -> bool:
    """Tell whether the very process that was recorded is still there."""
    return pid > 0 and birth_of(pid) == birth


def wait_until(condition: Callable[[], bool], *, seconds: float, pause: float = 0.05) -> bool:
    """Ask again and again until it is so, or the time is up; returns whether it is so."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(pause)
    return True
