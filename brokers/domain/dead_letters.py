"""Where something that couldn't be read or booked stands, and at which step it failed."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum


class LetterStage(StrEnum):
    """The step at which it failed."""

    #: A whole answer is none of its stream.
    PAGE = "page"
    #: One row of an answer can't be read.
    ROW = "row"
    #: It was read, and then couldn't be stored.
    BOOKING = "booking"

    @property
    def label(self) -> str:
        """Return the name shown to people."""
        return self.value.capitalize()


class LetterState(StrEnum):
    """Where it stands."""

    WAITING = "waiting"
    #: It was read and booked at last, by a replay or by a later sync.
    DONE = "done"

    @property
    def label(self) -> str:
        """Return the name shown to people."""
        return self.value.capitalize()


def describe_waiting(count: int, since: datetime | None) -> str:
    """Say in words how many wait, and since when the oldest does; in UTC."""
    words = f"{count} {'waits' if count == 1 else 'wait'}"
    return f"{words}, the oldest since {since:%Y-%m-%d %H:%M} UTC" if since else words
