"""Reads of one turn of the event loop, sent to Redis as one."""

from __future__ import annotations

import asyncio
from typing import Any

from common import redis

_AT_ONCE = 256


class GatheredReads:
    """Reads keys on behalf of many who ask at the same moment.

    One question for all of them costs Redis and this process a fraction of one each.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[tuple[str, ...], asyncio.Future[list[str | None]]]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def read(self, *names: str) -> list[str | None]:
        """Return what is stored under each name.

        Raises:
            redis.exceptions.RedisError: Redis doesn't answer.
        """
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._ask)
        answer: asyncio.Future[list[str | None]] = loop.create_future()
        self._waiting.append((names, answer))
        return await answer

    def _ask(self) -> None:
        waiting, self._waiting = self._waiting, []
        for start in range(0, len(waiting), _AT_ONCE):
            task = asyncio.create_task(_answer(waiting[start : start + _AT_ONCE]))
            # The loop itself holds tasks only weakly.
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


async def _answer(
    waiting: list[tuple[tuple[str, ...], asyncio.Future[list[str | None]]]],
) -> None:
    names = [name for wanted, _ in waiting for name in wanted]
    try:
        values: list[Any] = await redis.async_client().mget(names)
    except BaseException as failure:  # noqa: BLE001 - whatever it is, those who wait must hear it
        for _, answer in waiting:
            if not answer.done():
                answer.set_exception(failure)
        return
    place = 0
    for wanted, answer in waiting:
        if not answer.done():
            answer.set_result(values[place : place + len(wanted)])
        place += len(wanted)
