"""The addresses of WebSockets."""

from __future__ import annotations

from typing import Any

from channels.routing import URLRouter
from channels.security.websocket import WebsocketDenier
from django.urls import path, re_path

from realtime.consumers import LiveConsumer
from realtime.origins import OriginGate


def websocket_application() -> Any:
    """Make the application that answers all WebSockets."""
    return OriginGate(
        URLRouter(
            [
                path("ws/v1/stream/", LiveConsumer.as_asgi()),
                # Without this, an unknown address would be an error of ours, with a traceback.
                re_path("", WebsocketDenier.as_asgi()),
            ]
        )
    )
