"""How much of a figure is known."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """Complete, short of some inputs, or not known at all."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    UNAVAILABLE = "unavailable"

    @staticmethod
    def worst(*statuses: Status) -> Status:
        """Return the worst of several: a figure is as good as the worst that goes into it."""
        for status in (Status.UNAVAILABLE, Status.PARTIAL):
            if status in statuses:
                return status
        return Status.COMPLETE
