"""How often a service is asked, counted by all processes together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

import structlog
from django.conf import settings
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis.exceptions import RedisError

from common import keys, redis
from common.remote.errors import RateLimited

log = structlog.get_logger(__name__)

#: No service is left alone for longer, whatever it says; where it bans us, asking makes it longer.
LONGEST_PAUSE, LONGEST_BAN = timedelta(hours=1), timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of one limit."""

    #: In words: `200 per 1 minute`.
    limit: str
    of: int
    left: int


class Allowance:
    """What one account at one service may ask.

    With Redis away each process counts for itself: a little too much is better than nothing.
    """

    def __init__(self, name: str, limits: Sequence[str] = ()) -> None:
        """Take limits such as `200/minute`."""
        self._name = name
        self._limits: list[RateLimitItem] = [parse(each) for each in limits]

    def take(self, *, now: datetime) -> None:
        """Count one question.

        Raises:
            RateLimited: the service asked for a pause, or its limit is used up.
        """
        until = self.paused_until(now=now)
        if until is not None:
            raise RateLimited(f"{self._name} asked for a pause.", until=until)
        for limit in self._limits:
            if not self._hit(limit):
                raise RateLimited(
                    f"{self._name} may be asked {limit}.", until=self._free_at(limit, now=now)
                )

    def left(self) -> list[Left]:
        """Return how often the service may still be asked, by each of its limits.

        Raises:
            redis.exceptions.RedisError: Redis doesn't answer.
        """
        shared = _shared(settings.REDIS_URL)
        return [
            Left(limit=str(limit), of=limit.amount, left=stats.remaining)
            for limit in self._limits
            for stats in [shared.get_window_stats(limit, self._name)]
        ]

    def paused_until(self, *, now: datetime) -> datetime | None:
        """Return until when the service has asked to be left alone; None while it hasn't."""
        until = self._paused_until()
        return until if until is not None and until > now else None

    def pause(
        self, *, until: datetime, now: datetime, longest: timedelta = LONGEST_PAUSE
    ) -> datetime:
        """Leave the service alone, in all processes, for no longer than `longest`.

        A pause that ends later stays; without Redis there is none.

        Returns:
            When this one ends.
        """
        until = min(max(until, now + timedelta(seconds=1)), now + longest)
        known = self._paused_until()
        if known is not None and known >= until:
            return until
        try:
            redis.client().set(
                keys.REMOTE_PAUSE.of(self._name),
                until.timestamp(),
                px=int((until - now).total_seconds() * 1000),
            )
        except RedisError as failure:
            log.warning("pause.unwritable", service=self._name, reason=type(failure).__name__)
        return until

    def _paused_until(self) -> datetime | None:
        try:
            text = redis.client().get(keys.REMOTE_PAUSE.of(self._name))
        except RedisError as failure:
            log.warning("pause.unreadable", service=self._name, reason=type(failure).__name__)
            return None
        return None if text is None else datetime.fromtimestamp(float(text), tz=UTC)

    def _hit(self, limit: RateLimitItem) -> bool:
        try:
            return _shared(settings.REDIS_URL).hit(limit, self._name)
        except (RedisError, StorageError) as failure:
            log.warning("limit.unshared", service=self._name, reason=type(failure).__name__)
            return _own().hit(limit, self._name)

    def _free_at(self, limit: RateLimitItem, *, now: datetime) -> datetime:
        try:
            reset = _shared(settings.REDIS_URL).get_window_stats(limit, self._name).reset_time
        except (RedisError, StorageError):
            reset = _own().get_window_stats(limit, self._name).reset_time
        return max(datetime.fromtimestamp(reset, tz=UTC), now)


@cache
def _shared(url: str) -> MovingWindowRateLimiter:
    storage = RedisStorage(
        url, key_prefix=keys.REMOTE_LIMIT_PREFIX, socket_timeout=2, socket_connect_timeout=2
    )
    return MovingWindowRateLimiter(storage)


@cache
def _own() -> MovingWindowRateLimiter:
    return MovingWindowRateLimiter(MemoryStorage())
