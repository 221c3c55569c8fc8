"""Connections to Redis: one client per process, one per event loop."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

from django.conf import settings
from redis import Redis
from redis.asyncio import BlockingConnectionPool
from redis.asyncio import Redis as AsyncRedis
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

# Nothing here is worth waiting for: whoever reads has a way without Redis, and one more try is
# enough to replace a connection that went stale.
_OPTIONS: dict[str, Any] = {
    "socket_timeout": 2,
    "socket_connect_timeout": 2,
    "health_check_interval": 30,
    "decode_responses": True,
}
_MOST_CONNECTIONS = 50
_WAIT_SECONDS = 5
_per_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncRedis] = WeakKeyDictionary()


def client() -> Redis:
    """Return the process's client for synchronous code; answers are text."""
    return _client_of(settings.REDIS_URL)


@cache
def _client_of(url: str) -> Redis:
    return Redis.from_url(url, retry=Retry(NoBackoff(), 1), **_OPTIONS)


def async_client() -> AsyncRedis:
    """Return the running event loop's client; answers are text."""
    loop = asyncio.get_running_loop()
    if loop not in _per_loop:
        # Whoever finds all connections in use waits for one, where the ordinary pool refuses:
        # a thousand clients may come at once, and each has a question.
        pool = BlockingConnectionPool.from_url(
            settings.REDIS_URL,
            max_connections=_MOST_CONNECTIONS,
            timeout=_WAIT_SECONDS,
            retry=AsyncRetry(NoBackoff(), 1),
            **_OPTIONS,
        )
        _per_loop[loop] = AsyncRedis.from_pool(pool)
    return _per_loop[loop]


async def close_async_client() -> None:
    """Close the running event loop's client, if it has one; a later call makes a new one."""
    connected = _per_loop.pop(asyncio.get_running_loop(), None)
    if connected is not None:
        await connected.aclose()
