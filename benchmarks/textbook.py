"""Live prices as textbooks on Channels have them: each client joins a group for each symbol."""

from __future__ import annotations

import json
import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")

from channels.generic.websocket import AsyncWebsocketConsumer
from django.core.asgi import get_asgi_application

_django = get_asgi_application()


def group_of(instrument_id: str) -> str:
    """Return the group that hears the quotes of one instrument."""
    return f"textbook.{instrument_id}"


class Prices(AsyncWebsocketConsumer):
    """One client."""

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Join the groups of all that it wants to watch."""
        for key in json.loads(text_data or bytes_data or b"{}")["instruments"]:
            await self.channel_layer.group_add(group_of(key), self.channel_name)
        await self._say({"type": "snapshot"})

    async def quote(self, message: dict[str, Any]) -> None:
        """Send a quote on."""
        await self._say({"type": "quotes", "quotes": [message["quote"]]})

    async def _say(self, content: dict[str, Any]) -> None:
        text = json.dumps(content, separators=(",", ":"))
        await self.send(text_data=text)  # type: ignore[no-untyped-call]


_prices: Any = Prices.as_asgi()  # type: ignore[no-untyped-call]  # as in all consumers


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answer whatever the server hands over."""
    if scope["type"] == "websocket":
        await _prices(scope, receive, send)
    elif scope["type"] == "http":
        await _django(scope, receive, send)
