"""Asks Kite; what it has is what it has today, each list whole."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime

from brokers.adapters.contract import AccountName, Cursor, Environment, Page
from brokers.adapters.kite import parser
from brokers.domain.events import Stream
from common.remote.breaker import Breaker
from common.remote.errors import AuthExpired, Forbidden, RemoteFailure
from common.remote.http import Budget, HttpClient, Service

JSON = ("application/json",)
_PATHS = {
    Stream.ACTIVITIES: ("/trades",),
    Stream.POSITIONS: ("/portfolio/holdings", "/portfolio/positions"),
    Stream.ORDERS: ("/orders",),
}
_CONNECT_SECONDS, _SILENCE_SECONDS = 3.0, 10.0
#: The status 403 stands for a dead token as well as for a right that is missing.
_REFUSALS: Mapping[str, type[RemoteFailure]] = {
    "TokenException": AuthExpired,
    "PermissionException": Forbidden,
}


class KiteSession:
    """Asks with somebody's key and the token of the day."""

    def __init__(
        self, credentials: Mapping[str, str], *, environment: Environment, budget: Budget
    ) -> None:
        self.calls = 0
        self._is_admitted = bool(credentials.get("access_token"))
        token = f"{credentials['api_key']}:{credentials.get('access_token', '')}"
        self._http = http_client(
            credentials["api_key"],
            environment=environment,
            headers={"Authorization": f"token {token}"},
            budget=budget,
        )

    def check(self) -> AccountName:
        """Ask whose account it is."""
        return parser.read_account_name(self._get("/user/profile"))

    def pages(self, stream: Stream, cursor: Cursor, *, now: datetime) -> Iterator[Page]:
        """Fetch a stream: it has no pages, and the day is read again each time."""
        del cursor
        for path in _PATHS[stream]:
            yield Page(self._get(path), path, {"covered_until": now.isoformat()})

    def _get(self, path: str) -> bytes:
        if not self._is_admitted:
            raise AuthExpired("Nobody has logged in yet.")
        self.calls += 1
        return self._http.get(path, content_types=JSON)


def http_client(
    api_key: str,
    *,
    environment: Environment,
    budget: Budget,
    headers: Mapping[str, str] | None = None,
) -> HttpClient:
    """Return who asks for a key: Kite counts by key and kind of question."""
    digest = hashlib.sha256(api_key.encode()).hexdigest()[:16]
    return HttpClient(
        Service(
            name=f"kite-{environment.name}-{digest}",
            base_url=environment.base_url,
            headers={"X-Kite-Version": "3", **(headers or {})},
            # Of 10; the rest is left for what else the owner lets read the account.
            limits=("8/second",),
            connect_seconds=_CONNECT_SECONDS,
            silence_seconds=_SILENCE_SECONDS,
            refusal=_refusal,
        ),
        budget=budget,
        breaker=Breaker(f"kite-{environment.name}"),
    )


def _refusal(_status: int, body: bytes) -> type[RemoteFailure] | None:
    return _REFUSALS.get(parser.error_type(body))
