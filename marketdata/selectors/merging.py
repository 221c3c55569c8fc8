"""Ask which instruments turned out to be others, and what speaks of an instrument."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from bson import ObjectId
from django.db.models import QuerySet

from common.bulk import aggregate
from common.errors import NotFound
from marketdata.events import references_asked
from marketdata.models import Instrument, InstrumentMerge, MergeDismissal
from marketdata.selectors.instruments import instruments_by_id

#: The others come up once these are settled.
_MOST_SUGGESTED = 100


class MergeNotFound(NotFound):
    """The instrument has not been said to be another one."""

    code = "merge-not-found"


def count_references(instrument: Instrument) -> dict[str, int]:
    """Ask all apps above what speaks of an instrument, and how much: {"transaction": 3}."""
    counted: Counter[str] = Counter()
    answers: list[tuple[Any, Any]] = references_asked.send(
        sender=None, instrument_id=instrument.pk, owner_id=instrument.owner_id
    )
    for _receiver, answer in answers:
        counted.update(answer)
    return {name: count for name, count in counted.items() if count}


def find_merge(duplicate_id: ObjectId) -> InstrumentMerge | None:
    """Find what says that an instrument is another one, if anything does."""
    found = InstrumentMerge.objects.filter(open_for=str(duplicate_id))
    return found.select_related("duplicate", "survivor").first()


def get_own_merge(duplicate_id: ObjectId, *, owner_id: ObjectId) -> InstrumentMerge:
    """Load the merge of an instrument that a user made.

    Raises:
        MergeNotFound: it is no other one, or it is somebody else's.
    """
    found = find_merge(duplicate_id)
    if found is None or found.duplicate.owner_id != owner_id:
        raise MergeNotFound
    return found


def list_own_merges(owner_id: ObjectId) -> list[InstrumentMerge]:
    """List which instruments a user made turned out to be others, the newest first."""
    found = InstrumentMerge.objects.filter(asked_by_id=owner_id, open_for__isnull=False)
    rows = found.select_related("duplicate", "survivor").order_by("-id")
    return [each for each in rows if each.duplicate.owner_id == owner_id]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Two shared instruments that look like one, the one that was there first first.

    Attributes:
        by: what they have in common, besides market and currency.
    """

    first: Instrument
    second: Instrument
    by: str


def list_suggested_merges() -> list[Suggestion]:
    """List the pairs of shared instruments that what identifies one instrument says to be one.

    That is the ISIN, or the share class where it is known, with the market and the currency. Pairs
    of which staff have said that they are two are left out.
    """
    dismissed = set(MergeDismissal.objects.values_list("first_id", "second_id"))
    pairs: dict[tuple[ObjectId, ObjectId], str] = {}
    for column, words in (("isin", "ISIN"), ("share_class_figi", "share class FIGI")):
        found_pairs = (
            (pair, f"{words} {group['_id'][column]}")
            for group in _groups_by(column)
            for pair in _pairs_of(sorted(group["ids"]), dismissed)
        )
        for pair, named in islice(found_pairs, _MOST_SUGGESTED):
            pairs.setdefault(pair, named)
    found = instruments_by_id([key for pair in pairs for key in pair])
    suggested = (
        Suggestion(found[str(first)], found[str(second)], by)
        for (first, second), by in pairs.items()
    )
    return sorted(suggested, key=lambda each: (each.first.identity, each.second.identity))


def _pairs_of(
    ids: Sequence[ObjectId], dismissed: Container[tuple[ObjectId, ObjectId]]
) -> Iterator[tuple[ObjectId, ObjectId]]:
    """Pair each with the first one before it that it may still be the same as."""
    for place, other in enumerate(ids):
        for first in ids[:place]:
            if (first, other) not in dismissed:
                yield first, other
                break


def _groups_by(column: str) -> Iterator[dict[str, Any]]:
    """Group the shared instruments that agree; one with another multiplier is another one."""
    same = (column, "mic", "currency", "multiplier")
    stages: list[dict[str, Any]] = [
        {"$match": {"owner_id": None, "is_active": True, column: {"$gt": ""}, "mic": {"$gt": ""}}},
        {"$group": {"_id": {name: f"${name}" for name in same}, "ids": {"$push": "$_id"}}},
        {"$match": {"ids.1": {"$exists": True}}},
        # So that whoever asks again meets the same ones first.
        {"$sort": {"_id": 1}},
    ]
    return aggregate(Instrument, stages)


def list_unfinished_merges(*, since: datetime) -> QuerySet[InstrumentMerge]:
    """List the merges that are on their way, and those done since a moment, the oldest first.

    Whoever looked an instrument up before it was merged may still write of it after.
    """
    open_states = (InstrumentMerge.MOVING, InstrumentMerge.RETURNING)
    unfinished = InstrumentMerge.objects.filter(state__in=open_states)
    recent = InstrumentMerge.objects.filter(state=InstrumentMerge.DONE, updated_at__gte=since)
    return (unfinished | recent).order_by("id")
