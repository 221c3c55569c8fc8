"""The states of a connection and of its syncs, and when the next sync is due."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

_EVERY, _EVERY_AT_REST = timedelta(minutes=30), timedelta(hours=4)
_SPREAD = 0.2
_SPREAD_A_DAY = timedelta(hours=2)


class ConnectionState(StrEnum):
    """Where a connection stands."""

    ACTIVE = "active"
    #: The key lacks a right; the rest is synced.
    LIMITED = "limited"
    #: The broker refuses the key; nothing is synced until there is another.
    NEEDS_KEY = "needs_key"
    #: Nobody is logged in at the broker, or no longer; nothing is synced until somebody is.
    NEEDS_LOGIN = "needs_login"
    PAUSED = "paused"
    #: Its rows are being taken out of the ledger.
    REMOVING = "removing"
    DISCONNECTED = "disconnected"

    @property
    def label(self) -> str:
        """Return the name shown to people."""
        return {"needs_key": "Needs a new key", "needs_login": "Needs you to log in"}.get(
            self.value, self.value.capitalize()
        )


#: In these a sync may run.
SYNCABLE = frozenset({ConnectionState.ACTIVE, ConnectionState.LIMITED})
#: In these stored answers may be read again.
REPLAYABLE = SYNCABLE | {
    ConnectionState.NEEDS_KEY,
    ConnectionState.NEEDS_LOGIN,
    ConnectionState.PAUSED,
}


class SyncState(StrEnum):
    """Where a sync stands."""

    QUEUED = "queued"
    RUNNING = "running"
    #: It goes on by itself at `retry_at`.
    WAITING = "waiting"
    OK = "ok"
    #: Some streams failed.
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def label(self) -> str:
        """Return the name shown to people."""
        return {"ok": "Done", "partial": "Done in part", "waiting": "Waiting to go on"}.get(
            self.value, self.value.capitalize()
        )


#: In these a sync is yet to end; a connection has one such at most.
OPEN = frozenset({SyncState.QUEUED, SyncState.RUNNING, SyncState.WAITING})


@dataclass(frozen=True, slots=True)
class OnceADay:
    """When a broker has something new that tells no more often than once a day."""

    zone: ZoneInfo
    at: time

    def next_after(self, now: datetime) -> datetime:
        """Return the next such moment, in UTC."""
        local = now.astimezone(self.zone)
        on = local.date() if local.time() < self.at else local.date() + timedelta(days=1)
        return datetime.combine(on, self.at, tzinfo=self.zone).astimezone(UTC)


class Trigger(StrEnum):
    """What a sync was begun by."""

    MANUAL = "manual"
    SCHEDULE = "schedule"
    CONNECT = "connect"
    #: By staff, to read what is stored once more; the broker isn't asked.
    REPLAY = "replay"
    #: To fetch everything anew beside what is booked; nothing is booked by it.
    RESYNC = "resync"

    @property
    def label(self) -> str:
        """Return the name shown to people."""
        return {
            "manual": "by you",
            "schedule": "scheduled",
            "connect": "first",
            "replay": "from stored answers",
            "resync": "all anew, to compare",
        }[self.value]


def next_sync_at(
    now: datetime,
    *,
    is_always_open: bool,
    once_a_day: OnceADay | None = None,
    has_failed: bool = False,
    jitter: Callable[[float, float], float] = random.uniform,
) -> datetime:
    """Say when a connection is due again: more often while its market may be open.

    Spread by a fifth, so that connections made together don't stay together.

    Args:
        is_always_open: the broker's markets know no weekend.
        once_a_day: when the broker has something new, if no more often; None for all others.
        has_failed: nothing came of the sync that ends.
    """
    if once_a_day is not None and not has_failed:
        return once_a_day.next_after(now) + _SPREAD_A_DAY * jitter(0, 1)
    is_open = once_a_day is None and (is_always_open or now.weekday() < 5)
    every = _EVERY if is_open else _EVERY_AT_REST
    return now + every * jitter(1 - _SPREAD, 1 + _SPREAD)
