"""What happens around every request: its id, its log line, its failures, its caching."""

from __future__ import annotations

import re
from collections.abc import Callable
from time import perf_counter
from uuid import uuid4

import structlog
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_cache_control
from django.utils.functional import SimpleLazyObject

from common import freshness
from common.api.problems import problem_of
from common.pages import failure_response

Handler = Callable[[HttpRequest], HttpResponseBase]
log = structlog.get_logger(__name__)

_HEADER = "X-Request-ID"
_VALID_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_READING = {"GET", "HEAD", "OPTIONS"}
_PROBES = {"/healthz", "/readyz"}


class RequestLog:
    """Give each request an id, and write one line about it when it is answered."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request."""
        started = perf_counter()
        request_id = _request_id(request)
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
            response[_HEADER] = request_id
            _write_line(request, response, milliseconds=(perf_counter() - started) * 1_000)
        return response


class FailurePages:
    """Answer the anticipated failures of views that render pages."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, failure: Exception) -> HttpResponse | None:
        """Turn one of our failures into its page; leave bugs alone."""
        problem = problem_of(failure)
        return None if problem is None else failure_response(request, problem)


class PrivatePages:
    """Forbid browsers and proxies to keep what was written for one person.

    An answer that looked at neither the session nor a token is the same for everybody.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request."""
        response = self.get_response(request)
        if request.session.accessed or "Authorization" in request.headers:
            patch_cache_control(response, private=True, no_store=True)
        return response


class OwnWrites:
    """Let nobody read what was kept before their own last write."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request."""
        response = self.get_response(request)
        user_id = None if request.method in _READING else _user_id(request)
        if user_id is not None:
            # Whatever came of it: what failed may have written something before.
            freshness.renew(user_id)
        return response


def _request_id(request: HttpRequest) -> str:
    given = request.headers.get(_HEADER, "")
    return given if _VALID_ID.fullmatch(given) else uuid4().hex


def _write_line(request: HttpRequest, response: HttpResponseBase, *, milliseconds: float) -> None:
    match = request.resolver_match
    route = match.route if match is not None else None
    is_background = request.path in _PROBES or request.path.startswith(settings.STATIC_URL)
    write = log.debug if is_background else log.info
    write(
        "request.finished",
        method=request.method,
        # The pattern and not the path: paths hold ids and reset links.
        route=route,
        status=response.status_code,
        milliseconds=round(milliseconds, 1),
        user_id=_user_id(request),
    )


def _user_id(request: HttpRequest) -> str | None:
    user = getattr(request, "user", None)
    if user is not None and not isinstance(user, SimpleLazyObject):
        # An API view has put the owner of a token here.
        return str(user.pk) if user.pk else None
    session = getattr(request, "session", None)
    # Only a session that is loaded already: the log line must not cost a look-up, least of all
    # one that fails because the database is away.
    if session is None or not hasattr(session, "_session_cache"):
        return None
    user_id: str | None = session.get(SESSION_KEY)
    return user_id
