"""Ask for the closes of what portfolios hold, as far back as they held it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from bson import ObjectId

from common.bulk import aggregate
from marketdata import histories
from marketdata import services as market
from marketdata.domain.backfills import Trigger
from portfolios.models import Position, Transaction

#: The next look takes the others.
_ASKED_AT_ONCE = 200


def request_histories(*, now: datetime) -> list[Any]:
    """Have histories filled in as far back as portfolios have had their instruments.

    What is new there is asked for from the first day that any ledger speaks of it, and as far back
    as closes go by themselves, for the day a price is compared with may be before the first trade.
    What was asked for before, and is spoken of on an earlier day since, is asked for from that day.

    Returns:
        The back-fills to be started.
    """
    held, firsts = _held(), _first_days()
    asked = histories.asked_since(held)
    # As far as the nightly job reaches, so that what it has filled isn't asked for again.
    usual, yesterday = now.date() - market.HISTORY, now.date() - timedelta(days=1)
    spans = {}
    for key in held:
        first = max(firsts.get(key, usual), market.FIRST_DAY)
        if key not in asked:
            spans[key] = (min(first, usual), yesterday)
        elif first < asked[key]:
            spans[key] = (first, asked[key] - timedelta(days=1))
    jobs = []
    for key in histories.fillable(spans.keys())[:_ASKED_AT_ONCE]:
        start, end = spans[key]
        job, is_new = market.request_backfill(
            key, start=start, end=end, trigger=Trigger.HELD, now=now
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


def _first_days() -> dict[ObjectId, date]:
    """Return the first day on which any ledger speaks of each instrument."""
    # As above: one entry an instrument.
    stages: list[dict[str, Any]] = [
        {"$match": {"is_void": False}},
        {"$sort": {"instrument_id": 1, "trade_date": 1}},
        {"$group": {"_id": "$instrument_id", "first": {"$first": "$trade_date"}}},
    ]
    found = aggregate(Transaction, stages)
    return {each["_id"]: each["first"].date() for each in found if each["_id"] is not None}
