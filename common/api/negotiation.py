"""In which form an endpoint answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request


class ByQuery(DefaultContentNegotiation):
    """Let the query say which form is wanted; failures are JSON, whatever would be accepted."""

    def select_renderer(
        self, request: Request, renderers: Iterable[Any], format_suffix: str | None = None
    ) -> tuple[Any, str]:
        """Take the first."""
        first = next(iter(renderers))
        return first, first.media_type
