"""What market data announces, and what follows from it for portfolios."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any

from bson import ObjectId
from django_mongodb_backend.transaction import on_commit

from marketdata import events as market
from marketdata.domain.quotes import Quote
from marketdata.domain.routing import Interests
from portfolios import alerting, tasks
from portfolios.selectors import references
from portfolios.selectors.interests import list_interests
from portfolios.services import merging, recalculation


def on_own_worth_changed(
    *, instrument_id: ObjectId, owner_id: ObjectId, from_date: date, now: datetime, **_more: Any
) -> None:
    """Have portfolios valued anew; it is noted with the change, and queued once that is stored."""
    touched = recalculation.mark_repriced(
        instrument_id, owner_id=owner_id, from_date=from_date, now=now
    )
    for portfolio in touched:
        on_commit(partial(tasks.request_recalculation, portfolio))


def on_closes_filled(
    *, instrument_id: ObjectId, from_date: date, now: datetime, **_more: Any
) -> None:
    """Have all portfolios valued anew that hold or held what has got a history."""
    for portfolio in recalculation.mark_filled(instrument_id, from_date=from_date, now=now):
        tasks.request_recalculation(portfolio)


def on_references_asked(
    *, instrument_id: ObjectId, owner_id: ObjectId | None, **_more: Any
) -> dict[str, int]:
    """Tell what speaks of an instrument."""
    return references.count_references(instrument_id, owner_id=owner_id)


def on_references_moving(**known: Any) -> int:
    """Let some of what speaks of an instrument speak of the one that it turned out to be."""
    return _follow(merging.move_some, **known)


def on_references_returning(**known: Any) -> int:
    """Take some of that back."""
    return _follow(merging.return_some, **known)


def _follow(
    some: Callable[[merging.Merge], merging.Followed],
    *,
    merge_key: str,
    source_id: ObjectId,
    target_id: ObjectId,
    now: datetime,
    **_more: Any,
) -> int:
    done = some(merging.Merge(merge_key, source_id, target_id, now))
    for portfolio in merging.portfolios_of(done):
        tasks.request_recalculation(portfolio)
    return done.count


async def on_feed_leads(**_more: Any) -> None:
    """Begin to hold alerts against quotes, in the process that announces them."""
    alerting.start()


async def on_quotes_recorded(*, quotes: Sequence[Quote], **_more: Any) -> None:
    """Hold alerts against new quotes."""
    alerting.take(quotes)


async def on_feed_rests(**_more: Any) -> None:
    """Leave alerts to whoever announces quotes now."""
    await alerting.stop()


def on_interests_asked(**_more: Any) -> Interests:
    """Tell the feed which prices people wait for."""
    return list_interests()


def connect() -> None:
    """Begin to listen."""
    market.interests_asked.connect(on_interests_asked)
    market.own_closes_changed.connect(on_own_worth_changed)
    market.closes_filled.connect(on_closes_filled)
    market.own_multiplier_changed.connect(on_own_worth_changed)
    market.references_asked.connect(on_references_asked)
    market.references_moving.connect(on_references_moving)
    market.references_returning.connect(on_references_returning)
    market.feed_leads.connect(on_feed_leads)
    market.quotes_recorded.connect(on_quotes_recorded)
    market.feed_rests.connect(on_feed_rests)
