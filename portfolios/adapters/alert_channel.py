"""Word to whoever evaluates alerts that some have changed; it looks for itself which.

A message may be lost: the evaluator also looks by itself every now and then.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

import structlog
from redis.exceptions import RedisError

from common import redis

log = structlog.get_logger(__name__)

_CHANNEL = "livefolio:1:alerts:changed"
_LISTEN_SECONDS = 1.0


def tell_changed() -> None:
    """Say that alerts were made or changed; called by interfaces once that is stored."""
    try:
        redis.client().publish(_CHANNEL, "")
    except RedisError as failure:
        log.warning("alerts.not_told", reason=type(failure).__name__)


async def changes() -> AsyncIterator[None]:
    """Yield each time that somebody said so, and once when it has begun to listen.

    Raises:
        redis.exceptions.RedisError: Redis doesn't answer any more.
    """
    async with aclosing(redis.async_client().pubsub(ignore_subscribe_messages=True)) as channel:
        await channel.subscribe(_CHANNEL)
        yield
        while True:
            if await channel.get_message(timeout=_LISTEN_SECONDS) is not None:
                yield
