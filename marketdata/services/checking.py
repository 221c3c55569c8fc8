"""Look through stored closes: which sessions have none, and which closes look wrong."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime
from hashlib import blake2b

from bson import ObjectId

from common.bulk import batched, insert_many
from common.transactions import run_in_transaction
from marketdata import selectors
from marketdata.domain.doubts import Doubtful, Verdict, find_doubtful
from marketdata.domain.gaps import find_gaps, stored
from marketdata.domain.instruments import AssetClass
from marketdata.models import CloseDoubt, HistoryCheck, Instrument
from marketdata.services.prices import FIRST_DAY

#: Returns the sessions of a market and kind from a day to another; None where nobody knows.
Sessions = Callable[..., Sequence[date] | None]
Points = Sequence[tuple[date, float]]

_AT_ONCE = 50


def check_histories(
    sessions: Sessions, *, now: datetime, only: Collection[ObjectId] | None = None
) -> int:
    """Look through the closes of shared instruments; return how many have gaps or doubts now.

    Closes that were looked at before are history, unless one of them has changed. Safe to run
    twice: a doubt is keyed by instrument, day and reason. One that staff have decided stays as it
    is; one that nobody has, and that is no more, goes.

    Args:
        sessions: asked when an instrument is traded; see `marketdata.adapters.calendars`.
        only: the ids of the instruments that are meant; None means all.
    """
    found = Instrument.objects.filter(
        is_active=True, owner__isnull=True, last_close_date__isnull=False
    )
    if only is not None:
        found = found.filter(pk__in=list(only))
    noted = 0
    for batch in batched(found.order_by("symbol"), _AT_ONCE):
        closes = selectors.closes_for_statistics(
            [str(each.pk) for each in batch], start=FIRST_DAY, end=now.date()
        )
        for instrument in batch:
            points = closes.get(str(instrument.pk))
            if points:
                noted += _check(instrument, points, sessions, now=now)
    return noted


def decide(ids: Collection[ObjectId], *, verdict: Verdict, user_id: ObjectId, now: datetime) -> int:
    """Say of doubts whether the closes are wrong; return how many were there."""
    return CloseDoubt.objects.filter(pk__in=list(ids)).update(
        verdict=verdict.value, decided_by_id=user_id, decided_at=now, updated_at=now
    )


def _check(instrument: Instrument, points: Points, sessions: Sessions, *, now: datetime) -> bool:
    first, last = points[0][0], points[-1][0]
    known = sessions(
        mic=instrument.mic,
        asset_class=AssetClass(instrument.asset_class),
        start=first,
        end=last,
    )
    gaps = [] if known is None else find_gaps([day for day, _ in points], known)
    since = _since(instrument.pk, points)
    doubtful = find_doubtful(instrument.symbol, points, since=since)
    told = {
        "checked_at": now,
        "digest": _digest(points),
        "first_date": first,
        "last_date": last,
        "closes": len(points),
        "missing": None if known is None else sum(gap.sessions for gap in gaps),
        "gaps": stored(gaps),
    }

    def store() -> None:
        HistoryCheck.objects.update_or_create(instrument_id=instrument.pk, defaults=told)
        _store_doubts(instrument.pk, doubtful, since=since, now=now)

    run_in_transaction(store)
    return bool(gaps or doubtful)


def _since(instrument_id: ObjectId, points: Points) -> date | None:
    """Return from which day on closes weren't looked at yet; None where all have to be."""
    before = HistoryCheck.objects.filter(instrument_id=instrument_id).first()
    if before is None:
        return None
    seen = [point for point in points if point[0] <= before.last_date]
    # The last day again, for what repeats it is told from there on.
    return before.last_date if _digest(seen) == before.digest else None


def _digest(points: Points) -> str:
    text = "\n".join(f"{day} {close!r}" for day, close in points)
    return blake2b(text.encode(), digest_size=16).hexdigest()


def _store_doubts(
    instrument_id: ObjectId, doubtful: Sequence[Doubtful], *, since: date | None, now: datetime
) -> None:
    there = {
        (each.date, each.doubt): each
        for each in CloseDoubt.objects.filter(instrument_id=instrument_id)
    }
    new = []
    for each in doubtful:
        known = there.pop((each.date, each.doubt.value), None)
        if known is None:
            new.append(
                CloseDoubt(
                    instrument_id=instrument_id,
                    date=each.date,
                    doubt=each.doubt.value,
                    sentence=each.sentence,
                    created_at=now,
                    updated_at=now,
                )
            )
        elif known.verdict == Verdict.OPEN.value and known.sentence != each.sentence:
            known.sentence, known.updated_at = each.sentence, now
            known.save(update_fields=["sentence", "updated_at"])
    insert_many(new)
    gone = [
        each.pk
        for each in there.values()
        if each.verdict == Verdict.OPEN.value and (since is None or each.date >= since)
    ]
    CloseDoubt.objects.filter(pk__in=gone).delete()
