"""Who leads the feed: one process at a time, replaced within seconds when it dies."""

from __future__ import annotations

from uuid import uuid4

from common import keys, redis

# Each new leader gets a higher number, by which late writes of an older one are recognized.
_ACQUIRE = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return redis.call('INCR', KEYS[2])
"""
_RENEW = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('SET', KEYS[2], ARGV[3], 'EX', ARGV[4])
return 1
"""
_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


class FeedLease:
    """This process's claim to lead the feed.

    All methods raise `redis.exceptions.RedisError` when Redis doesn't answer.
    """

    def __init__(self) -> None:
        self._token = uuid4().hex

    async def acquire(self) -> int | None:
        """Take the lead if nobody has it; returns the leader's number, or None."""
        acquire = redis.async_client().register_script(_ACQUIRE)
        number = await acquire(
            keys=[keys.FEED_LEASE.of(), keys.FEED_FENCE.of()],
            args=[self._token, keys.FEED_LEASE.ttl_seconds],
        )
        return int(number) or None

    async def renew(self, *, beat: float) -> bool:
        """Keep the lead and give a sign of life; returns whether we still lead.

        Args:
            beat: the present moment, in seconds since 1970.
        """
        renew = redis.async_client().register_script(_RENEW)
        kept = await renew(
            keys=[keys.FEED_LEASE.of(), keys.FEED_HEARTBEAT.of()],
            args=[
                self._token,
                keys.FEED_LEASE.ttl_seconds,
                beat,
                keys.FEED_HEARTBEAT.ttl_seconds,
            ],
        )
        return bool(kept)

    async def release(self) -> None:
        """Give the lead up, so that nobody has to wait for it to run out."""
        release = redis.async_client().register_script(_RELEASE)
        await release(keys=[keys.FEED_LEASE.of()], args=[self._token])
