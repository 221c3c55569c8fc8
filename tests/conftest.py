"""What every test may use: two people who must not see each other's things."""

import pytest
from django.core.cache import cache
from django.core.management.commands import flush
from django.test import Client
from django_mongodb_backend.operations import DatabaseOperations
from hypothesis import HealthCheck, settings
from rest_framework.test import APIClient

from tests import factories

# How fast a machine is at the moment is no property of the code.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def _no_permissions_after_each_test():
    """Leave out what Django writes anew after each test's flush: a row a permission.

    It takes longer than most tests, and none needs it: staff in the tests are superusers, and
    content types are made where they are asked for.
    """
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(flush, "emit_post_migrate_signal", lambda *_args, **_options: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def _only_what_holds_something_is_emptied():
    """Ask once which collections do: to empty them one by one takes longer than most tests."""

    def empty(operations, tables):
        database = operations.connection.database
        one = {"$limit": 1}
        unions = [
            {"$unionWith": {"coll": name, "pipeline": [one, {"$project": {"of": name}}]}}
            for name in tables
        ]
        for found in database.aggregate([{"$documents": []}, *unions]):
            database[found["of"]].delete_many({})

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(DatabaseOperations, "execute_sql_flush", empty)
        yield


@pytest.fixture
def ada(db):
    """The owner of things."""
    return factories.make_user("ada@example.test")


@pytest.fixture
def bo(db):
    """A stranger to Ada's things."""
    return factories.make_user("bo@example.test")


@pytest.fixture
def browser_of():
    """Return a signed-in browser of somebody."""

    def signed_in(user) -> Client:
        client = Client()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return signed_in


@pytest.fixture
def program_of():
    """Return an API client of somebody."""

    def authenticated(user) -> APIClient:
        client = APIClient()
        client.force_authenticate(user)
        return client

    return authenticated


@pytest.fixture(autouse=True)
def _empty_cache():
    """No test sees what another one cached."""
    yield
    cache.clear()
