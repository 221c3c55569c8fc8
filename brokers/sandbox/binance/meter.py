"""What one address may ask of Binance in a minute, by weight, and what becomes of who goes on.

Source: https://developers.binance.com/docs/binance-spot-api-docs/rest-api/limits
"""

from __future__ import annotations

from datetime import datetime

from brokers.sandbox.world import Clock

_MOST = 6_000
#: Whoever asks so often although they were told not to is banned until the minute is over.
_PATIENCE = 10


class Meter:
    """Counts the running minute, by the sandbox's clock; everybody comes from one address."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._minute: datetime | None = None
        self._refused = 0
        self.used = 0

    @property
    def is_banned(self) -> bool:
        """Say whether somebody went on for too long."""
        return self._refused > _PATIENCE

    @property
    def seconds_left(self) -> int:
        """Return when the next minute begins."""
        return 60 - self._clock.now().second

    def spend(self, weight: int) -> bool:
        """Count a question; say whether it is answered."""
        minute = self._clock.now().replace(second=0, microsecond=0)
        if minute != self._minute:
            self._minute, self.used, self._refused = minute, 0, 0
        self.used += weight
        if self.used > _MOST:
            self._refused += 1
        return self.used <= _MOST
