"""The least that a server can do for an answer: an application that returns the same bytes."""

from __future__ import annotations

import os
from typing import Any

_BODY = b"x" * int(os.environ.get("FLOOR_BYTES", "4096"))
_START: dict[str, Any] = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(_BODY)).encode()),
    ],
}


async def application(scope: dict[str, Any], _receive: Any, send: Any) -> None:
    """Answer everything alike."""
    if scope["type"] == "http":
        await send(_START)
        await send({"type": "http.response.body", "body": _BODY})
