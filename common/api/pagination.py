"""Lists cut into pages by a key, so that a page costs the same however deep it lies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from bson import ObjectId
from django.core import signing
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request

from common.errors import InvalidInput

DEFAULT_LIMIT = 50
MAX_LIMIT = 200

Row = TypeVar("Row", bound=Model)

#: For the OpenAPI document of a paged list.
PARAMETERS = (
    OpenApiParameter("cursor", str, description="Where to go on: taken from `next` or `previous`."),
    OpenApiParameter("limit", int, description=f"Rows in a page, {MAX_LIMIT} at most."),
)


class BadCursor(InvalidInput):
    """The cursor doesn't belong to this list."""

    code = "bad-cursor"


class BadLimit(InvalidInput):
    """The limit is no number of rows."""

    code = "bad-limit"


@dataclass(frozen=True, slots=True)
class CursorPage(Generic[Row]):
    """One page of rows, and the addresses of its neighbors."""

    rows: list[Row]
    #: Query strings that keep the filters of the request; None at an end of the list.
    next_url: str | None
    previous_url: str | None

    def answer(self, request: Request, results: Iterable[Any]) -> dict[str, Any]:
        """Return the body of an API answer, with `results` for the rows."""
        return {
            "results": list(results),
            "next": self.next_url and request.build_absolute_uri(self.next_url),
            "previous": self.previous_url and request.build_absolute_uri(self.previous_url),
        }


def page_of(
    request: HttpRequest | Request, rows: QuerySet[Row], *, key: Sequence[str]
) -> CursorPage[Row]:
    """Return the page of `rows` that the request's `cursor` and `limit` ask for.

    Args:
        request: its other parameters are carried over to the neighbors' addresses.
        rows: all rows; their order is replaced by that of the key.
        key: names of fields without nulls that together are unique, all ascending or all
            descending (`-`), best those of an index.

    Raises:
        BadCursor: the cursor was not made by this function for a list with this key.
        BadLimit: the limit is no number of rows that a page may have.
    """
    limit = _limit(request.GET.get("limit"))
    backward, edge = _unpack(request.GET.get("cursor"), key)
    order = [_turned(name) for name in key] if backward else list(key)
    found = _rows_beyond(rows.order_by(*order), order, edge, limit=limit + 1)
    more = len(found) > limit
    found = found[:limit]
    if backward:
        found.reverse()
    has_next, has_previous = (edge is not None, more) if backward else (more, edge is not None)
    return CursorPage(
        rows=found,
        next_url=_address(request, key, found[-1], backward=False) if found and has_next else None,
        previous_url=(
            _address(request, key, found[0], backward=True) if found and has_previous else None
        ),
    )


def paged(output: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    """Describe a page of `output` for the OpenAPI document."""
    described: serializers.Serializer[Any] = inline_serializer(
        name=f"{output.__name__.removesuffix('Output')}Page",
        fields={
            "results": output(many=True),
            "next": serializers.URLField(allow_null=True),
            "previous": serializers.URLField(allow_null=True),
        },
    )
    return described


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    is_number = text.isascii() and text.isdecimal() and len(text) <= 9
    if not is_number or not 1 <= int(text) <= MAX_LIMIT:
        raise BadLimit(errors={"limit": [f"Give a number from 1 to {MAX_LIMIT}."]})
    return int(text)


def _turned(name: str) -> str:
    return name.removeprefix("-") if name.startswith("-") else f"-{name}"


def _rows_beyond(
    rows: QuerySet[Row], order: Sequence[str], edge: Sequence[Any] | None, *, limit: int
) -> list[Row]:
    """Return the first rows after the edge: those that differ in the last field, then the others.

    (a, b) > (x, y) in one condition is an "or", for which the server may choose to read all rows
    with b > y. Two questions, each about one range of the index, leave it no such choice.
    """
    if edge is None:
        return list(rows[:limit])
    found: list[Row] = []
    for last in range(len(order) - 1, -1, -1):
        names = [name.removeprefix("-") for name in order[: last + 1]]
        lookups = dict(zip(names[:-1], edge, strict=False))
        lookups[f"{names[-1]}__{'lt' if order[last].startswith('-') else 'gt'}"] = edge[last]
        found += rows.filter(**lookups)[: limit - len(found)]
        if len(found) == limit:
            break
    return found


def _address(
    request: HttpRequest | Request, key: Sequence[str], row: Model, *, backward: bool
) -> str:
    values = [_packed(getattr(row, name.removeprefix("-"))) for name in key]
    parameters = request.GET.copy()
    parameters["cursor"] = signing.dumps([backward, *values], salt=_salt(key))
    return f"?{parameters.urlencode()}"


def _unpack(cursor: str | None, key: Sequence[str]) -> tuple[bool, list[Any] | None]:
    if cursor is None:
        return False, None
    try:
        backward, *values = signing.loads(cursor, salt=_salt(key))
    except (signing.BadSignature, UnicodeError) as failure:
        raise BadCursor(errors={"cursor": ["Take it unchanged from an earlier page."]}) from failure
    return bool(backward), [_UNPACKERS[kind](text) for kind, text in values]


def _salt(key: Sequence[str]) -> str:
    # A cursor of one list means nothing to a list with another key.
    return f"cursor:{','.join(key)}"


_UNPACKERS: Mapping[str, Any] = {
    "id": ObjectId,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "text": str,
    "number": int,
}


def _packed(value: Any) -> tuple[str, str]:
    match value:
        case ObjectId():
            return "id", str(value)
        case datetime():
            return "datetime", value.isoformat()
        case date():
            return "date", value.isoformat()
        case int():
            return "number", str(value)
        case str():
            return "text", value
        case _:
            raise TypeError(f"a page can't be keyed by a {type(value).__name__}")
