"""How request bodies are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from rest_framework import parsers
from rest_framework.exceptions import ParseError


class JSONParser(parsers.JSONParser):
    """JSON, refused with a clear answer however deeply it is nested."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return what the body says.

        Raises:
            ParseError: it is no JSON, or nested deeper than Python follows.
        """
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError as failure:
            raise ParseError("The JSON is nested too deeply.") from failure
