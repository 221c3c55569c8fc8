"""Have sources tell the minutes of instruments, as far as they haven't been asked yet."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

import structlog
from bson import ObjectId

from common.transactions import run_in_transaction
from marketdata import selectors
from marketdata.adapters.base import Listing, MinuteSource
from marketdata.adapters.chain import AllFailed, Answer, chosen, first_answer
from marketdata.domain.intraday import Bar, Interval
from marketdata.models import MinuteFill
from marketdata.services.intraday import keep_bars

log = structlog.get_logger(__name__)

#: The next run takes the others: a source that answers 200 questions a minute is asked for more.
_AT_ONCE = 100
#: A run ends soon after.
_LONGEST = timedelta(minutes=4)
#: Minutes near the end of their window aren't asked for: they would be rolled up meanwhile.
_MARGIN = timedelta(hours=1)
_LONGEST_ERROR = 500


def fill_minutes(
    sources: Sequence[MinuteSource],
    *,
    wanted: Collection[str],
    kept: timedelta,
    clock: Callable[[], datetime],
) -> int:
    """Ask for the minutes that nobody was asked for yet; return how many were told.

    How far an instrument is lies in its `MinuteFill`, which is written with the bars: whoever is
    stopped leaves the rest to the next run, and a pause of days is filled as far as minutes are
    kept. Those that wait longest go first.

    Args:
        sources: the first that covers an instrument and answers tells its minutes.
        wanted: the ids of the instruments that are meant.
        kept: how long minutes are kept.
        clock: tells the time.
    """
    started = clock()
    fills = {str(each.instrument_id): each for each in MinuteFill.objects.all()}
    asked = [
        (listing, able)
        for listing in selectors.list_listings()
        if listing.instrument_id in wanted and (able := _able(sources, listing))
    ]
    asked.sort(key=lambda each: _last_asked(fills.get(each[0].instrument_id)))
    told = 0
    for listing, able in asked[:_AT_ONCE]:
        if clock() - started > _LONGEST:
            break
        told += _fill(listing, able, fills.get(listing.instrument_id), kept=kept, clock=clock)
    return told


def _able(sources: Sequence[MinuteSource], listing: Listing) -> list[MinuteSource]:
    return [each for each in chosen(sources, listing.bar_sources) if each.covers(listing)]


def _last_asked(fill: MinuteFill | None) -> float:
    return 0.0 if fill is None else fill.asked_at.timestamp()


def _fill(
    listing: Listing,
    sources: Sequence[MinuteSource],
    fill: MinuteFill | None,
    *,
    kept: timedelta,
    clock: Callable[[], datetime],
) -> int:
    now = clock()
    horizon = Interval.MINUTE.floor(now - kept + _MARGIN)
    start = horizon if fill is None else max(fill.asked_until, horizon)
    # Of several sources each may be the one that answers.
    late = max(each.minutes_late for each in sources)
    end = Interval.MINUTE.floor(now) - timedelta(minutes=late)
    step = timedelta(minutes=min(each.most_minutes for each in sources))
    told = 0
    while start < end:
        last = min(end, start + step)
        try:
            found = first_answer(sources, _asking(listing, start=start, end=last))
        except AllFailed as failed:
            _note_failure(listing, failed, reached=start, now=now)
            break
        if not _store(listing, found, start=start, end=last, now=now):
            break
        told += len(found.value)
        start = last
    return told


def _asking(
    listing: Listing, *, start: datetime, end: datetime
) -> Callable[[MinuteSource], Sequence[Bar]]:
    return lambda source: source.minute_bars(listing, start=start, end=end)


def _store(
    listing: Listing, found: Answer[Sequence[Bar]], *, start: datetime, end: datetime, now: datetime
) -> bool:
    """Write what was told together with how far that is; say whether nobody else is further."""
    instrument_id = ObjectId(listing.instrument_id)

    def store() -> bool:
        fill = MinuteFill.objects.filter(instrument_id=instrument_id).first()
        if fill is not None and fill.asked_until > start:
            return False
        fill = fill or MinuteFill(instrument_id=instrument_id)
        fill.asked_until, fill.asked_at, fill.error = end, now, ""
        if found.value:
            fill.source = found.source
            fill.written += len(found.value)
            bars = [(listing.instrument_id, bar) for bar in found.value]
            keep_bars(bars, interval=Interval.MINUTE)
        fill.save()
        return True

    return run_in_transaction(store)


def _note_failure(listing: Listing, failed: AllFailed, *, reached: datetime, now: datetime) -> None:
    """Remember why nothing was told, and let others go first; the next run asks again."""
    instrument_id = ObjectId(listing.instrument_id)
    reason = failed.detail[:_LONGEST_ERROR]

    def note() -> None:
        fill = MinuteFill.objects.filter(instrument_id=instrument_id).first()
        fill = fill or MinuteFill(instrument_id=instrument_id, asked_until=reached)
        fill.asked_at, fill.error = now, reason
        fill.save()

    run_in_transaction(note)
