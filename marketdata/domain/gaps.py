"""Which sessions have no close, between the first close and the last."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Gap:
    """Sessions in a row without a close: the first, the last, and how many there are."""

    first: date
    last: date
    sessions: int


def find_gaps(days: Collection[date], sessions: Sequence[date]) -> list[Gap]:
    """Return the gaps, oldest first; a day without a session is none, and parts none in two.

    Args:
        days: those that have a close.
        sessions: the days on which it is traded, oldest first.
    """
    if not days:
        return []
    known, first, last = set(days), min(days), max(days)
    gaps: list[Gap] = []
    is_open = False
    for day in sessions:
        is_missing = first < day < last and day not in known
        if is_missing and is_open:
            gaps[-1] = Gap(gaps[-1].first, day, gaps[-1].sessions + 1)
        elif is_missing:
            gaps.append(Gap(day, day, 1))
        is_open = is_missing
    return gaps


def stored(gaps: Sequence[Gap]) -> list[list[str | int]]:
    """Return gaps as they are stored."""
    return [[gap.first.isoformat(), gap.last.isoformat(), gap.sessions] for gap in gaps]


def restored(content: Sequence[Sequence[str | int]]) -> list[Gap]:
    """Read back what `stored` returned."""
    return [
        Gap(date.fromisoformat(str(first)), date.fromisoformat(str(last)), int(sessions))
        for first, last, sessions in content
    ]
