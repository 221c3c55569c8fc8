"""Ask which instruments turned out to be others, and what speaks of an instrument."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from bson import ObjectId
from django.db.models import QuerySet

from common.errors import NotFound
from marketdata.events import references_asked
from marketdata.models import Instrument, InstrumentMerge


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


def list_unfinished_merges(*, since: datetime) -> QuerySet[InstrumentMerge]:
    """List the merges that are on their way, and those done since a moment, the oldest first.

    Whoever looked an instrument up before it was merged may still write of it after.
    """
    open_states = (InstrumentMerge.MOVING, InstrumentMerge.RETURNING)
    unfinished = InstrumentMerge.objects.filter(state__in=open_states)
    recent = InstrumentMerge.objects.filter(state=InstrumentMerge.DONE, updated_at__gte=since)
    return (unfinished | recent).order_by("id")
