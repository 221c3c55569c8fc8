"""Runs several processes as one: their output side by side, one Ctrl-C, dead ones come back."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import IO, Any, NoReturn, Self, TextIO

from common.errors import Unavailable
from config import processes
from config.processes import Process

OWN_NAME = "livefolio"
COLORS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)
TURN_SECONDS = 0.2
READ_BYTES = 65_536
#: How long to wait before a process is asked again whether it is ready.
PROBE_SECONDS = 0.25
FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 10.0
#: A process that lived this long has recovered: its next restart is quick again.
SETTLED_SECONDS = 30.0


Handler = Callable[[int, FrameType | None], Any] | int | None


class StepFailed(Unavailable):
    """A step that had to succeed did not."""


class Stopped(Exception):
    """Somebody asked to stop."""


class Console:
    """Writes lines under the name of who said them, each name in its color on a terminal."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._colors: dict[str, int] = {}
        self._colored = self._stream.isatty() and not os.environ.get("NO_COLOR")
        #: The reader has gone away, as with `| head`.
        self.is_closed = False

    def say(self, text: str, *, name: str = OWN_NAME) -> None:
        """Write each line of the text under the name."""
        label = f"{name:<14}|"
        if self._colored:
            color = self._colors.setdefault(name, COLORS[len(self._colors) % len(COLORS)])
            label = f"\x1b[{color}m{label}\x1b[0m"
        try:
            for line in text.splitlines():
                self._stream.write(f"{label} {line}\n")
            self._stream.flush()
        except BrokenPipeError:
            self.is_closed = True


@dataclass(eq=False)
class _Child:
    """A process under supervision and the state it is in."""

    process: Process
    #: Started again whenever it ends; a step isn't.
    is_kept: bool = True
    running: subprocess.Popen[bytes] | None = None
    output: IO[bytes] | None = None
    unfinished_line: bytes = b""
    started_at: float = 0.0
    is_borrowed: bool = False
    #: When to start it again, while it isn't running.
    due_at: float | None = None
    delay_seconds: float = FIRST_DELAY_SECONDS


