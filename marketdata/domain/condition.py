"""How the feed and its sources are, as the process that leads tells staff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from marketdata.domain.routing import LeftOut, Reason


class Health(StrEnum):
    """What is the matter with a source, in one word."""

    WELL = "well"
    SILENT = "silent"
    AWAY = "away"
    DOWN = "down"

    @property
    def label(self) -> str:
        """Return the words shown to staff."""
        return {
            Health.WELL: "Connected",
            Health.SILENT: "Connected, but silent",
            Health.AWAY: "Not connected",
            Health.DOWN: "Down: others stand in",
        }[self]


@dataclass(frozen=True, slots=True)
class SourceState:
    """One source of quotes, as the feed sees it at a moment.

    Attributes:
        connected_at: since when; None while it isn't connected.
        heard_at: when its last message came.
        silent_since: since when it owes a message; None while it speaks, or owes none.
        confirmed_at: when its prices were last known to be the newest.
        failing_since: since when nothing has gone well.
        is_down: whether others have to stand in for it.
        wanted: how many instruments it is given, `subscribed` how many it has confirmed.
        room: how many it takes at once; None is without end.
        covers: how many of all instruments it knows; None until it could be made.
        error: the last failure, and when that was.
        skew_seconds: how far its clock was ahead of ours at most.
    """

    name: str
    connected_at: datetime | None = None
    heard_at: datetime | None = None
    silent_since: datetime | None = None
    confirmed_at: datetime | None = None
    failing_since: datetime | None = None
    is_down: bool = False
    wanted: int = 0
    subscribed: int = 0
    room: int | None = None
    covers: int | None = None
    delay_seconds: int = 0
    error: str = ""
    error_at: datetime | None = None
    skew_seconds: float = 0.0

    @property
    def health(self) -> Health:
        """Say what is the matter with it."""
        if self.is_down:
            return Health.DOWN
        if self.connected_at is None:
            return Health.AWAY
        return Health.WELL if self.silent_since is None else Health.SILENT


@dataclass(frozen=True, slots=True)
class FeedState:
    """The whole feed at a moment.

    Attributes:
        told_at: when this was written down.
        leads_since: since when the process leads that wrote it.
        number: of that leader; each new one has a higher one.
        instruments: how many there are to quote, and `uncovered` how many of them no source knows.
        left_out: wanted instruments that nobody streams, the most wanted first; not all of them.
        left_out_counts: how many there are of them, by why.
    """

    told_at: datetime
    leads_since: datetime
    number: int
    sources: Sequence[SourceState]
    instruments: int
    uncovered: int
    left_out: Sequence[LeftOut]
    left_out_counts: Mapping[Reason, int]
