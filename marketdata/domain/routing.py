"""Who streams what: the wanted instruments, given out to the sources that cover them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from types import MappingProxyType


class Interest(IntEnum):
    """Why an instrument's price is wanted, the most urgent first.

    Alerts come first, because nobody looks and would notice; then what is on somebody's screen.
    """

    ALERT = 1
    VIEW = 2
    HOLDING = 3
    WATCHLIST = 4

    @property
    def label(self) -> str:
        """Return the words shown to staff."""
        return {
            Interest.ALERT: "An alert waits for it",
            Interest.VIEW: "On somebody's screen",
            Interest.HOLDING: "Held",
            Interest.WATCHLIST: "On a watchlist",
        }[self]


#: How many want each instrument, by why: {Interest.VIEW: {"0123…": 2}}.
Interests = Mapping[Interest, Mapping[str, int]]


class Reason(StrEnum):
    """Why nobody streams an instrument that is wanted."""

    NO_SOURCE = "no-source"
    NO_ROOM = "no-room"
    SOURCE_DOWN = "source-down"

    @property
    def label(self) -> str:
        """Return the words shown to staff."""
        return {
            Reason.NO_SOURCE: "No source has it",
            Reason.NO_ROOM: "Its sources take no more",
            Reason.SOURCE_DOWN: "Its sources don't answer",
        }[self]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One instrument that people want the price of."""

    instrument_id: str
    #: The most urgent of the reasons, and how many have it.
    interest: Interest
    people: int


@dataclass(frozen=True, slots=True)
class Offer:
    """A source, as it can be given instruments at the moment."""

    name: str
    covers: Callable[[str], bool]
    #: How many it takes at once; None is without end.
    room: int | None = None
    #: Whether it is given all it covers, wanted or not.
    takes_all: bool = False
    is_down: bool = False


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A wanted instrument that nobody streams."""

    wanted: Wanted
    reason: Reason


@dataclass(frozen=True, slots=True)
class Plan:
    """Which source streams what, the most wanted first, and what nobody does."""

    routes: Mapping[str, Sequence[str]]
    left_out: Sequence[LeftOut] = ()


def rank(interests: Interests) -> list[Wanted]:
    """Put what is wanted in order: by why, then by how many, then by a name that stays."""
    found: dict[str, Wanted] = {}
    for interest in sorted(interests):
        for key, people in interests[interest].items():
            if people > 0:
                found.setdefault(key, Wanted(key, interest, people))
    return sorted(
        found.values(), key=lambda each: (each.interest, -each.people, each.instrument_id)
    )


def plan(
    wanted: Sequence[Wanted],
    offers: Sequence[Offer],
    *,
    others: Collection[str],
    chains: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> Plan:
    """Give each instrument to the first source that covers it, answers, and has room.

    Args:
        wanted: the most wanted first.
        offers: the sources in the order in which they are preferred.
        others: instruments that nobody wants at the moment, for sources that take all.
        chains: the names of the only sources that may be given an instrument, the preferred one
            first, of instruments for which somebody has chosen them.
    """
    routes: dict[str, list[str]] = {offer.name: [] for offer in offers}
    left_out = []
    for each in wanted:
        key = each.instrument_id
        reason = _place(key, _in_order(offers, chains.get(key)), routes)
        if reason is not None:
            left_out.append(LeftOut(each, reason))
    greedy = [offer for offer in offers if offer.takes_all]
    for key in others:
        _place(key, _in_order(greedy, chains.get(key)), routes)
    return Plan(routes=routes, left_out=left_out)


def _in_order(offers: Sequence[Offer], names: Sequence[str] | None) -> Sequence[Offer]:
    if names is None:
        return offers
    return [offer for name in names for offer in offers if offer.name == name]


def _place(key: str, offers: Sequence[Offer], routes: Mapping[str, list[str]]) -> Reason | None:
    """Give an instrument to a source, or say why to none."""
    reason = Reason.NO_SOURCE
    for offer in offers:
        if not offer.covers(key):
            continue
        if offer.is_down:
            reason = max(reason, Reason.SOURCE_DOWN, key=_SEVERITY.index)
        elif offer.room is not None and len(routes[offer.name]) >= offer.room:
            reason = max(reason, Reason.NO_ROOM, key=_SEVERITY.index)
        else:
            routes[offer.name].append(key)
            return None
    return reason


#: What is told when several reasons hold: the last of them.
_SEVERITY = (Reason.NO_SOURCE, Reason.NO_ROOM, Reason.SOURCE_DOWN)
