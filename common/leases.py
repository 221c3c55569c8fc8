"""Leases in Redis: of several equal processes one leads, and another takes over when it dies."""

from __future__ import annotations

import secrets
from typing import Any

from redis import Redis

# Taking and keeping are one step, so that a leader that was late learns at once that it lost.
# The number never goes back, not even when Redis lost its data: the clock sees to that.
_HOLD = """
local holder = redis.call('GET', KEYS[1])
if holder == ARGV[1] then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return redis.call('GET', KEYS[2])
elseif holder then
  return false
end
local time = redis.call('TIME')
local last = tonumber(redis.call('GET', KEYS[2]) or '0')
local now = time[1] * 1000000 + time[2]
local number = string.format('%.0f', math.max(last + 1, now))
redis.call('SET', KEYS[2], number)
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return number
"""
_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0
"""


class Lease:
    """A lease that is held for some seconds at a time by whoever asked first.

    A holder that was stopped for longer than that may still believe in its lease; what it writes
    must therefore be refused by other means, either by the lease's growing number or by a
    conditional update.
    """

    def __init__(self, redis: Redis, *, lease: str, fence: str, seconds: float) -> None:
        """Name the keys of the holder and of the last number; both on one node of a cluster."""
        self._redis = redis
        self._lease = lease
        self._fence = fence
        self._milliseconds = int(seconds * 1000)
        self._token = secrets.token_hex(16)

    def hold(self) -> int | None:
        """Take the lease, or keep it for another while.

        Returns:
            The number of this tenure, greater than that of any before it; None when somebody
            else holds the lease.
        """
        number: Any = self._redis.eval(
            _HOLD, 2, self._lease, self._fence, self._token, str(self._milliseconds)
        )
        return None if number is None else int(number)

    def release(self) -> None:
        """Give the lease up, so that another needn't wait for its end."""
        self._redis.eval(_RELEASE, 1, self._lease, self._token)
