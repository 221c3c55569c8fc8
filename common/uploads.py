"""Limits on request bodies, kept before and while they are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, HttpResponseBase

from common.api.problems import Problem, problem_of
from common.middleware import Handler
from common.pages import failure_response

# A form around a file: boundaries, names, the other fields.
_FORM_BYTES = 65_536
_MEGABYTE = 1_048_576
_LENGTH_REQUIRED = Problem(
    411,
    "length-required",
    "The length is missing",
    "Send the body in one piece, with its length in the Content-Length header.",
)


class BodyTooLarge(RequestDataTooBig):
    """More was sent than is taken."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class BodyLimit:
    """Refuse a body by the length it declares, before a byte of it is read.

    Django checks forms only, and Django REST framework reads JSON of any length.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request."""
        if _is_of_unknown_length(request.META):
            return failure_response(request, _LENGTH_REQUIRED)
        try:
            check_length(request.META)
        except RequestDataTooBig as failure:
            problem = problem_of(failure)
            assert problem is not None  # noqa: S101 - tells the type checker what the table says
            return failure_response(request, problem)
        return self.get_response(request)


class CappedUploadHandler(FileUploadHandler):
    """Stop reading files once they pass the limit, whatever length was declared."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self._received = 0

    def handle_raw_input(
        self,
        input_data: IO[bytes],
        META: Mapping[str, Any],  # noqa: N803 - Django's name
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        """Refuse by the declared length."""
        check_length(META)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Count what comes in, over all files of the request."""
        self._received += len(raw_data)
        if self._received > settings.UPLOAD_MAX_BYTES:
            raise _too_big(settings.UPLOAD_MAX_BYTES)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the storing to the next handler."""


def check_length(headers: Mapping[str, Any]) -> None:
    """Raise when the declared length is over what its kind of body may have."""
    try:
        length = int(headers.get("CONTENT_LENGTH") or 0)
    except ValueError:
        # Django reads nothing from a body whose length it can't tell.
        return
    if str(headers.get("CONTENT_TYPE", "")).startswith("multipart/"):
        if length > settings.UPLOAD_MAX_BYTES + _FORM_BYTES:
            raise _too_big(settings.UPLOAD_MAX_BYTES)
    elif length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise _too_big(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


def _is_of_unknown_length(headers: Mapping[str, Any]) -> bool:
    # Such a body would be taken for an empty one.
    return "HTTP_TRANSFER_ENCODING" in headers and not headers.get("CONTENT_LENGTH")


def _too_big(limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"At most {limit / _MEGABYTE:g} MB are taken.")
