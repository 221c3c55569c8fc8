"""Fill in histories of closes: asked for once, worked on by one, gone on with after any failure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from bson import ObjectId
from django.db import IntegrityError

from common.errors import Conflict, InvalidInput
from common.remote.errors import RateLimited
from common.transactions import run_in_transaction
from marketdata import histories, selectors
from marketdata.adapters.base import BarSource, DailyClose, Listing
from marketdata.adapters.chain import AllFailed, Answer, chosen, first_answer
from marketdata.domain.backfills import (
    MOST_RETRIES,
    BackfillState,
    Trigger,
    end_of_chunk,
    try_again_at,
)
from marketdata.events import closes_filled
from marketdata.models import Backfill, Instrument, PriceBar
from marketdata.services.bars import write_bars
from marketdata.services.prices import FIRST_DAY

log = structlog.get_logger(__name__)

#: Longer than one chunk takes with all its retries; a worker that is silent for so long is dead.
LEASE = timedelta(minutes=5)
#: A back-fill over which more workers were lost isn't taken on again.
MOST_LOST = 4
_LONGEST_ERROR = 500
_NO_SOURCE = "No source of daily closes is switched on for it."
_BROKE_OFF = "It broke off again and again; the log says more."


class BackfillRefused(InvalidInput):
    """The history can't be filled in as asked."""

    code = "backfill-refused"


class Replaced(Conflict):
    """Another worker fills the history in, or was asked to begin anew."""

    code = "backfill-replaced"


def request_backfill(
    instrument_id: ObjectId, *, start: date, end: date, trigger: Trigger, now: datetime
) -> tuple[Backfill, bool]:
    """Ask for closes; return the record, and whether there is something to do that wasn't before.

    One that is open for the instrument is joined, and made as long as both are together.

    Args:
        instrument_id: of an instrument that everybody sees.
        start: the first day, like `end` included.
        end: the last day, before today.

    Raises:
        InstrumentNotFound: there is none, or it is somebody's own.
        BackfillRefused: the days are out of order or out of range.
    """
    check_span(start, end, today=now.date())
    instrument = selectors.get_instrument(instrument_id)

    def request() -> tuple[Backfill, bool]:
        found = Backfill.objects.filter(open_for=str(instrument.pk)).first()
        if found is not None:
            return found, _widen(found, start=start, end=end, now=now)
        made = Backfill(
            instrument=instrument,
            trigger=trigger.value,
            start=start,
            end=end,
            next_date=start,
            open_for=str(instrument.pk),
            created_at=now,
            updated_at=now,
        )
        made.save(force_insert=True)
        return made, True

    try:
        return run_in_transaction(request)
    except IntegrityError:
        # Somebody else asked at the same moment: theirs is joined.
        return run_in_transaction(request)


def check_span(start: date, end: date, *, today: date) -> None:
    """Refuse days whose closes can't be asked for.

    Raises:
        BackfillRefused: they are out of order or out of range.
    """
    if not FIRST_DAY <= start <= end < today:
        raise BackfillRefused(
            errors={"start": [f"Give days from {FIRST_DAY} to yesterday, the first one first."]}
        )


def _widen(found: Backfill, *, start: date, end: date, now: datetime) -> bool:
    if found.start <= start and end <= found.end:
        return False
    if start < found.start:
        # Closes that are there already stay, so that asking for some days again does no harm.
        found.start = found.next_date = start
    found.end = max(end, found.end)
    # Whoever works on it knows of the shorter span, and must not write that it is done.
    found.fence += 1
    _free(found, state=BackfillState.QUEUED, now=now)
    found.save()
    return True


def run(
    backfill_id: ObjectId, *, sources: Sequence[BarSource], clock: Callable[[], datetime]
) -> Backfill | None:
    """Fill in what is missing, or go on where another worker was lost.

    Returns:
        The record as it is left; None when there is nothing to do, or somebody else does it.

    Raises:
        Replaced: somebody else has taken it on meanwhile.
    """
    job = take_on(backfill_id, now=clock())
    if job is None:
        return None
    listing = selectors.listing_of(job.instrument)
    asked = chosen(sources, listing.bar_sources)
    if not asked:
        return _end(job, BackfillState.FAILED, now=clock(), error=_NO_SOURCE)
    days = min(source.most_days for source in asked)
    while job.next_date <= job.end:
        last = end_of_chunk(job.next_date, end=job.end, days=days)
        try:
            found = _ask(asked, listing, start=job.next_date, end=last)
        except AllFailed as failed:
            return _put_off(job, failed, now=clock())
        _store(job, found, through=last, now=clock())
    if job.changed_from is not None:
        closes_filled.send(
            sender=Instrument,
            instrument_id=job.instrument_id,
            from_date=job.changed_from,
            now=clock(),
        )
    return _end(job, BackfillState.DONE, now=clock())


