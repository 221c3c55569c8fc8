"""Ask about prices within days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from bson import ObjectId

from common.bulk import aggregate
from marketdata.domain.intraday import (
    Bar,
    BarStatus,
    Interval,
    chosen,
    floor,
    in_units_of_now,
    merged,
)
from marketdata.models import BarPack
from marketdata.selectors.actions import splits_by_instrument

#: How much one stored document covers.
PACK_LENGTHS = {Interval.MINUTE: timedelta(hours=1), Interval.HOUR: timedelta(days=1)}
#: More than one instrument has: its minutes of eight days from five sources.
_MOST_PACKS = 1_000


@dataclass(frozen=True, slots=True)
class Pack:
    """Bars of one instrument and source that are stored together."""

    id: ObjectId
    instrument_id: str
    start: datetime
    source: str
    bars: Sequence[Bar]


def list_intraday_bars(
    instrument_id: ObjectId, interval: Interval, *, start: datetime, end: datetime
) -> list[Bar]:
    """List the bars that begin in a span, end excluded, oldest first, in units of today.

    Minutes that are still there are merged into longer bars; of those that are gone hours are left.
    """
    first = interval.floor(start)
    bars = chosen(_read(instrument_id, Interval.MINUTE, start=first, end=end))
    if interval is not Interval.MINUTE:
        bars = merged(bars, interval)
    if interval is Interval.HOUR:
        hours = _read(instrument_id, Interval.HOUR, start=first, end=end)
        bars = chosen([*hours, *bars])
    key = str(instrument_id)
    splits = splits_by_instrument([key], start=first.date(), end=end.date()).get(key, ())
    return in_units_of_now(bars, splits)


def newest_minute(instrument_id: ObjectId) -> datetime | None:
    """Return the last minute of which a price is kept; None where there is none."""
    packs = BarPack.objects.filter(instrument_id=instrument_id, interval=Interval.MINUTE.value)
    newest = packs.order_by("-start").values_list("start", flat=True).first()
    if newest is None:
        return None
    end = newest + PACK_LENGTHS[Interval.MINUTE]
    return max(bar.at for bar in _read(instrument_id, Interval.MINUTE, start=newest, end=end))


def ids_sampled_since(moment: datetime) -> set[str]:
    """Return the instruments of which minutes were kept after about a moment."""
    start = floor(moment, PACK_LENGTHS[Interval.MINUTE])
    stages: list[dict[str, Any]] = [
        {"$match": {"interval": Interval.MINUTE.value, "start": {"$gte": start}}},
        {"$group": {"_id": "$instrument_id"}},
    ]
    return {str(each["_id"]) for each in aggregate(BarPack, stages)}


def _read(
    instrument_id: ObjectId, interval: Interval, *, start: datetime, end: datetime
) -> Iterator[Bar]:
    match = {
        "instrument_id": instrument_id,
        "interval": interval.value,
        "start": {"$gte": floor(start, PACK_LENGTHS[interval]), "$lt": end},
    }
    for pack in read_packs(interval, match):
        yield from (bar for bar in pack.bars if start <= bar.at < end)


def read_packs(
    interval: Interval, match: Mapping[str, Any], *, limit: int | None = None
) -> Iterator[Pack]:
    """Read packs as they are stored, the oldest first.

    Args:
        match: a filter as the server takes it.
        limit: at most so many packs.
    """
    # Prices come as texts: a decimal is made ten times as fast of one.
    prices = ("first.price", "high", "low", "last.price")
    moments = ["$$bar.v.first.at", "$$bar.v.last.at", "$$bar.v.final"]
    texts = [{"$toString": f"$$bar.v.{name}"} for name in prices]
    listed = {
        "input": {"$objectToArray": "$bars"},
        "as": "bar",
        "in": ["$$bar.k", *moments, *texts],
    }
    stages: list[dict[str, Any]] = [
        {"$match": dict(match)},
        {"$sort": {"start": 1}},
        {"$limit": limit or _MOST_PACKS},
        {"$project": {"instrument_id": 1, "source": 1, "start": 1, "bars": {"$map": listed}}},
    ]
    for row in aggregate(BarPack, stages):
        start, source = row["start"].replace(tzinfo=UTC), row["source"]
        bars = [_bar(start, interval.length, source, *each) for each in row["bars"]]
        yield Pack(row["_id"], str(row["instrument_id"]), start, source, bars)


def place_of(at: datetime, interval: Interval) -> tuple[datetime, str]:
    """Return when the pack begins that a bar is stored in, and the bar's name there."""
    start = floor(at, PACK_LENGTHS[interval])
    return start, f"b{(at - start) // interval.length:02}"


def _bar(
    start: datetime,
    length: timedelta,
    source: str,
    name: str,
    opened_at: datetime,
    closed_at: datetime,
    is_final: bool,  # noqa: FBT001 - as the server lists it
    *prices: str,
) -> Bar:
    opened, high, low, closed = map(Decimal, prices)
    return Bar(
        at=start + int(name[1:]) * length,
        open=opened,
        high=high,
        low=low,
        close=closed,
        opened_at=opened_at.replace(tzinfo=UTC),
        closed_at=closed_at.replace(tzinfo=UTC),
        source=source,
        status=BarStatus.FINAL if is_final else BarStatus.SAMPLED,
    )
