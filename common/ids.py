"""ObjectIds and days in URLs, and ids in text."""

from __future__ import annotations

import re
from datetime import date

from bson import ObjectId
from django.urls import register_converter
from django.urls.converters import get_converters

from common.errors import NotFound

_PATTERN = re.compile(r"[0-9a-f]{24}")


class ObjectIdConverter:
    """Takes an ObjectId from a URL; anything else doesn't match, which is a 404."""

    regex = _PATTERN.pattern

    def to_python(self, value: str) -> ObjectId:
        """Return the id."""
        return ObjectId(value)

    def to_url(self, value: ObjectId | str) -> str:
        """Return the id's digits; a link made of something else is a bug, and raises."""
        text = str(value)
        if not _PATTERN.fullmatch(text):
            raise ValueError(f"{text!r} is no ObjectId.")
        return text


class DayConverter:
    """Takes a day such as 2026-01-31 from a URL; what is in no calendar doesn't match."""

    regex = "[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def to_python(self, value: str) -> date:
        """Return the day."""
        return date.fromisoformat(value)

    def to_url(self, value: date) -> str:
        """Return how the day is written."""
        return value.isoformat()


class NoSuchId(NotFound):
    """There is nothing under this id."""

    code = "no-such-id"


def parse_object_id(text: object) -> ObjectId:
    """Read an id that came as text, or as anything else.

    Raises:
        NoSuchId: it is none, so nothing can stand under it.
    """
    if isinstance(text, ObjectId):
        return text
    if not isinstance(text, str) or not _PATTERN.fullmatch(text):
        raise NoSuchId
    return ObjectId(text)


def register() -> None:
    """Make `<object_id:…>` and `<day:…>` known to URL patterns; once is enough."""
    if "object_id" not in get_converters():
        register_converter(ObjectIdConverter, "object_id")
        register_converter(DayConverter, "day")
