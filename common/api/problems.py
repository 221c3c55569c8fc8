"""The one place that turns failures into answers: RFC 9457 `application/problem+json`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from math import ceil
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError
from django.http import Http404, HttpResponse, HttpResponseBase, JsonResponse
from pymongo.errors import ConnectionFailure, PyMongoError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from rest_framework import exceptions
from rest_framework.response import Response

from common.errors import Conflict, Failure, InvalidInput, NotFound, Unavailable

CONTENT_TYPE = "application/problem+json"
_RETRY_SECONDS = 5
_KINDS: Mapping[type[Failure], int] = {
    InvalidInput: 422,
    NotFound: 404,
    Conflict: 409,
    Unavailable: 503,
}
# What the framework itself raises: exception → status, code, title.
_FRAMEWORK: tuple[tuple[type[Exception], int, str, str], ...] = (
    (Http404, 404, "not-found", "There is nothing here"),
    (RequestDataTooBig, 413, "too-large", "The request is too large"),
    (SuspiciousOperation, 400, "malformed", "The request can't be understood"),
    (PermissionDenied, 403, "forbidden", "This isn't allowed"),
    (exceptions.ParseError, 400, "malformed", "The request can't be understood"),
    (exceptions.NotAuthenticated, 401, "not-signed-in", "Sign in first"),
    (exceptions.AuthenticationFailed, 401, "sign-in-failed", "The sign-in was refused"),
    (exceptions.PermissionDenied, 403, "forbidden", "This isn't allowed"),
    (exceptions.NotFound, 404, "not-found", "There is nothing here"),
    (exceptions.MethodNotAllowed, 405, "method-not-allowed", "The method isn't allowed here"),
    (exceptions.NotAcceptable, 406, "not-acceptable", "No such form of answer"),
    (exceptions.UnsupportedMediaType, 415, "unsupported-type", "No such form of request"),
    (exceptions.Throttled, 429, "too-many-requests", "Too many requests"),
)


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong, ready to be written as JSON or as a page."""

    status: int
    code: str
    title: str
    detail: str = ""
    errors: Mapping[str, list[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the members of the problem document."""
        members: dict[str, Any] = {
            "type": f"/problems/{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail or self.title,
        }
        if self.errors:
            members["errors"] = dict(self.errors)
        return members


def problem_of(failure: BaseException) -> Problem | None:
    """Describe an anticipated failure; None means that it is a bug."""
    if isinstance(failure, Failure):
        return _of_kind(failure)
    if isinstance(failure, exceptions.ValidationError):
        return _of_validation(failure)
    for kind, status, code, title in _FRAMEWORK:
        if isinstance(failure, kind):
            detail = _detail_of(failure)
            return Problem(status, code, title, detail, headers=_headers_of(failure))
    if is_outage(failure):
        return OUTAGE
    return None


OUTAGE = Problem(
    503,
    "unavailable",
    "The service is not available",
    "Something this depends on doesn't answer. Try again shortly.",
    headers={"Retry-After": str(_RETRY_SECONDS)},
)
BROKEN = Problem(
    500,
    "server-error",
    "Something broke on our side",
    "The error has been recorded under the request id in the X-Request-ID header.",
)


def is_outage(failure: BaseException) -> bool:
    """Tell whether a database error comes from the other end being away or busy."""
    if isinstance(failure, RedisConnectionError | RedisTimeoutError):
        return True
    if not isinstance(failure, DatabaseError | PyMongoError):
        return False
    return any(_is_transient(cause) for cause in _causes(failure))


def problem_response(problem: Problem) -> HttpResponse:
    """Write a problem as `application/problem+json`."""
    return JsonResponse(
        problem.as_json(),
        status=problem.status,
        content_type=CONTENT_TYPE,
        headers=dict(problem.headers),
    )


def exception_handler(failure: Exception, context: Mapping[str, Any]) -> HttpResponseBase | None:
    """Answer a failure inside an API view; named in the settings."""
    problem = problem_of(failure)
    if problem is None:
        return None
    renderer = getattr(context.get("request"), "accepted_renderer", None)
    if renderer is not None and renderer.format == "api":
        # The browsable pages wrap the document in HTML themselves.
        return Response(problem.as_json(), status=problem.status, headers=dict(problem.headers))
    return problem_response(problem)


def _of_kind(failure: Failure) -> Problem:
    status = next(status for kind, status in _KINDS.items() if isinstance(failure, kind))
    title = (type(failure).__doc__ or failure.code).strip().splitlines()[0].rstrip(".")
    headers = (
        {"Retry-After": str(_RETRY_SECONDS)} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    )
    return Problem(status, failure.code, title, failure.detail, failure.errors, headers)


def _of_validation(failure: exceptions.ValidationError) -> Problem:
    errors: dict[str, list[str]] = {}
    for name, message in _flattened(failure.detail):
        errors.setdefault(name, []).append(message)
    # What concerns no single field is said in the sentence for people.
    general = errors.pop("", [])
    detail = " ".join(general) or "Some fields are not valid."
    return Problem(422, InvalidInput.code, "The input is not valid", detail, errors)


def _flattened(detail: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            step = "" if name == "non_field_errors" else str(name)
            yield from _flattened(inner, f"{path}.{step}".strip("."))
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            nested = isinstance(inner, Mapping | list)
            yield from _flattened(inner, f"{path}.{index}".strip(".") if nested else path)
    else:
        yield path, str(detail)


def _detail_of(failure: BaseException) -> str:
    # Django's own messages are left out: they may quote paths and settings.
    detail: Any = getattr(failure, "detail", "")
    return str(detail.get("detail", "") if isinstance(detail, Mapping) else detail)


def _headers_of(failure: BaseException) -> dict[str, str]:
    headers = {}
    if challenge := getattr(failure, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(failure, "wait", None):
        headers["Retry-After"] = str(ceil(wait))
    return headers


def _causes(failure: BaseException | None) -> Iterator[BaseException]:
    while failure is not None:
        yield failure
        failure = failure.__cause__


def _is_transient(cause: BaseException) -> bool:
    if isinstance(cause, ConnectionFailure):
        return True
    return isinstance(cause, PyMongoError) and (
        cause.has_error_label("TransientTransactionError") or cause.timeout
    )
