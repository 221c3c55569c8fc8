"""A circuit breaker a service: after failures in a row nobody asks it for a while."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from django.conf import settings
from pybreaker import (
    STATE_CLOSED,
    STATE_OPEN,
    CircuitBreaker,
    CircuitBreakerError,
    CircuitBreakerStorage,
    CircuitMemoryStorage,
    CircuitRedisStorage,
)
from redis import Redis
from redis.exceptions import RedisError

from common import keys
from common.remote.errors import Transient

log = structlog.get_logger(__name__)
Result = TypeVar("Result")

_FAILURES_IN_A_ROW = 5
_OPEN_SECONDS = 60.0


class Breaker:
    """Counts the failed runs of one service, in Redis for all processes.

    Only `Transient` counts: a bad key of one user, or a refused question, says nothing about the
    service. While half open every process may try once, which is a handful of questions.
    """

    def __init__(
        self,
        name: str,
        *,
        failures: int = _FAILURES_IN_A_ROW,
        open_seconds: float = _OPEN_SECONDS,
    ) -> None:
        """Open after so many failures in a row, for so long."""
        self._name = name
        self._failures = failures
        self._open_seconds = open_seconds
        self._breaker: CircuitBreaker | None = None

    def call(self, ask: Callable[[], Result]) -> Result:
        """Ask, unless the service has failed too often just now.

        Raises:
            Transient: it has; or asking failed that way, as may whatever else `ask` raises.
        """
        if self._breaker is None:
            self._breaker = self._build()
        try:
            result: Result = self._breaker.call(ask)
        except CircuitBreakerError as error:
            raise Transient(f"{self._name} has failed too often, and is left alone.") from error
        return result

    def open_until(self, *, now: datetime) -> datetime | None:
        """Return until when nobody asks the service; None while it may be asked.

        Raises:
            redis.exceptions.RedisError: Redis doesn't answer.
        """
        storage = self._storage()
        opened_at = storage.opened_at if storage.state == STATE_OPEN else None
        if opened_at is None:
            return None
        until = opened_at + timedelta(seconds=self._open_seconds)
        # Whoever asks next finds it half open.
        return until if until > now else None

    def _build(self) -> CircuitBreaker:
        return CircuitBreaker(
            fail_max=self._failures,
            reset_timeout=self._open_seconds,
            exclude=[lambda error: not isinstance(error, Transient)],
            state_storage=self._storage(),
            name=self._name,
            # The failure that opens it is told as it was.
            throw_new_error_on_trip=False,
        )

    def _storage(self) -> CircuitBreakerStorage:
        try:
            # It reads bytes, unlike everybody else here.
            client = Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
            return CircuitRedisStorage(
                STATE_CLOSED, client, namespace=f"{keys.REMOTE_BREAKER_PREFIX}:{self._name}"
            )
        except RedisError as failure:
            log.warning("breaker.unshared", service=self._name, reason=type(failure).__name__)
            return CircuitMemoryStorage(STATE_CLOSED)
