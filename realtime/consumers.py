"""The live stream's consumer: admits, joins, passes on what the client asks, leaves."""

from __future__ import annotations

from collections import deque
from time import monotonic
from typing import Any
from urllib.parse import parse_qs

import structlog
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import DatabaseError
from django.http import parse_cookie

from realtime import admission, protocol, tickets
from realtime.admission import Credential, in_database
from realtime.connection import Connection
from realtime.hub import TooManyConnections, running_hub
from realtime.protocol import BadMessage, ClientMessage, CloseCode
from realtime.tickets import TicketsUnavailable

log = structlog.get_logger(__name__)


class LiveConsumer(AsyncWebsocketConsumer):
    """One client of the live stream."""

    # No channel of its own: the hub listens for everybody, with one subscription per process.
    channel_layer_alias = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._connection: Connection | None = None
        self._came_in: deque[float] = deque(maxlen=protocol.MAX_MESSAGES_PER_SECOND)

    async def connect(self) -> None:
        """Let somebody in, or say why not: only an open connection can be closed with a reason."""
        await self.accept()
        try:
            credential = await _credential_of(self.scope)
        except (DatabaseError, TicketsUnavailable) as failure:
            log.warning("admission.failed", reason=type(failure).__name__)
            await self.close(CloseCode.TRY_AGAIN_LATER)
            return
        if credential is None:
            await self.close(CloseCode.NOT_SIGNED_IN)
            return
        connection = Connection(credential, send=self.base_send)
        try:
            running_hub().join(connection)
        except TooManyConnections:
            await self.close(CloseCode.TOO_MANY)
            return
        self._connection = connection

    async def disconnect(self, code: int) -> None:
        """Leave."""
        if self._connection is not None:
            running_hub().leave(self._connection)
            self._connection = None

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Do what the client asks."""
        connection = self._connection
        if connection is None or connection.is_closing:
            return
        if self._is_too_fast():
            connection.close(CloseCode.TOO_MANY)
        elif text_data is None or len(text_data.encode()) > protocol.MAX_FRAME_BYTES:
            connection.close(CloseCode.UNACCEPTABLE if text_data is None else CloseCode.TOO_BIG)
        else:
            await self._answer(connection, text_data)

    async def _answer(self, connection: Connection, text: str) -> None:
        try:
            await _follow(connection, protocol.parse(text))
        except BadMessage as failure:
            _tell_error(connection, failure.code, failure.detail)
        except DatabaseError as failure:
            log.warning("subscription.failed", reason=type(failure).__name__)
            _tell_error(connection, "unavailable", "The database doesn't answer; ask again.")

    def _is_too_fast(self) -> bool:
        moment = monotonic()
        is_too_fast = (
            len(self._came_in) == protocol.MAX_MESSAGES_PER_SECOND and moment - self._came_in[0] < 1
        )
        self._came_in.append(moment)
        return is_too_fast


async def _follow(connection: Connection, message: ClientMessage) -> None:
    hub = running_hub()
    match message["type"]:
        case "subscribe":
            unknown = await hub.subscribe(connection, message)
            if unknown:
                _tell_error(connection, "not-found", f"Not found: {', '.join(unknown)}.")
        case "unsubscribe":
            hub.unsubscribe(connection, message)
        case "snapshot":
            hub.send_snapshot(connection)
            hub.catch_up(connection)
        case "ping":
            connection.push_unnumbered(protocol.encode({"type": "pong"}))


async def _credential_of(scope: dict[str, Any]) -> Credential | None:
    """Find out who is there: by the ticket in the address if there is one, else by the cookie."""
    query = parse_qs(scope["query_string"].decode("latin-1"))
    if "ticket" in query:
        credential = await tickets.redeem(query["ticket"][0])
        ended = await in_database(admission.list_ended, [credential]) if credential else []
        return None if ended else credential
    header = dict(scope["headers"]).get(b"cookie", b"").decode("latin-1")
    session_key = parse_cookie(header).get(settings.SESSION_COOKIE_NAME)
    if not session_key:
        return None
    return await in_database(admission.credential_of_session, session_key)


def _tell_error(connection: Connection, code: str, detail: str) -> None:
    connection.push_unnumbered(protocol.encode({"type": "error", "code": code, "detail": detail}))
