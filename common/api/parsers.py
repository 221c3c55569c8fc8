"""How request bodies are read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import IO, Any, NoReturn

from django.conf import settings
from rest_framework import parsers
from rest_framework.exceptions import ParseError, ValidationError


class JSONParser(parsers.JSONParser):
    """A JSON object, without anything that could be read in two ways."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return what the body says.

        Raises:
            ParseError: it is no JSON, names something twice, or is nested deeper than Python
                follows.
            ValidationError: it is no object.
        """
        encoding = (parser_context or {}).get("encoding", settings.DEFAULT_CHARSET)
        try:
            content = json.loads(
                stream.read().decode(encoding),
                object_pairs_hook=_each_once,
                parse_constant=_no_number,
            )
        except RecursionError as failure:
            raise ParseError("The JSON is nested too deeply.") from failure
        except ValueError as failure:
            raise ParseError(f"JSON parse error - {failure}") from failure
        if not isinstance(content, dict):
            raise ValidationError("The body is no JSON object.")
        return content


def _each_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object; which of two values is meant nobody can say."""
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ParseError(f"“{twice[:40]}” is there twice.")
    return made


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON.")
