"""Ask how the histories of closes stand: what is being filled in, and for whom."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bson import ObjectId
from django.db.models import Q, QuerySet

from marketdata.domain.backfills import BackfillState, Trigger, progress
from marketdata.domain.doubts import Verdict
from marketdata.models import Backfill, CloseDoubt, Instrument

#: What was queued for longer has got lost on the way to a worker.
_NOT_TAKEN_ON = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Progress:
    """A back-fill, for whoever looks at the instrument.

    Attributes:
        percent: how much is done, from 0 to 100.
        is_waiting: it goes on by itself, but not now.
    """

    start: date
    end: date
    percent: int
    is_waiting: bool


def is_startable(job: Backfill, *, now: datetime) -> bool:
    """Say whether a worker may take a back-fill on."""
    match BackfillState(job.state):
        case BackfillState.QUEUED:
            return True
        case BackfillState.WAITING:
            return job.retry_at is None or job.retry_at <= now
        case BackfillState.RUNNING:
            return job.lease_until is None or job.lease_until <= now
        case _:
            return False


def list_startable(*, now: datetime) -> QuerySet[Backfill]:
    """List the back-fills that wait no longer, and those whose worker was lost, oldest first."""
    return Backfill.objects.filter(
        Q(state=BackfillState.WAITING.value, retry_at__lte=now)
        | Q(state=BackfillState.QUEUED.value, updated_at__lte=now - _NOT_TAKEN_ON)
        | Q(state=BackfillState.RUNNING.value, lease_until__lte=now)
    ).order_by("updated_at")


def percent_of(job: Backfill) -> int:
    """Return how much of a back-fill is done, from 0 to 100."""
    return progress(start=job.start, following=job.next_date, end=job.end)


def find_progress(instrument_id: ObjectId) -> Progress | None:
    """Say how far the open back-fill of an instrument is; None where there is none."""
    job = Backfill.objects.filter(open_for=str(instrument_id)).first()
    if job is None:
        return None
    return Progress(
        start=job.start,
        end=job.end,
        percent=percent_of(job),
        is_waiting=job.state == BackfillState.WAITING.value,
    )


def list_doubts(instrument_id: ObjectId, *, start: date, end: date) -> QuerySet[CloseDoubt]:
    """List the closes of some days that look wrong and of which staff don't say they are right."""
    return (
        CloseDoubt.objects.filter(instrument_id=instrument_id, date__gte=start, date__lte=end)
        .exclude(verdict=Verdict.DISMISSED.value)
        .order_by("-date", "doubt")
    )


def asked_since(ids: Collection[ObjectId]) -> dict[ObjectId, date]:
    """Return the first day asked for of each instrument whose history a holding has asked for."""
    asked = Backfill.objects.filter(instrument_id__in=list(ids), trigger=Trigger.HELD.value)
    first: dict[ObjectId, date] = {}
    for key, start in asked.values_list("instrument_id", "start"):
        first[key] = min(start, first.get(key, start))
    return first


def fillable(ids: Collection[ObjectId]) -> list[ObjectId]:
    """Keep the ids of active shared instruments: sources tell of no others."""
    found = Instrument.objects.filter(pk__in=list(ids), owner__isnull=True, is_active=True)
    return sorted(found.values_list("pk", flat=True))
