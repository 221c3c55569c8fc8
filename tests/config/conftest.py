"""Keepers of processes that end with the test."""

import pytest

from tests.config.keepers import Keeper


@pytest.fixture
def keeper_of():
    """Start keepers of processes."""
    keepers = []

    def start(*arguments: str, **variables: str) -> Keeper:
        keepers.append(Keeper(*arguments, **variables))
        return keepers[-1]

    yield start
    for keeper in keepers:
        keeper.close()


@pytest.fixture
def no_addresses(monkeypatch):
    """Forget the servers of the test run, so that others are started."""
    monkeypatch.delenv("MONGODB_URI")
    monkeypatch.delenv("REDIS_URL")
