"""What is on people's screens, as the processes that serve them tell the feed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from common import keys, redis

#: A process that hasn't told anything for longer has gone, or shows nothing.
_FORGOTTEN_SECONDS = 15.0


async def tell(process: str, viewers: Mapping[str, int], *, now: datetime) -> None:
    """Tell how many screens of one process show each instrument.

    Raises:
        redis.exceptions.RedisError: Redis doesn't answer.
    """
    text = json.dumps({"at": now.timestamp(), "viewers": dict(viewers)}, separators=(",", ":"))
    async with redis.async_client().pipeline(transaction=False) as pipeline:
        pipeline.hset(keys.FEED_VIEWERS.of(), process, text)
        pipeline.expire(keys.FEED_VIEWERS.of(), keys.FEED_VIEWERS.ttl_seconds)
        await pipeline.execute()


async def read(*, now: datetime) -> dict[str, int]:
    """Return how many screens show each instrument, and forget processes that have gone.

    Raises:
        redis.exceptions.RedisError: Redis doesn't answer.
    """
    client = redis.async_client()
    viewers: Counter[str] = Counter()
    gone = []
    for process, text in (await client.hgetall(keys.FEED_VIEWERS.of())).items():
        told = json.loads(text)
        if now.timestamp() - told["at"] > _FORGOTTEN_SECONDS:
            gone.append(process)
        else:
            viewers.update(told["viewers"])
    if gone:
        await client.hdel(keys.FEED_VIEWERS.of(), *gone)
    return dict(viewers)
