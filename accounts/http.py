"""Requests of somebody who is signed in, for type checkers."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails
from rest_framework.request import Request

from accounts.models import User


class AuthedHttpRequest(HttpRequest):
    """A request to a page behind the sign-in."""

    user: User
    htmx: HtmxDetails


class AuthedRequest(Request):
    """A request to an API view that demands a user."""

    user: User