def take_on(backfill_id: ObjectId, *, now: datetime) -> Backfill | None:
    """Become the one worker of a back-fill; None when it has ended, or somebody else works on it.

    Whoever worked on it before, and is only slow, can't write any more.
    """

    def take() -> Backfill | None:
        job = Backfill.objects.select_related("instrument").filter(pk=backfill_id).first()
        if job is None or not histories.is_startable(job, now=now):
            return None
        job.fence += 1
        job.lost += job.state == BackfillState.RUNNING.value
        if job.lost > MOST_LOST:
            _close(job, BackfillState.FAILED, now=now, error=_BROKE_OFF)
            job.save()
            return None
        job.state, job.error = BackfillState.RUNNING.value, ""
        job.lease_until, job.retry_at, job.updated_at = now + LEASE, None, now
        job.save()
        return job

    return run_in_transaction(take)


def _ask(
    sources: Sequence[BarSource], listing: Listing, *, start: date, end: date
) -> Answer[Sequence[DailyClose]] | None:
    """Return the closes of a chunk; None where the sources answer, and know none.

    Raises:
        AllFailed: none knows any, and of one it isn't certain because it failed.
    """
    try:
        return first_answer(
            sources, lambda source: source.daily_closes(listing, start=start, end=end) or None
        )
    except AllFailed as failed:
        if failed.failures:
            raise
        return None


def _store(
    job: Backfill, found: Answer[Sequence[DailyClose]] | None, *, through: date, now: datetime
) -> None:
    """Write a chunk's closes together with how far the back-fill has come."""
    closes = {} if found is None else {each.date: each for each in found.value}

    def store() -> dict[str, Any]:
        new = _insert_missing(
            job.instrument_id, closes, source=found.source if found else "", now=now
        )
        changes: dict[str, Any] = {
            "next_date": through + timedelta(days=1),
            "written": job.written + len(new),
            "retries": 0,
            "lost": 0,
            "lease_until": now + LEASE,
            "updated_at": now,
        }
        if new:
            first = min(new)
            changes["source"] = found.source if found else ""
            changes["changed_from"] = min(first, job.changed_from or first)
        _change(job, changes)
        return changes

    for name, value in run_in_transaction(store).items():
        setattr(job, name, value)


def _insert_missing(
    instrument_id: ObjectId, closes: dict[date, DailyClose], *, source: str, now: datetime
) -> set[date]:
    """Insert the closes of days that have none; what is there stays. Return the days."""
    if not closes:
        return set()
    there = PriceBar.objects.filter(
        instrument_id=instrument_id, date__gte=min(closes), date__lte=max(closes)
    )
    new = closes.keys() - set(there.values_list("date", flat=True))
    if not new:
        return set()
    write_bars(
        PriceBar(
            instrument_id=instrument_id,
            date=day,
            close=closes[day].close,
            source=source,
            told_in=closes[day].told_in,
            recorded_at=now,
        )
        for day in sorted(new)
    )
    newest = max(new)
    # A close that is newer already stays the last one.
    Instrument.objects.filter(pk=instrument_id).exclude(last_close_date__gt=newest).update(
        last_close=closes[newest].close, last_close_date=newest, updated_at=now
    )
    return new


def _change(job: Backfill, changes: dict[str, Any]) -> None:
    """Change a back-fill that is still this worker's, in the caller's transaction.

    Raises:
        Replaced: it isn't.
    """
    held = Backfill.objects.filter(
        pk=job.pk, fence=job.fence, state=BackfillState.RUNNING.value
    ).update(**changes)
    if not held:
        raise Replaced


def _put_off(job: Backfill, failed: AllFailed, *, now: datetime) -> Backfill:
    """Try the chunk again later: when the limits allow it, or after a pause that doubles."""
    reason = failed.detail[:_LONGEST_ERROR]
    limits = [each for _, each in failed.failures if isinstance(each, RateLimited)]
    if len(limits) == len(failed.failures):
        # Being told to wait is no failure.
        retries, retry_at = job.retries, min(each.until for each in limits)
    elif job.retries >= MOST_RETRIES:
        return _end(job, BackfillState.FAILED, now=now, error=reason)
    else:
        retries, retry_at = job.retries + 1, try_again_at(now, retries=job.retries)
    job.retries = retries
    _free(job, state=BackfillState.WAITING, now=now)
    job.retry_at, job.error = retry_at, reason
    return _save_held(job)


def _end(job: Backfill, state: BackfillState, *, now: datetime, error: str = "") -> Backfill:
    _close(job, state, now=now, error=error)
    return _save_held(job)


def _close(job: Backfill, state: BackfillState, *, now: datetime, error: str) -> None:
    _free(job, state=state, now=now)
    job.open_for, job.error, job.finished_at = None, error, now


def _free(job: Backfill, *, state: BackfillState, now: datetime) -> None:
    job.state = state.value
    job.lease_until = job.retry_at = None
    job.updated_at = now


def _save_held(job: Backfill) -> Backfill:
    names = (
        *("state", "lease_until", "retry_at", "retries", "error"),
        *("open_for", "finished_at", "updated_at"),
    )
    changes = {name: getattr(job, name) for name in names}
    run_in_transaction(lambda: _change(job, changes))
    log.info(
        "backfill.moved_on",
        backfill_id=str(job.pk),
        state=job.state,
        written=job.written,
        reason=job.error,
    )
    return job
