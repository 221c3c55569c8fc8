"""The one ASGI application: WebSockets, pages, the API and the admin.

Django's synchronous stack runs as one WSGI call in a thread: under ASGI each of its middlewares
and views would pay a hop between threads of its own.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, cast
from urllib.parse import quote_from_bytes

import structlog
from a2wsgi import WSGIMiddleware
from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.base")
wsgi_application = get_wsgi_application()

# Only now: they import models, which need Django set up.
from common.redis import close_async_client  # noqa: E402
from config.hot_reads import HotReads  # noqa: E402
from realtime.hub import running_hub, stop_hub  # noqa: E402
from realtime.routing import websocket_application  # noqa: E402

log = structlog.get_logger(__name__)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_ASCII = bytes(range(0x21, 0x7F)).decode()


class BodyCutShort(OSError):
    """The client went away before it had sent the whole body."""


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer whatever the server hands over."""
    if scope["type"] == "http":
        await _http(scope, receive, send)
    elif scope["type"] == "websocket":
        await _websockets(scope, receive, send)
    else:
        await _live(receive, send)


async def _ask_django(scope: Scope, receive: Receive, send: Send) -> None:
    await _django(_as_wsgi_can_tell(scope), _whole(receive), send)


async def _live(receive: Receive, send: Send) -> None:
    """Start and stop what lives as long as the process.

    The server has let all requests and connections end before it says shutdown.
    """
    await receive()
    running_hub()
    # What is loaded by now stays: each full collection would go through all of it, and take longer
    # than a turn of the hub.
    gc.collect()
    gc.freeze()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await stop_hub()
    await close_async_client()
    _django.executor.shutdown()
    await send({"type": "lifespan.shutdown.complete"})


def _as_wsgi_can_tell(scope: Scope) -> Scope:
    """Drop or mend what WSGI would confuse.

    WSGI writes `X_Forwarded_For` and `X-Forwarded-For` alike, so that a client could pass the one
    off as its proxy's other; and it wants addresses in ASCII.
    """
    headers = [(name, value) for name, value in scope["headers"] if b"_" not in name]
    query = quote_from_bytes(scope["query_string"], safe=_ASCII).encode()
    return {**scope, "headers": headers, "query_string": query}


def _whole(receive: Receive) -> Receive:
    """Make a body that ends too early an error; it would pass for a whole one otherwise."""

    async def receive_or_raise() -> Message:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BodyCutShort("The client went away in the middle of its request.")
        return message

    return receive_or_raise


_django: Any = WSGIMiddleware(cast(Any, wsgi_application), workers=settings.WEB_THREADS)
_http = HotReads(_ask_django)
_websockets = websocket_application()
