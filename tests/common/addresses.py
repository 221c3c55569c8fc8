"""Addresses whose views fail in every anticipated way, and in one that isn't."""

from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError, OperationalError
from django.http import Http404, HttpResponse
from django.urls import path
from pymongo.errors import AutoReconnect, OperationFailure
from redis.exceptions import ConnectionError as RedisConnectionError
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from common.errors import Conflict, InvalidInput, NotFound, Unavailable
from config.urls import handler400, handler403, handler404, handler500  # noqa: F401 - Django's names
from config.urls import urlpatterns as real


class NotEnoughHeld(InvalidInput):
    """More was sold than was held."""

    code = "not-enough-held"


def _caused(error, cause):
    error.__cause__ = cause
    return error


FAILURES = {
    "invalid": lambda: NotEnoughHeld("You hold 3.", errors={"quantity": ["At most 3."]}),
    "missing": NotFound,
    "conflict": Conflict,
    "away": Unavailable,
    "http404": lambda: Http404("a path of this machine"),
    "denied": PermissionDenied,
    "suspicious": lambda: SuspiciousOperation("a secret"),
    "large": RequestDataTooBig,
    "no primary": lambda: _caused(DatabaseError(), AutoReconnect("gone")),
    "commit lost": lambda: _caused(OperationalError(), AutoReconnect("gone")),
    "raw driver": lambda: AutoReconnect("gone"),
    "busy": lambda: _caused(
        DatabaseError(),
        OperationFailure("x", 112, {"errorLabels": ["TransientTransactionError"]}),
    ),
    "redis": lambda: RedisConnectionError("gone"),
    "bug": lambda: ZeroDivisionError("a secret"),
    "database bug": lambda: _caused(DatabaseError(), OperationFailure("a secret", 2)),
}


def fail(name):
    failure = FAILURES[name]()
    raise failure


class Nested(serializers.Serializer[Any]):
    """A row of a list."""

    price = serializers.IntegerField()


class Form(serializers.Serializer[Any]):
    """Fields of every shape."""

    name = serializers.CharField()
    rows = Nested(many=True)

    def validate(self, attrs):
        raise serializers.ValidationError(f"{attrs['name']} is never right.")


class Api(APIView):
    """Fails as it is told; takes a form."""

    permission_classes = ()

    def get(self, request, name):
        if name == "throttled":
            raise exceptions.Throttled(wait=7.2)
        if name == "fine":
            return Response({"user": str(request.user)})
        return fail(name)

    def post(self, request, name):
        Form(data=request.data).is_valid(raise_exception=True)


def page(request, name):
    """Fail as it is told; "fine" looks at nothing, "mine" at the session."""
    if name == "fine":
        return HttpResponse("fine")
    if name == "mine":
        return HttpResponse(str(request.user))
    return fail(name)


urlpatterns = [path("api/fail/<name>", Api.as_view()), path("fail/<name>", page), *real]
