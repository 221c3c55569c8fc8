"""One process's place in the channel layer: its channel, and the groups it listens to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

import structlog
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

_LEAVE_SECONDS = 2.0


class Membership:
    """Keeps the groups that are joined equal to those that are wanted, as soon as Redis lets it.

    `listen` and `keep_joined` go on for ever, and raise when Redis fails; call them again then.
    """

    def __init__(self, layer: Any, *, on_joined: Callable[[str], None]) -> None:
        """Set it up.

        Args:
            layer: the channel layer.
            on_joined: told each group from which messages are heard from now on.
        """
        self._layer = layer
        self._on_joined = on_joined
        self._channel: str | None = None
        self._wanted: set[str] = set()
        self._joined: set[str] = set()
        self._changed = asyncio.Event()

    def want(self, group: str) -> None:
        """Listen to a group from soon on."""
        self._wanted.add(group)
        self._changed.set()

    def unwant(self, group: str) -> None:
        """Stop listening to a group soon."""
        self._wanted.discard(group)
        self._changed.set()

    async def listen(self, handle: Callable[[Mapping[str, Any]], Awaitable[None]]) -> None:
        """Pass on each message from the joined groups."""
        channel = await self._layer.new_channel()
        self._channel = channel
        self._joined.clear()
        self._changed.set()
        while True:
            await handle(await self._layer.receive(channel))

    async def keep_joined(self) -> None:
        """Join and leave groups as they are wanted."""
        while True:
            self._changed.clear()
            if self._channel is not None:
                await self._join_and_leave(self._channel)
            await self._changed.wait()

    async def leave(self) -> None:
        """Leave all groups, or let Redis notice by itself."""
        self._wanted.clear()
        if self._channel is not None:
            with suppress(RedisError, OSError, TimeoutError):
                async with asyncio.timeout(_LEAVE_SECONDS):
                    await self._join_and_leave(self._channel)

    async def _join_and_leave(self, channel: str) -> None:
        for group in self._wanted - self._joined:
            await self._layer.group_add(group, channel)
            self._joined.add(group)
            self._on_joined(group)
        for group in self._joined - self._wanted:
            await self._layer.group_discard(group, channel)
            self._joined.discard(group)
