"""Keeps pages of other sites from opening the live stream with a visitor's cookie."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from urllib.parse import parse_qs

from channels.security.websocket import WebsocketDenier
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse
from django.middleware.csrf import CsrfViewMiddleware


class OriginGate:
    """Demands an Origin, which browsers always send; programs with a ticket have none.

    Who may send forms may open the stream: scheme, host and port must be those by which the site
    itself was asked, or stand in `CSRF_TRUSTED_ORIGINS`. Another port is another site.
    """

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Pass the connection on, or refuse it with 403."""
        has_origin = any(name == b"origin" for name, _ in scope["headers"])
        has_ticket = b"ticket" in parse_qs(scope["query_string"])
        passes = _is_own(scope) if has_origin else has_ticket
        await (self._application if passes else WebsocketDenier())(scope, receive, send)


def _is_own(scope: dict[str, Any]) -> bool:
    # Django knows what its settings say of hosts, proxies and trusted origins; it judges requests.
    scheme = "https" if scope.get("scheme") == "wss" else "http"
    request = ASGIRequest({**scope, "method": "POST", "scheme": scheme}, BytesIO())
    judge = CsrfViewMiddleware(lambda _request: HttpResponse())
    return bool(judge._origin_verified(request))  # type: ignore[attr-defined]  # noqa: SLF001
