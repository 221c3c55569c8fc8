"""How sessions are written: JSON that knows ObjectIds."""

from __future__ import annotations

import json
from typing import Any

from bson import ObjectId


class ObjectIdSerializer:
    """Writes an ObjectId as its 24 digits, which the sign-in steps of allauth put into sessions.

    They come back as text, which every look-up by key takes. Anything else that JSON doesn't know
    is refused, as with Django's own serializer: text in its place would be a silent surprise.
    """

    def dumps(self, obj: Any) -> bytes:
        """Return the session's data as bytes."""
        return json.dumps(obj, separators=(",", ":"), default=_object_id_as_text).encode("latin-1")

    def loads(self, data: bytes) -> Any:
        """Return the session's data again."""
        return json.loads(data.decode("latin-1"))


def _object_id_as_text(value: Any) -> str:
    if isinstance(value, ObjectId):
        return str(value)
    raise TypeError(f"A session can't keep a {type(value).__name__}.")
