"""WebSockets to other people's services: their failures in the words of all other calls."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidStatus,
    InvalidURI,
    WebSocketException,
)

from common import clock
from common.remote.errors import (
    AuthExpired,
    BadRequest,
    Forbidden,
    RateLimited,
    RemoteFailure,
    Schema,
    Transient,
)
from common.remote.http import free_at

_OPEN_SECONDS = 10.0
_CLOSE_SECONDS = 2.0
#: A connection that is gone without a word is found out after one round of both.
_PING_SECONDS, _PONG_SECONDS = 10.0, 10.0
_MAX_BYTES = 4 * 1_048_576
#: Frames read ahead; when they are full the sender has to wait.
_MAX_FRAMES = 64


class RemoteSocket:
    """One open connection that speaks JSON."""

    def __init__(self, connection: ClientConnection, *, name: str) -> None:
        self._connection = connection
        self._name = name

    async def send(self, message: Mapping[str, Any]) -> None:
        """Send one message.

        Raises:
            Transient: the connection is gone.
        """
        try:
            await self._connection.send(json.dumps(message))
        except ConnectionClosed as error:
            raise Transient(_goodbye(self._name, error)) from error

    async def receive(self) -> Any:
        """Wait for the next message, and return it with its numbers as `Decimal`.

        Raises:
            Transient: the connection is gone.
            Schema: it is no JSON.
        """
        try:
            frame = await self._connection.recv()
        except ConnectionClosed as error:
            raise Transient(_goodbye(self._name, error)) from error
        try:
            return json.loads(frame, parse_float=Decimal)
        except (ValueError, RecursionError) as error:
            raise Schema(f"{self._name} sent something that isn't JSON.") from error


@asynccontextmanager
async def open_socket(
    url: str, *, name: str, headers: Mapping[str, str] | None = None
) -> AsyncIterator[RemoteSocket]:
    """Connect, and hang up in the end.

    Args:
        url: without any key, because addresses end up in logs.
        name: of the service, for messages.
        headers: sent with the handshake.

    Raises:
        RemoteFailure: one of the classes of `common.remote.errors`.
    """
    try:
        connection = await connect(
            url,
            additional_headers=headers,
            user_agent_header="livefolio",
            open_timeout=_OPEN_SECONDS,
            close_timeout=_CLOSE_SECONDS,
            ping_interval=_PING_SECONDS,
            ping_timeout=_PONG_SECONDS,
            max_size=_MAX_BYTES,
            max_queue=_MAX_FRAMES,
        )
    except InvalidStatus as error:
        raise _refusal(name, error) from error
    except InvalidURI as error:
        raise BadRequest(f"{name} has no valid address.") from error
    except (OSError, TimeoutError, WebSocketException) as error:
        raise Transient(f"{name} can't be reached: {type(error).__name__}.") from error
    try:
        yield RemoteSocket(connection, name=name)
    finally:
        await connection.close()


def _refusal(name: str, error: InvalidStatus) -> RemoteFailure:
    status = error.response.status_code
    text = f"{name} refused the connection with status {status}."
    if status in {418, 429}:
        return RateLimited(text, until=free_at(error.response.headers, now=clock.now()))
    if status in {408, 425} or status >= 500:
        return Transient(text)
    refused: Mapping[int, type[RemoteFailure]] = {401: AuthExpired, 403: Forbidden}
    return refused.get(status, BadRequest)(text)


def _goodbye(name: str, error: ConnectionClosed) -> str:
    said = error.rcvd
    if said is None:
        return f"The connection to {name} was lost."
    return f"{name} closed the connection with code {int(said.code)}."
