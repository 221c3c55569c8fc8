"""The least that a server can do for an answer: an application that returns the same bytes."""

from __future__ import annotations

import json
import os
from typing import Any

#: The headers and the body.
_ANSWER: dict[str, Any] = json.loads(os.environ["FLOOR_ANSWER"])
_BODY = _ANSWER["body"].encode()
_START: dict[str, Any] = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(name.encode(), value.encode()) for name, value in _ANSWER["headers"]],
}


async def application(scope: dict[str, Any], _receive: Any, send: Any) -> None:
    """Answer everything alike."""
    if scope["type"] == "http":
        await send(_START)
        await send({"type": "http.response.body", "body": _BODY})
