"""What every request is read by: bodies without fields that nobody knows, numbers in plain digits.

A field that is silently left out is a value that the sender believes to be recorded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.http import QueryDict
from rest_framework import serializers

from common.numerals import OTHER_DIGITS, has_other_digits

_MOST_NAMED = 20
_LONGEST_NAME = 80
#: Comes along with the forms of a browser.
_CSRF_FIELD = "csrfmiddlewaretoken"


class Query(serializers.Serializer[Any]):
    """The parameters of an address; it may have others."""

    def to_internal_value(self, data: Any) -> Any:
        """Read all fields, and name every one that is wrong."""
        errors = dict(self.problems(data)) if isinstance(data, Mapping) else {}
        try:
            known = super().to_internal_value(data)
        except serializers.ValidationError as failure:
            # That of a serializer is always keyed by its fields.
            found: Any = failure.detail
            raise serializers.ValidationError({**found, **errors}) from failure
        if errors:
            raise serializers.ValidationError(errors)
        return known

    def problems(self, data: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
        """Find digits of other scripts outside of free texts."""
        for name, field in self.fields.items():
            given = data.get(name)
            if (
                isinstance(given, str)
                and not isinstance(field, serializers.CharField)
                and has_other_digits(given)
            ):
                yield name, [OTHER_DIGITS]


class Body(Query):
    """The content of a request that changes something; what it doesn't know is refused."""

    def problems(self, data: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
        """Find unknown fields as well."""
        yield from super().problems(data)
        known = {*self.fields, _CSRF_FIELD} if isinstance(data, QueryDict) else {*self.fields}
        unknown = [str(name)[:_LONGEST_NAME] for name in data if name not in known]
        for name in unknown[:_MOST_NAMED]:
            yield name, ["There is no such field here."]


class NoFields(Body):
    """The body of a request that says everything by its address: none, or an empty one."""
