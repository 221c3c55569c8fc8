"""Ask which instruments people want the prices of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from time import monotonic
from typing import Any

from django.db.models import Model

from common.bulk import aggregate, distinct
from marketdata.domain.routing import Interest, Interests
from portfolios.models import Alert, Position, Watchlist

#: Of all time, so much at most goes into counting holders.
_SHARE = 0.05


class Holders:
    """Counts who holds each instrument, the more seldom the longer that takes.

    To count is to read all positions of all portfolios. What a portfolio is the first to hold is
    found by stepping through an index from instrument to instrument, so that it is known each
    time; how many hold what was known before, and who bought back what all had sold, may be late.
    """

    def __init__(self, *, moment: Callable[[], float] = monotonic) -> None:
        """Begin with nothing counted.

        Args:
            moment: tells the present, in seconds since anything.
        """
        self._moment = moment
        self._counts: dict[str, int] = {}
        self._known: set[str] = set()
        self._next_at = float("-inf")

    def count(self) -> dict[str, int]:
        """Return how many portfolios hold each instrument, long or short."""
        started = self._moment()
        ids = {str(each) for each in distinct(Position, "instrument_id")}
        if started < self._next_at:
            return dict.fromkeys(ids - self._known, 1) | self._counts
        self._counts = _count(Position, {"quantity": {"$ne": 0}}, by="$instrument_id")
        self._known = ids
        ended = self._moment()
        self._next_at = ended + (ended - started) / _SHARE
        return self._counts


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
