"""Questions of many, asked together: one for all costs a fraction of one each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import chain
from typing import Any, Generic, TypeVar

from common import redis

_AT_ONCE = 256
Question = TypeVar("Question")
Reply = TypeVar("Reply")


class Batches(Generic[Question, Reply]):
    """Answers questions of one event loop in batches, one after the other.

    Whoever asks while a batch is being answered is in the next one: the more there is to do, the
    larger the batches are, and the cheaper each question.
    """

    def __init__(
        self,
        answer: Callable[[Sequence[Question]], Awaitable[Sequence[Reply]]],
        *,
        at_once: int,
    ) -> None:
        """Set it up.

        Args:
            answer: returns a reply to each question, in their order.
            at_once: the most questions of a batch.
        """
        self._answer = answer
        self._at_once = at_once
        self._waiting: list[tuple[Question, asyncio.Future[Reply]]] = []
        self._work: asyncio.Task[None] | None = None

    async def ask(self, question: Question) -> Reply:
        """Return the reply, which is looked up after this call, never before.

        Raises:
            Exception: whatever `answer` raised.
        """
        place: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, place))
        if self._work is None:
            self._work = asyncio.create_task(self._answer_all())
        return await place

    async def _answer_all(self) -> None:
        batch: list[tuple[Question, asyncio.Future[Reply]]] = []
        try:
            while self._waiting:
                batch, self._waiting = (
                    self._waiting[: self._at_once],
                    self._waiting[self._at_once :],
                )
                replies = await self._answer([question for question, _ in batch])
                for (_, place), reply in zip(batch, replies, strict=True):
                    if not place.done():
                        place.set_result(reply)
        except BaseException as failure:  # noqa: BLE001 - whatever it is, those who wait must hear it
            # Those too who wait for the next batch: it would fail alike, and as slowly.
            for _, place in chain(batch, self._waiting):
                if not place.done():
                    place.set_exception(failure)
            self._waiting = []
        finally:
            self._work = None


class GatheredReads:
    """Reads keys of Redis on behalf of many who ask at the same moment, each key once."""

    def __init__(self) -> None:
        self._batches = Batches(_read, at_once=_AT_ONCE)

    async def read(self, *names: str) -> list[str | None]:
        """Return what is stored under each name.

        Raises:
            redis.exceptions.RedisError: Redis doesn't answer.
        """
        return await self._batches.ask(names)


async def _read(wanted: Sequence[tuple[str, ...]]) -> list[list[str | None]]:
    names = list(dict.fromkeys(chain.from_iterable(wanted)))
    values: list[Any] = await redis.async_client().mget(names)
    found = dict(zip(names, values, strict=True))
    return [[found[name] for name in each] for each in wanted]
