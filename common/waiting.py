"""Waiting in coroutines: for a signal or some time, and for tasks to end."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any


async def wait_at_most(event: asyncio.Event, *, seconds: float) -> None:
    """Wait until an event is set, or for some seconds."""
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), timeout=seconds)


async def first_to_end(*tasks: asyncio.Task[Any]) -> None:
    """Wait until one of some tasks ends, end the others, and raise what it raised."""
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await cancel(*tasks)
    for task in done:
        task.result()


async def cancel(*tasks: asyncio.Task[Any], patience_seconds: float = 1.0) -> None:
    """End tasks, however often they have to be told.

    A library may lose a cancellation that comes at the very moment its own time-out ends.
    """
    waiting = {task for task in tasks if not task.done()}
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=patience_seconds)
    await asyncio.gather(*tasks, return_exceptions=True)
