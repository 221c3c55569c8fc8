"""Background jobs of market data: closes, exchange rates, and what follows a merge."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from bson import ObjectId
from celery import Task, shared_task
from django.conf import settings
from kombu.exceptions import OperationalError

from common import clock
from common.remote.errors import RemoteFailure
from marketdata import histories, selectors, services
from marketdata.adapters import calendars, found_assets
from marketdata.adapters.registry import (
    action_sources,
    asset_sources,
    bar_sources,
    fx_sources,
    identity_sources,
    minute_sources,
)
from marketdata.models import Backfill, InstrumentMerge
from marketdata.services import backfills, checking, elsewhere

#: Whose day it is that central banks' rates belong to.
_FRANKFURT = ZoneInfo("Europe/Berlin")

#: What was on a screen so lately that its minutes were sampled is still asked for.
_LATELY = timedelta(hours=1)

#: The next look starts the others.
_STARTED_AT_ONCE = 100

#: Whoever looked an instrument up before it was merged has written of it by then.
_LATE = timedelta(days=2)

log = structlog.get_logger(__name__)


@shared_task(name="marketdata.tasks.record_closes")
def record_closes(**_later: Any) -> None:
    """Store the daily closes that are missing up to yesterday."""
    now = clock.now()
    written = services.record_closes(*bar_sources(), today=now.date(), now=now)
    log.info("closes.recorded", written=written)


@shared_task(name="marketdata.tasks.record_reference_rates")
def record_reference_rates(**_later: Any) -> None:
    """Store the exchange rates that are missing up to today."""
    now = clock.now()
    try:
        done = services.record_reference_rates(
            fx_sources(), today=now.astimezone(_FRANKFURT).date(), now=now
        )
    except RemoteFailure as failure:
        # The record has it, and the next run asks again.
        log.warning("rates.unavailable", reason=failure.detail)
        return
    log.info("rates.recorded", written=done.written, source=done.source)


@shared_task(name="marketdata.tasks.run_backfill")
def run_backfill(*, backfill_id: str, **_later: Any) -> None:
    """Fill in a history of closes, or go on where a worker was lost."""
    try:
        job = backfills.run(ObjectId(backfill_id), sources=bar_sources(), clock=clock.now)
    except backfills.Replaced:
        log.info("backfill.taken_over", backfill_id=backfill_id)
        return
    if job is not None and job.changed_from is not None:
        _queue(check_histories, instrument_id=str(job.instrument_id))


@shared_task(name="marketdata.tasks.check_histories")
def check_histories(*, instrument_id: str = "", **_later: Any) -> None:
    """Look for sessions without a close and for closes that look wrong, of one or of all."""
    only = {ObjectId(instrument_id)} if instrument_id else None
    noted = checking.check_histories(calendars.sessions, now=clock.now(), only=only)
    log.info("histories.checked", noted=noted)


@shared_task(name="marketdata.tasks.resume_backfills")
def resume_backfills(**_later: Any) -> None:
    """Go on with the back-fills that wait no longer, and take on those that were lost."""
    for job in histories.list_startable(now=clock.now())[:_STARTED_AT_ONCE]:
        start_backfill(job)


@shared_task(name="marketdata.tasks.look_elsewhere")
def look_elsewhere(*, text: str, **_later: Any) -> None:
    """Ask the sources about what nothing here is found by."""
    found = elsewhere.look_elsewhere(text, asset_sources())
    log.info("assets.looked_up", found=found)


def ask_elsewhere(text: str) -> bool:
    """Have the sources asked about a text; say whether they are, or are already being asked.

    Called by interfaces; whoever searches doesn't wait for it.
    """
    if not asset_sources():
        return False
    if found_assets.claim(text):
        _queue(look_elsewhere, text=text)
    return True


def start_backfill(job: Backfill) -> None:
    """Queue a back-fill; called by interfaces. With the queue out of reach it starts later."""
    _queue(run_backfill, backfill_id=str(job.pk))


def _queue(task: Task[Any, None], **names: str) -> None:
    try:
        task.apply_async(kwargs=names, retry=False)
    except OperationalError:
        log.warning("job.not_queued", task=task.name, **names)


@shared_task(name="marketdata.tasks.fill_minutes")
def fill_minutes(**_later: Any) -> None:
    """Have sources tell the minutes of what people hold, watch and look at."""
    sources = minute_sources()
    if not sources:
        return
    interests = selectors.list_interests().values()
    wanted = selectors.ids_sampled_since(clock.now() - _LATELY).union(*interests)
    told = services.fill_minutes(
        sources, wanted=wanted, kept=timedelta(days=settings.MINUTES_KEPT_DAYS), clock=clock.now
    )
    log.info("minutes.filled", told=told)


@shared_task(name="marketdata.tasks.roll_up_minutes")
def roll_up_minutes(**_later: Any) -> None:
    """Make hours of the minutes that are out of their window, and forget hours out of theirs."""
    done = services.roll_up_minutes(
        now=clock.now(),
        minutes_kept=timedelta(days=settings.MINUTES_KEPT_DAYS),
        hours_kept=timedelta(days=settings.HOURS_KEPT_DAYS),
    )
    log.info("minutes.rolled_up", hours=done)


@shared_task(name="marketdata.tasks.record_actions")
def record_actions(**_later: Any) -> None:
    """Store the corporate actions that are new, announced, or told otherwise by now."""
    now = clock.now()
    written = services.record_actions(action_sources(), today=now.date(), now=now)
    log.info("actions.recorded", written=written)


@shared_task(name="marketdata.tasks.identify_instruments")
def identify_instruments(**_later: Any) -> None:
    """Have a directory tell the share class of instruments that lack it."""
    written = services.identify_instruments(identity_sources(), clock=clock.now)
    log.info("instruments.identified", written=written)


@shared_task(name="marketdata.tasks.follow_merge")
def follow_merge(*, merge_id: str, **_later: Any) -> None:
    """Let everything that spoke of an instrument follow its merge, or the undoing of it."""
    try:
        merge = services.go_on(ObjectId(merge_id), clock=clock.now)
    except InstrumentMerge.DoesNotExist:
        log.info("merge.dropped", merge_id=merge_id)
        return
    log.info("merge.followed", merge_id=merge_id, state=merge.state, moved=merge.moved)


@shared_task(name="marketdata.tasks.follow_merges")
def follow_merges(**_later: Any) -> None:
    """Go on with merges whose worker was lost, and move what was written late."""
    for merge in selectors.list_unfinished_merges(since=clock.now() - _LATE):
        follow_merge.delay(merge_id=str(merge.pk))


def start_following(merge: InstrumentMerge) -> None:
    """Queue the job that a merge calls for; called by interfaces.

    With the queue out of reach, `follow_merges` starts it later.
    """
    _queue(follow_merge, merge_id=str(merge.pk))
