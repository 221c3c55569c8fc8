"""What the tests of the shared parts share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from django.db import connection, connections, models
from django.test import Client
from django.test.utils import isolate_apps
from django_mongodb_backend.base import DatabaseWrapper

from tests.failpoints import fail_point

__all__ = ["addresses", "fail_point", "isolated", "made", "stock", "visitor"]


@pytest.fixture
def stock(db) -> Iterator[DatabaseWrapper]:
    """Return a connection of the backend as it is shipped, to the same database."""
    wrapper = DatabaseWrapper({**connection.settings_dict}, alias="stock")
    connections["stock"] = wrapper
    try:
        yield wrapper
    finally:
        wrapper.close_pool()
        del connections["stock"]


@pytest.fixture
def isolated() -> Iterator[None]:
    """Let a test declare models that no other test sees."""
    with isolate_apps("common"):
        yield


@pytest.fixture
def made(db, isolated) -> Iterator[Callable[..., type[models.Model]]]:
    """Make the collection of a model that a test declares, with any connection's schema editor."""
    with ExitStack() as stack:

        def make(model, *, using=connection):
            with using.schema_editor() as editor:
                editor.create_model(model)
            stack.callback(connection.database.drop_collection, model._meta.db_table)
            return model

        yield make


@pytest.fixture
def addresses(settings) -> None:
    """Serve the addresses that fail on demand."""
    settings.ROOT_URLCONF = "tests.common.addresses"


@pytest.fixture
def visitor(addresses) -> Client:
    """Return a browser that sees failures as people do."""
    return Client(raise_request_exception=False)
