"""People to sign in, and ways to do it."""

from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User

PASSWORD = "correct horse battery staple"


@pytest.fixture(autouse=True)
def _no_earlier_attempts(db):
    """Forget the rate limits of other tests; they are counted in the cache."""
    cache.clear()


@pytest.fixture
def make_user() -> Callable[..., User]:
    def make(email: str = "ada@example.test", **fields) -> User:
        return User.objects.create_user(email, PASSWORD, **fields)

    return make


@pytest.fixture
def ada(make_user) -> User:
    return make_user()


@pytest.fixture
def browser() -> Client:
    # Checks CSRF like a real one would not be told to: forms are posted by tests directly.
    return Client(raise_request_exception=False)


@pytest.fixture
def program() -> APIClient:
    return APIClient(raise_request_exception=False)
