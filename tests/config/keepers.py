"""Runs keepers of processes as processes of their own, which the tests then kill."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil

from config import processes

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 30.0


class Keeper:
    """A running Python program that keeps other processes, and what it says."""

    def __init__(self, *arguments: str, **variables: str) -> None:
        clean = {
            name: value
            for name, value in os.environ.items()
            if name not in {"MONGODB_URI", "REDIS_URL", "DJANGO_SETTINGS_MODULE"}
        }
        self.program = subprocess.Popen(
            [sys.executable, *arguments],
            env={**clean, "PYTHONPATH": str(ROOT), **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
        )
        self.said: list[str] = []
        self._is_reading = True
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def line_with(self, words: str) -> str:
        """Wait for a line with these words and return what follows them."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            line = self._lines.get(timeout=left)
            if line is None:
                break
            self.said.append(line)
            if words in line:
                return line.partition(words)[2].strip()
        raise AssertionError(f"never said {words!r}, only:\n" + "".join(self.said))

    def everything(self) -> list[psutil.Process]:
        """List all processes it keeps, at any depth."""
        return psutil.Process(self.program.pid).children(recursive=True)

    def send(self, number: signal.Signals) -> int:
        """Send it a signal and return how it ended."""
        self.program.send_signal(number)
        return self.program.wait(PATIENCE_SECONDS)

    def stop_reading(self) -> None:
        """Go away as a reader, as `| head` does."""
        self._is_reading = False
        self._reader.join()
        self.program.stdout.close()

    def close(self) -> None:
        """Let nothing of it outlive the test."""
        family = self.everything() if self.program.poll() is None else []
        self.program.kill()
        self.program.wait()
        for member in family:
            if member.is_running():
                member.kill()
        self._reader.join()
        self.program.stdout.close()

    def _read(self) -> None:
        for line in self.program.stdout:
            self._lines.put(line)
            if not self._is_reading:
                return
        self._lines.put(None)


def left_over(family: list[psutil.Process]) -> list[psutil.Process]:
    """Wait for these processes to end and return those that did not."""
    processes.wait_until(lambda: not any(map(_is_alive, family)), seconds=PATIENCE_SECONDS)
    return [member for member in family if _is_alive(member)]


def _is_alive(process: psutil.Process) -> bool:
    try:
        # An orphan that has ended stays on as a zombie until the machine's first process looks.
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
