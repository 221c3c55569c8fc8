"""Ask for the closes of what portfolios hold, as far back as they held it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from bson import ObjectId
from django.db.models import Min

from common.bulk import aggregate
from marketdata import histories
from marketdata import services as market
from marketdata.domain.backfills import Trigger
from portfolios import selectors
from portfolios.models import Position, Transaction

#: The next look takes the others.
_ASKED_AT_ONCE = 200


def request_histories(*, now: datetime) -> list[Any]:
    """Have histories filled in of instruments that portfolios have had for the first time.

    From the first day that any ledger speaks of the instrument, and as far back as closes go by
    themselves, for the day a price is compared with may be before the first trade.

    Returns:
        The back-fills to be started.
    """
    yesterday = now.date() - timedelta(days=1)
    jobs = []
    for key in histories.never_filled(_held())[:_ASKED_AT_ONCE]:
        # As far as the nightly job reaches, so that what it has filled isn't asked for again.
        usual = now.date() - market.HISTORY
        start = max(min(_first_day(key) or usual, usual), market.FIRST_DAY)
        job, is_new = market.request_backfill(
            key, start=start, end=yesterday, trigger=Trigger.HELD, now=now
        )
        if is_new:
            jobs.append(job)
    return jobs


def _held() -> list[ObjectId]:
    """Return the instruments that any portfolio has, or had, a position in."""
    # In the order of an index, of which the server then reads one entry an instrument.
    stages: list[dict[str, Any]] = [
        {"$sort": {"instrument_id": 1}},
        {"$group": {"_id": "$instrument_id"}},
    ]
    return [each["_id"] for each in aggregate(Position, stages)]


def _first_day(instrument_id: ObjectId) -> date | None:
    rows = Transaction.objects.filter(
        portfolio_id__in=selectors.list_holder_ids(instrument_id),
        is_void=False,
        instrument_id=instrument_id,
    )
    first: date | None = rows.aggregate(first=Min("trade_date"))["first"]
    return first
