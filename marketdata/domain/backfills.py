"""How a history of closes is filled in: its states, its chunks, its pauses."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum

#: How often in a row a chunk may fail until the whole is given up.
MOST_RETRIES = 8
_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(hours=1)


class BackfillState(StrEnum):
    """Where a back-fill stands."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"

    @property
    def label(self) -> str:
        """Return the name shown to people."""
        return {
            BackfillState.QUEUED: "Queued",
            BackfillState.RUNNING: "Running",
            BackfillState.WAITING: "Waiting to try again",
            BackfillState.DONE: "Done",
            BackfillState.FAILED: "Failed",
        }[self]


class Trigger(StrEnum):
    """Why a history is filled in."""

    HELD = "held"
    STAFF = "staff"
    GAP = "gap"

    @property
    def label(self) -> str:
        """Return the name shown to people."""
        return {
            Trigger.HELD: "Held for the first time",
            Trigger.STAFF: "Asked for by staff",
            Trigger.GAP: "Closes were missing",
        }[self]


def end_of_chunk(first: date, *, end: date, days: int) -> date:
    """Return the last day of a chunk of so many days at most that begins at `first`."""
    return min(end, first + timedelta(days=max(days, 1) - 1))


def progress(*, start: date, following: date, end: date) -> int:
    """Return how much is done in percent: 0 before the first chunk, 100 only after the last.

    Args:
        start: the first day.
        following: the first day that hasn't been asked for.
        end: the last day.
    """
    days = (end - start).days + 1
    done = min(max((following - start).days, 0), days)
    return 100 * done // days


def try_again_at(now: datetime, *, retries: int) -> datetime:
    """Return when a chunk is asked for again that has failed so many times before."""
    return now + min(_LONGEST_PAUSE, _FIRST_PAUSE * (1 << min(retries, 16)))
