"""Requests of somebody who is signed in, for type checkers."""

from django.http import HttpRequest
from rest_framework.request import Request

from accounts.models import User


class AuthedHttpRequest(HttpRequest):
    """A request to a page behind the sign-in."""

    user: User


class AuthedRequest(Request):
    """A request to an API view that demands a user."""

    user: User
