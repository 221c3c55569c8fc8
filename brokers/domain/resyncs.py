"""What an account that was read anew says otherwise than what is booked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from brokers.domain.events import BrokerEvent, EventState, digest_of

#: How long a switch can be undone.
UNDO_FOR = timedelta(days=14)
_LIVE = (EventState.BOOKED.value, EventState.UNBOOKED.value)

#: The broker's id of an event, and the name of its kind.
Key = tuple[str, str]


class ResyncState(StrEnum):
    """Where a generation stands."""

    BUILDING = "building"
    #: It waits for its owner to look at the difference.
    READY = "ready"
    SWITCHED = "switched"
    UNDONE = "undone"
    DISCARDED = "discarded"
    FAILED = "failed"

    @property
    def label(self) -> str:
        """Return the name shown to people."""
        return {"building": "Being fetched", "ready": "Ready to look at"}.get(
            self.value, self.value.capitalize()
        )


@dataclass(frozen=True, slots=True)
class Booked:
    """What is known of an event that was booked or set aside."""

    digest: str
    state: str
    updated_at: datetime
    trade_date: date | None
    #: The id or alias of what it corrects.
    replaces: str = ""
    alias: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a switch has to do, by key."""

    added: Collection[Key] = ()
    changed: Collection[Key] = ()
    removed: Collection[Key] = ()
    #: What a removed event had corrected, and which holds again.
    revived: Collection[Key] = ()


def plan(
    *,
    told: Mapping[Key, BrokerEvent],
    unreadable: Collection[str],
    booked: Mapping[Key, Booked],
    begun_at: datetime,
) -> Plan:
    """Compare a generation with what is booked.

    What an ordinary sync wrote after the generation was begun is newer, and left alone. What is
    older than the first event that the generation tells isn't told any more by this broker, which
    says nothing about whether it happened. So an empty generation removes nothing.

    Args:
        unreadable: ids of the rows that the generation has and nobody can read.
    """
    first = min((event.trade_date for event in told.values()), default=None)

    def is_removed(key: Key, row: Booked) -> bool:
        return (
            key not in told
            and key[0] not in unreadable
            and row.state in _LIVE
            and row.updated_at <= begun_at
            and first is not None
            and (row.trade_date is None or row.trade_date >= first)
        )

    removed = [key for key, row in booked.items() if is_removed(key, row)]
    freed = {booked[key].replaces for key in removed if booked[key].replaces}
    return Plan(
        added=[key for key in told if key not in booked],
        changed=[
            key
            for key, event in told.items()
            if key in booked
            and booked[key].digest != digest_of(event)
            and booked[key].updated_at <= begun_at
        ],
        removed=removed,
        revived=[
            key
            for key, row in booked.items()
            if key in told and (key[0] in freed or (row.alias and row.alias in freed))
        ],
    )


@dataclass(slots=True)
class Difference:
    """What a switch does, for people to look at.

    Attributes:
        kept: removed events whose rows a person had changed, or had before: those stay.
        effects: what changes of what is held: `{"what", "measure", "before", "after"}`.
        lines: the first of the events: `{"change", "kind", "date", "what", "before", "after"}`.
    """

    added: int = 0
    changed: int = 0
    removed: int = 0
    kept: int = 0
    same: int = 0
    effects: list[dict[str, str]] = field(default_factory=list)
    lines: list[dict[str, str]] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Say whether both are the same."""
        return not (self.added or self.changed or self.removed or self.kept)


def describe(event: BrokerEvent, number: Callable[[object], str]) -> str:
    """Write an event in a few words: quantity at price, or amount."""
    if event.quantity is not None and event.price is not None:
        return f"{number(event.quantity)} at {number(event.price)} {event.currency}"
    if event.amount is not None:
        return f"{number(event.amount)} {event.currency}"
    return number(event.quantity) if event.quantity is not None else ""
