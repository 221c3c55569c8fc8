"""Signs questions as Binance wants it: over the query, percent-encoded, as it is sent."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote, urlencode


def signed(params: Mapping[str, str], *, secret: str) -> str:
    """Return a query with its signature at the end."""
    query = urlencode(params, quote_via=quote)
    digest = hmac.new(secret.encode(), query.encode(), hashlib.sha256).hexdigest()
    return f"{query}&signature={digest}"
