"""Ask which instruments people want the prices of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from time import monotonic
from typing import Any

from bson import ObjectId
from django.db.models import Model

from common.bulk import aggregate, distinct
from marketdata.domain.routing import Interest, Interests
from portfolios.models import Alert, Position, Watchlist

#: Counting may take so long at a time; the rest is counted the next time.
_LONGEST_SECONDS = 0.5
#: How many positions are read in one go: a fraction of that.
_AT_ONCE = 10_000


class Holders:
    """Counts who holds each instrument, some positions at a time.

    To count all positions of a hundred thousand portfolios takes seconds, and the feed asks each
    minute. So each call goes on where the last one stopped; what it says is what the last whole
    count said, and of the first one what is known so far. What a portfolio is the first to hold is
    found by stepping through an index from instrument to instrument, and what all had sold is
    looked at again, so that both are known each time; how many hold the rest may be as late as a
    whole count takes.
    """

    def __init__(self, *, moment: Callable[[], float] = monotonic, at_once: int = _AT_ONCE) -> None:
        """Begin with nothing counted.

        Args:
            moment: tells the present, in seconds since anything.
            at_once: how many positions are read before looking at the time.
        """
        self._moment = moment
        self._at_once = at_once
        #: What the last whole count found, and which instruments there were when it began.
        self._counts: dict[str, int] = {}
        self._known: set[str] = set()
        self._begin(set())

    def _begin(self, ids: set[str]) -> None:
        self._counting: Counter[str] = Counter()
        self._counting_ids = ids
        self._reached: Any = None

    def count(self) -> dict[str, int]:
        """Return how many portfolios hold each instrument, long or short."""
        until = self._moment() + _LONGEST_SECONDS
        ids = {str(each) for each in distinct(Position, "instrument_id")}
        if self._reached is None:
            self._begin(ids)
        while not self._count_some():
            if self._moment() >= until:
                break
        new = dict.fromkeys(ids - self._known, 1)
        return new | +self._counting | self._counts | self._held_again(ids)

    def _held_again(self, ids: set[str]) -> dict[str, int]:
        """Count the holders of what nobody held at the last whole count."""
        sold = [ObjectId(key) for key in (ids & self._known) - self._counts.keys()]
        if not sold:
            return {}
        match = {"instrument_id": {"$in": sold}, "quantity": {"$ne": 0}}
        return _count(Position, match, by="$instrument_id")

    def _count_some(self) -> bool:
        """Go on counting; say whether all has been counted."""
        after = {} if self._reached is None else {"_id": {"$gt": self._reached}}
        held = {"$cond": [{"$ne": ["$quantity", 0]}, 1, 0]}
        counts = {"rows": {"$sum": 1}, "people": {"$sum": held}, "last": {"$max": "$_id"}}
        found = list(
            aggregate(
                Position,
                [
                    {"$match": after},
                    {"$sort": {"_id": 1}},
                    {"$limit": self._at_once},
                    {"$group": {"_id": "$instrument_id", **counts}},
                ],
            )
        )
        self._counting.update({str(each["_id"]): each["people"] for each in found})
        if sum(each["rows"] for each in found) < self._at_once:
            self._counts, self._known = dict(+self._counting), self._counting_ids
            self._begin(set())
            return True
        self._reached = max(each["last"] for each in found)
        return False


_holders = Holders()


def list_interests(holders: Holders = _holders) -> Interests:
    """Count who wants each instrument: alerts, portfolios that hold it, and watchlists."""
    alerts = {"is_paused": False, "instrument_id": {"$ne": None}}
    return {
        Interest.ALERT: _count(Alert, alerts, by="$instrument_id"),
        Interest.HOLDING: holders.count(),
        Interest.WATCHLIST: _count_watched(),
    }


def _count(model: type[Model], condition: dict[str, Any], *, by: str) -> dict[str, int]:
    found = aggregate(
        model, [{"$match": condition}, {"$group": {"_id": by, "people": {"$sum": 1}}}]
    )
    return {str(each["_id"]): each["people"] for each in found}


def _count_watched() -> dict[str, int]:
    people: Counter[str] = Counter()
    for entries in Watchlist.objects.values_list("entries", flat=True):
        people.update({each["instrument"] for each in entries})
    return dict(people)
