"""What the OpenAPI document says of every operation: how to sign in, how failures look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.contrib.rest_framework_simplejwt import SimpleJWTScheme
from drf_spectacular.generators import SchemaGenerator

from common.api.problems import CONTENT_TYPE

_PROBLEM: Mapping[str, Any] = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "example": "/problems/invalid-input"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "object",
            "description": "Field name → what is wrong with it.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
    "required": ["type", "title", "status", "detail"],
}
_METHODS = frozenset({"get", "post", "put", "patch", "delete"})


class BearerScheme(SimpleJWTScheme):
    """Our own class of the same tokens."""

    target_class = "common.api.authentication.JWTAuthentication"
    name = "bearer"


class Generator(SchemaGenerator):
    """Describes the API; named in the settings."""

    def get_schema(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the document, in which every operation may fail with a problem."""
        document: dict[str, Any] = super().get_schema(*args, **kwargs)  # type: ignore[no-untyped-call]
        schemas = document["components"]["schemas"]
        schemas["Problem"] = dict(_PROBLEM)
        for name, schema in schemas.items():
            # Unknown fields of bodies are refused; those of answers may come with any version.
            if name.endswith("Request") and schema.get("type") == "object":
                schema["additionalProperties"] = False
        content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        for path in document["paths"].values():
            for method in _METHODS & path.keys():
                path[method]["responses"]["default"] = {
                    "description": "A failure.",
                    "content": content,
                }
        return document
