"""What tests of connections may use: a sandbox, and an account of it that is connected."""

from collections.abc import Iterator

import pytest

from tests import factories
from tests.brokers.sandboxed import Sandbox, connect, forget_pauses, running_sandbox


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    """A sandbox, for all tests of a module."""
    with running_sandbox() as started:
        yield started


@pytest.fixture
def sandbox(running, settings, monkeypatch) -> Sandbox:
    """A sandbox with no history, which the product is pointed at."""
    monkeypatch.setattr("common.remote.http.random.uniform", lambda _least, _most: 0.0)
    forget_pauses()
    running.reset(activities=0)
    settings.BROKER_SANDBOX_URL = running.url
    settings.BROKER_SANDBOX_KITE_URL = running.kite_url
    return running


@pytest.fixture
def portfolio(ada):
    return factories.make_portfolio(ada)


@pytest.fixture
def connection(portfolio, sandbox):
    return connect(portfolio)
