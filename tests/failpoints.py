"""Faults of the database on demand, by the server's own fail points."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import pytest
from django.conf import settings
from pymongo import MongoClient


class Arm(Protocol):
    """Make commands fail a number of times, from now to the end of the test."""

    def __call__(self, *commands: str, times: int = 1, **data: Any) -> None: ...


@pytest.fixture
def fail_point(db) -> Iterator[Arm]:
    """Arm `failCommand`: `fail_point("commitTransaction", times=2, closeConnection=True)`.

    The data is the server's: `errorCode`, `errorLabels`, `closeConnection`, `writeConcernError`,
    `blockConnection` with `blockTimeMS`.
    """
    client: MongoClient[dict[str, Any]]
    with MongoClient(str(settings.DATABASES["default"]["HOST"])) as client:

        def arm(*commands: str, times: int = 1, **data: Any) -> None:
            client.admin.command(
                {
                    "configureFailPoint": "failCommand",
                    "mode": {"times": times},
                    "data": {"failCommands": list(commands), **data},
                }
            )

        yield arm
        client.admin.command({"configureFailPoint": "failCommand", "mode": "off"})
        # A transaction whose end got lost would hold its locks for a minute.
        client.admin.command("killAllSessions", [])
