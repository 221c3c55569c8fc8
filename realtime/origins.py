"""Keeps pages of other sites from opening the live stream with a visitor's cookie."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from channels.security.websocket import AllowedHostsOriginValidator


class OriginGate:
    """Demands an allowed Origin, which browsers always send; programs with a ticket have none."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self._checked = AllowedHostsOriginValidator(application)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Pass the connection on, or refuse it with 403."""
        has_origin = any(name == b"origin" for name, _ in scope["headers"])
        has_ticket = b"ticket" in parse_qs(scope["query_string"])
        passes = has_ticket and not has_origin
        await (self._application if passes else self._checked)(scope, receive, send)
