"""The lockout after repeated failed sign-ins: whom it counts, and how it answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from math import ceil
from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request

from accounts.models import User
from common import clock
from common.api.problems import Problem
from common.clients import client_address
from common.pages import failure_response

# Longer than any address that can be stored.
_LONGEST_EMAIL = 254


def attempted_email(request: HttpRequest, credentials: Mapping[str, Any] | None) -> str:
    """Return the address a sign-in was tried with, spelt the one way it is counted.

    The sign-in page calls it `email` or `login`, the admin's own page `username`.
    """
    given: Mapping[str, Any] = credentials or request.POST
    names = ("email", "username", "login")
    email = next((given[name] for name in names if given.get(name)), "")
    return str(email).strip().lower()[:_LONGEST_EMAIL]


def locked_out(
    request: HttpRequest,
    original_response: HttpResponse | None = None,
    credentials: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """Answer an attempt that comes while the lock holds, or that closed it."""
    email = attempted_email(request, credentials)
    seconds = seconds_left(email, client_address(request), now=clock.now())
    return failure_response(request, lockout_problem(seconds))


def lockout_problem(seconds: int) -> Problem:
    """Describe the lock, the same way to everybody."""
    minutes = ceil(seconds / 60)
    wait = "a minute" if minutes <= 1 else f"{minutes} minutes"
    return Problem(
        429,
        "sign-in-locked",
        "Too many failed sign-ins",
        f"Too many sign-ins failed. Try again in {wait}, or set a new password.",
        headers={"Retry-After": str(seconds)},
    )


def seconds_left(email: str, address: str, *, now: datetime) -> int:
    """Return how long the lock on an address from one place still holds, at least a second."""
    latest = (
        AccessAttempt.objects.filter(username=email, ip_address=address)
        .order_by("-attempt_time")
        .values_list("attempt_time", flat=True)
        .first()
    )
    if latest is None:
        return 1
    return max(1, ceil((latest + settings.AXES_COOLOFF_TIME - now).total_seconds()))


def sign_in_by_password(request: Request, *, email: str, password: str) -> User | None:
    """Check a password for an API client, counted like every other sign-in."""
    user = authenticate(request=request, email=email.strip().lower(), password=password)
    if isinstance(user, User):
        # Only a session's sign-in tells axes of its success.
        AxesProxyHandler.reset_attempts(username=user.email, ip_address=client_address(request))
        return user
    return None
