"""Starts throw-away MongoDB and Redis servers before Django reads where they are."""

import atexit
import contextlib
import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from common.errors import Unavailable
from config import embedded, processes

PREFIX = "livefolio-test-"
#: Set by pytest-xdist in its workers, and by us where both servers are ours.
WORKER = "PYTEST_XDIST_WORKER"
STARTED = "LIVEFOLIO_TEST_SERVERS"


def start() -> None:
    """Start both servers in a fresh folder and name them in the environment, until the exit.

    Those that `MONGODB_URI` or `REDIS_URL` name already are used as they are. Workers that run
    tests side by side get servers of their own: one would empty the cache of the other.
    """
    _sweep()
    if os.environ.get(WORKER) and os.environ.get(STARTED):
        os.environ.pop("MONGODB_URI")
        os.environ.pop("REDIS_URL")
    stack = contextlib.ExitStack()
    # Also runs after Ctrl-C; a killed test run leaves the ending to the guard.
    atexit.register(stack.close)
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    addresses = stack.enter_context(embedded.running(folder, test_commands=True))
    if len(addresses) == 2:
        os.environ[STARTED] = "yes"
    os.environ.update(addresses)


def _sweep() -> None:
    """Remove folders of test runs that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        pid = folder.name.removeprefix(PREFIX).partition("-")[0]
        if pid.isdigit() and processes.birth_of(int(pid)) is None:
            shutil.rmtree(folder, ignore_errors=True)


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """Start them; a wrapper, because pytest-django reads the settings in its own hook."""
    options = early_config.known_args_namespace
    if not (options.help or options.version):
        try:
            start()
        except Unavailable as failure:
            raise pytest.UsageError(str(failure)) from failure
    return (yield)
