"""Answers what programs read most, from memory: quotes and summaries, before Django.

An answer is what Django would say, kept for a second at most. It is given only to who could have
had it from Django: the token is verified here, and who it stands for, by which password, and
everything else on which Django's answer hangs is part of the key. A write of their own, another
password or a deactivation changes their mark, so that no kept answer fits any more
(`common.freshness`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import time

import structlog
from redis.exceptions import RedisError

from common import freshness, keys, redis
from common.gathering import GatheredReads
from config.hot_answers import Answer, Kept, Listener, Message, Nearby, Send
from config.hot_questions import Question, Questions, Scope
from config.hot_summaries import HotSummaries

Receive = Callable[[], Awaitable[Message]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

log = structlog.get_logger(__name__)

#: How long Redis is left alone after it didn't answer.
_PAUSE_SECONDS = 1.0


class HotReads:
    """An ASGI application in front of another one."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._questions = Questions()
        self._reads = GatheredReads()
        self._nearby = Nearby()
        self._summaries = HotSummaries()
        self._flights: dict[tuple[str, str], asyncio.Future[Answer | None]] = {}
        self._rests_until = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from memory, or have it answered."""
        question = self._questions.find(scope)
        if question is None or time() < self._rests_until:
            await self._application(scope, receive, send)
            return
        try:
            mark, answer = await self._find(question)
        except RedisError as failure:
            self._rests_until = time() + _PAUSE_SECONDS
            log.warning("hot_reads.unreachable", reason=type(failure).__name__)
            await self._application(scope, receive, send)
            return
        if answer is not None:
            await answer.send(send)
        else:
            await self._share(question, mark, scope, receive, send)

    async def _find(self, question: Question) -> tuple[str, Answer | None]:
        """Return the asker's mark as it is now, and the answer that is kept under it."""
        near = self._nearby.find(question.key)
        if near is not None:
            # What is in memory is good for as long as the mark is the same: that alone is asked.
            (mark,) = await self._reads.read(question.mark_key)
            if mark == near.mark:
                return mark, near.answer
        else:
            mark, text = await self._reads.read(question.mark_key, question.key)
            kept = Kept.read(text) if text is not None else None
            if kept is not None and kept.mark == mark:
                self._nearby.add(question.key, kept)
                return kept.mark, kept.answer
        return mark or await freshness.mark_of(question.bearer.user_id), None

    async def _share(
        self, question: Question, mark: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Have it answered once for all who ask the same under the same mark."""
        # Under another mark the data may be read already, and be older than what is asked for.
        flight = self._flights.get((question.key, mark))
        if flight is None:
            await self._fill(question, mark, scope, receive, send)
            return
        answer = await asyncio.shield(flight)
        if answer is None:
            await self._application(scope, receive, send)
        else:
            await answer.send(send)

    async def _fill(
        self, question: Question, mark: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        place = question.key, mark
        flight = self._flights[place] = asyncio.get_running_loop().create_future()

        def land(answer: Answer | None) -> None:
            # Once: who asks later wants what holds later.
            if not flight.done():
                del self._flights[place]
                flight.set_result(answer)

        try:
            answer = await self._summaries.find(question)
            if answer is None:
                await self._application(scope, receive, Listener(send, on_whole=land).send)
            else:
                land(answer)
                await answer.send(send)
        finally:
            land(None)
        if (told := flight.result()) is None:
            return
        kept = Kept.now(mark, told)
        self._nearby.add(question.key, kept)
        # What is written without Django is as quickly written by another process as fetched.
        if answer is None:
            self._summaries.learn(question, told)
            await _keep(question, kept)


async def _keep(question: Question, kept: Kept) -> None:
    """Let all processes have an answer."""
    try:
        await redis.async_client().set(question.key, kept.written(), ex=keys.HOT_READ.ttl_seconds)
    except RedisError as failure:
        log.warning("hot_reads.unreachable", reason=type(failure).__name__)
