"""How a kept answer knows that what it says of somebody may have changed.

Each person has a mark in Redis, which changes after each of their writes and before these are
answered. An answer is kept with the mark that was seen before its data were read, and counts only
as long as that is still the mark.
"""

from __future__ import annotations

from secrets import token_hex

import structlog
from redis.exceptions import RedisError

from common import keys, redis

log = structlog.get_logger(__name__)


def renew(user_id: str) -> None:
    """Let nothing that is kept of somebody count any more."""
    try:
        redis.client().set(keys.FRESHNESS.of(user_id), token_hex(8), ex=keys.FRESHNESS.ttl_seconds)
    except RedisError as failure:
        _note(failure)


async def renew_soon(user_id: str) -> None:
    """Do the same from the event loop."""
    try:
        await redis.async_client().set(
            keys.FRESHNESS.of(user_id), token_hex(8), ex=keys.FRESHNESS.ttl_seconds
        )
    except RedisError as failure:
        _note(failure)


async def mark_of(user_id: str) -> str:
    """Return somebody's mark; the first who asks makes it.

    Raises:
        redis.exceptions.RedisError: Redis doesn't answer.
    """
    client, key = redis.async_client(), keys.FRESHNESS.of(user_id)
    await client.set(key, token_hex(8), ex=keys.FRESHNESS.ttl_seconds, nx=True)
    # None only where it expired this very moment; then no kept answer will fit.
    return str(await client.get(key))


def _note(failure: RedisError) -> None:
    # What is kept is a second old at most, and so is what somebody may see then.
    log.warning("freshness.unreachable", reason=type(failure).__name__)
