"""Starts coroutines at once instead of in the next round of the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from functools import partial
from typing import Any


def start(running: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
    """Run a coroutine up to its first real wait.

    Sending to a socket hardly ever waits. Making a task of each send would cost more than all the
    rest of a frame, so only those that do wait become one.

    Returns:
        None when it has ended already, else the task that carries on with it.
    """
    try:
        awaited = running.send(None)
    except StopIteration:
        return None
    return asyncio.ensure_future(_carry_on(running, awaited))


async def _carry_on(running: Coroutine[Any, Any, None], awaited: Any) -> None:
    await _Rest(running, awaited)


class _Rest:
    """What is left of a coroutine, to be awaited; it waits for `awaited` first."""

    def __init__(self, running: Coroutine[Any, Any, None], awaited: Any) -> None:
        self._running = running
        self._awaited = awaited

    def __await__(self) -> Generator[Any, Any, None]:
        while True:
            try:
                value = yield self._awaited
            except BaseException as failure:  # noqa: BLE001 - cancellation too is the coroutine's
                step = partial(self._running.throw, failure)
            else:
                step = partial(self._running.send, value)
            try:
                self._awaited = step()
            except StopIteration:
                return
