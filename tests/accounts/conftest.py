"""People to sign in, and ways to do it."""

from collections.abc import Callable

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from tests import factories


@pytest.fixture
def make_user(db) -> Callable[..., User]:
    return factories.make_user


@pytest.fixture
def browser(db) -> Client:
    """A browser that nobody has signed in with; forms are posted without their CSRF token."""
    return Client(raise_request_exception=False)


@pytest.fixture
def program(db) -> APIClient:
    return APIClient(raise_request_exception=False)