class Supervisor:
    """Keeps processes running until it is told to stop.

    Use it as a context manager, in the main thread: the end of the block stops what was started,
    newest layer first.
    """

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console()
        self._layers: list[list[_Child]] = []
        self._selector = selectors.DefaultSelector()
        self._signals_received = 0
        self._is_stopping = False
        self._previous_handlers: dict[signal.Signals, Handler] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self._previous_handlers[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        try:
            self._stop()
        finally:
            self._selector.close()
            for number, handler in self._previous_handlers.items():
                signal.signal(number, handler)
        return isinstance(error, Stopped)

    def start(self, *layer: Process) -> None:
        """Start processes that stop together, before those that were started earlier."""
        children = [_Child(process) for process in layer]
        self._layers.append(children)
        for child in children:
            self._start(child)

    def wait_until_ready(self, process: Process, *, seconds: float = 60.0) -> None:
        """Wait for a started process to do its work.

        Raises:
            StepFailed: it ended, or was not ready in this time.
            Stopped: somebody asked to stop.
        """
        child = next(one for one in self._children() if one.process is process)
        deadline = time.monotonic() + seconds
        while not (process.is_ready is None or process.is_ready()):
            self._take_turns(PROBE_SECONDS)
            if child.due_at is not None:
                raise StepFailed(f"{process.name} ended instead of starting.")
            if time.monotonic() > deadline:
                raise StepFailed(f"{process.name} was not ready after {seconds:.0f} seconds.")

    def run(self, step: Process) -> None:
        """Run a step to its end.

        Raises:
            StepFailed: it ended with a failure.
            Stopped: somebody asked to stop.
        """
        child = _Child(step, is_kept=False)
        self._layers.append([child])
        running = self._launch(child)
        while child.running is not None:
            self._turn()
        self._layers.pop()
        if running.returncode:
            raise StepFailed(f"{step.name} {_ending(running.returncode)}.")

    def watch(self) -> NoReturn:
        """Keep everything running.

        Raises:
            Stopped: somebody asked to stop.
        """
        while True:
            self._turn()

    def _children(self) -> Iterator[_Child]:
        for layer in self._layers:
            yield from layer

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._signals_received += 1

    def _take_turns(self, seconds: float) -> None:
        """Do so for some time; a turn alone is over as soon as anybody says something."""
        until = time.monotonic() + seconds
        self._turn()
        while (left := until - time.monotonic()) > 0:
            self._turn(left)

    def _turn(self, seconds: float = TURN_SECONDS) -> None:
        """Pass on output, notice deaths, start what is due."""
        for key, _events in self._selector.select(min(seconds, TURN_SECONDS)):
            self._pass_on_output(key.data)
        for child in self._children():
            if child.running is not None and child.running.poll() is not None:
                self._bury(child, child.running)
        if self._is_stopping:
            return
        if self._signals_received or self.console.is_closed:
            raise Stopped
        for child in self._children():
            self._revive(child)

    def _revive(self, child: _Child) -> None:
        """Start what is due, and what somebody else kept running until now."""
        if child.is_borrowed and not _runs_elsewhere(child.process):
            self.console.say(f"{child.process.name} is gone from where it ran; starting it here")
            self._start(child)
        elif child.due_at is not None and time.monotonic() >= child.due_at:
            self._start(child)

    def _start(self, child: _Child) -> None:
        child.due_at = None
        child.is_borrowed = _runs_elsewhere(child.process)
        if child.is_borrowed:
            return
        try:
            self._launch(child)
        except OSError as error:
            # No memory or no process left: bad times pass, and the others need their keeper.
            self._plan_restart(child, f"could not start ({error})")

    def _launch(self, child: _Child) -> subprocess.Popen[bytes]:
        running = processes.start(child.process, output=subprocess.PIPE)
        child.running = running
        child.started_at = time.monotonic()
        if running.stdout:
            child.output = running.stdout
            os.set_blocking(running.stdout.fileno(), False)
            self._selector.register(running.stdout, selectors.EVENT_READ, child)
        return running

    def _bury(self, child: _Child, running: subprocess.Popen[bytes]) -> None:
        """Clear up after an ended process, and plan its restart if it should be running."""
        processes.finish(running)
        while self._pass_on_output(child):
            pass
        self._close_output(child)
        child.running = None
        if child.is_kept and not self._is_stopping:
            self._plan_restart(child, _ending(running.returncode))

    def _plan_restart(self, child: _Child, reason: str) -> None:
        now = time.monotonic()
        if now - child.started_at > SETTLED_SECONDS:
            child.delay_seconds = FIRST_DELAY_SECONDS
        child.due_at = now + child.delay_seconds
        self.console.say(
            f"{child.process.name} {reason}; starting it again in {child.delay_seconds:g} s"
        )
        child.delay_seconds = min(2 * child.delay_seconds, LONGEST_DELAY_SECONDS)

    def _pass_on_output(self, child: _Child) -> bool:
        """Print the complete lines of what can be read at once; tells whether there was any."""
        if not child.output:
            return False
        try:
            chunk = os.read(child.output.fileno(), READ_BYTES)
        except BlockingIOError:
            return False
        if not chunk:
            self._close_output(child)
            return False
        *lines, child.unfinished_line = (child.unfinished_line + chunk).split(b"\n")
        for line in lines:
            self.console.say(_text(line), name=child.process.name)
        return True

    def _close_output(self, child: _Child) -> None:
        if child.unfinished_line:
            self.console.say(_text(child.unfinished_line), name=child.process.name)
            child.unfinished_line = b""
        if child.output:
            self._selector.unregister(child.output)
            child.output.close()
            child.output = None

    def _stop(self) -> None:
        """End everything, newest layer first; a second Ctrl-C ends the patience."""
        self._is_stopping = True
        asked_before = self._signals_received
        if any(child.running for child in self._children()):
            self.console.say("stopping; press Ctrl-C again to stop at once")
        for layer in reversed(self._layers):
            for child in layer:
                if child.running:
                    child.running.send_signal(child.process.stop_signal)
            asked_at = time.monotonic()
            while any(child.running for child in layer):
                self._turn()
                is_urgent = self._signals_received > asked_before
                waited = time.monotonic() - asked_at
                for child in layer:
                    if child.running and (is_urgent or waited > child.process.grace_seconds):
                        processes.finish(child.running)


def _runs_elsewhere(process: Process) -> bool:
    return process.runs_elsewhere is not None and process.runs_elsewhere()


def _ending(code: int) -> str:
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"


def _text(line: bytes) -> str:
    return line.decode(errors="replace").rstrip("\r")
