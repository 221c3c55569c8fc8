"""One client's socket, as the hub sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from time import monotonic
from typing import Any

import structlog

from realtime import eager, protocol
from realtime.admission import Credential
from realtime.protocol import CloseCode

log = structlog.get_logger(__name__)

Send = Callable[[dict[str, Any]], Coroutine[Any, Any, None]]

_CLOSE_SECONDS = 5.0


class Connection:
    """Sends frames without ever queueing them.

    A frame that finds the one before still on its way is not sent. For prices and values that is
    made up for by a snapshot later; anything else leaves a gap in the numbers, which the client
    notices.
    """

    __slots__ = (
        "__weakref__",
        "_closing",
        "_number",
        "_send",
        "_sending",
        "blocked_since",
        "credential",
        "instruments",
        "is_behind",
        "jobs",
        "portfolios",
        "sent_at",
        "watches_inbox",
    )

    def __init__(self, credential: Credential, *, send: Send) -> None:
        self.credential = credential
        self.instruments: frozenset[str] = frozenset()
        self.portfolios: frozenset[str] = frozenset()
        #: The imports whose state it is told when it may have missed news of them.
        self.jobs: frozenset[str] = frozenset()
        #: Whether it is told how much waits in its user's inbox.
        self.watches_inbox = False
        #: Whether it has missed prices or values.
        self.is_behind = False
        self.blocked_since: float | None = None
        self.sent_at = monotonic()
        self._send = send
        self._number = 0
        self._sending: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None

    @property
    def is_closing(self) -> bool:
        """Tell whether it is being closed from our side."""
        return self._closing is not None

    @property
    def can_send(self) -> bool:
        """Tell whether the last frame is out and the next may follow."""
        return self._sending is None and self._closing is None

    def offer(self, rest: str) -> bool:
        """Send a frame of prices or values, unless it would be in the way.

        Returns:
            Whether it was sent: who has missed something gets a snapshot first.
        """
        if self.is_behind or not self.can_send:
            return False
        self.push(rest)
        return True

    def push(self, rest: str) -> None:
        """Send the frame that `rest` makes with its number, or leave a gap in the numbers."""
        self._number += 1
        if self.can_send:
            self._start(protocol.numbered(self._number, rest))

    def push_unnumbered(self, text: str) -> None:
        """Send a frame that may get lost without harm."""
        if self.can_send:
            self._start(text)

    def close(self, code: CloseCode) -> None:
        """Close it from our side, without waiting."""
        if self._closing is None:
            self._closing = asyncio.ensure_future(self._close(code))

    def _start(self, text: str) -> None:
        self.sent_at = monotonic()
        try:
            self._sending = eager.start(self._send({"type": "websocket.send", "text": text}))
        except Exception as failure:  # noqa: BLE001 - each server has its own words for "gone"
            self._has_gone(failure)
        if self._sending is not None:
            self.blocked_since = self.sent_at
            self._sending.add_done_callback(self._sent)

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._sending = self.blocked_since = None
        if not task.cancelled() and (failure := task.exception()):
            self._has_gone(failure)

    def _has_gone(self, failure: BaseException) -> None:
        # The consumer hears of it too, and takes its leave.
        log.debug("connection.gone", reason=type(failure).__name__)

    async def _close(self, code: CloseCode) -> None:
        if self._sending is not None:
            self._sending.cancel()
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._send({"type": "websocket.close", "code": int(code)})
        except Exception as failure:  # noqa: BLE001 - as above; a client that never reads included
            self._has_gone(failure)
