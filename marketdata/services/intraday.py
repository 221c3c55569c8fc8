"""The one place where prices within days are written: sampled, told, rolled up, forgotten.

A bar is written by joining it with the one that is there: the first price is that of the earliest
moment, the last that of the latest, and so on. So it doesn't matter how often a bar is written, in
which order, or by how many processes. What a source tells of a minute replaces what was sampled.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bson import ObjectId
from django.db import connection
from pymongo import UpdateOne

from common.bulk import batched
from common.fields import price_field
from common.transactions import run_in_transaction
from marketdata.domain.intraday import (
    Bar,
    BarStatus,
    Interval,
    KeyedBar,
    floor,
    merged,
    together,
)
from marketdata.models import BarPack
from marketdata.selectors.intraday import PACK_LENGTHS, Pack, place_of, read_packs

#: How many packs one transaction writes.
_AT_ONCE = 500
_PRICE = price_field()


def keep_bars(bars: Iterable[KeyedBar], *, interval: Interval) -> int:
    """Write bars, or join them with those that are there; return how many packs that changed.

    Writing them again changes nothing.
    """
    single: dict[tuple[str, str, datetime], Bar] = {}
    for instrument_id, bar in bars:
        key = (instrument_id, bar.source, bar.at)
        single[key] = together(single[key], bar) if key in single else bar
    by_pack: dict[tuple[str, str, datetime], dict[str, Any]] = defaultdict(dict)
    for (instrument_id, _source, at), bar in single.items():
        start, name = place_of(at, interval)
        by_pack[instrument_id, bar.source, start][f"bars.{name}"] = _joining(name, bar)
    changes = [
        UpdateOne(
            {
                "instrument_id": ObjectId(instrument_id),
                "interval": interval.value,
                "start": start,
                "source": source,
            },
            [{"$set": each}],
            upsert=True,
        )
        for (instrument_id, source, start), each in by_pack.items()
    ]
    for batch in batched(changes, _AT_ONCE):
        run_in_transaction(partial(_write, batch))
    return len(changes)


def _write(changes: Sequence[UpdateOne]) -> None:
    collection = connection.get_collection(BarPack._meta.db_table)  # type: ignore[attr-defined]
    collection.bulk_write(changes, ordered=False, session=connection.session)  # type: ignore[attr-defined]


def _joining(name: str, bar: Bar) -> dict[str, Any]:
    """Return what makes the server join a bar with the one that is there, as `together` does."""
    new = {
        "first": {"at": bar.opened_at, "price": _stored(bar.open)},
        "high": _stored(bar.high),
        "low": _stored(bar.low),
        "last": {"at": bar.closed_at, "price": _stored(bar.close)},
    }
    if bar.status is BarStatus.FINAL:
        return {"$literal": new | {"final": True}}
    there = f"$bars.{name}"
    # Pairs are compared by their moments first, and what isn't there yet is passed over.
    joined = {
        "first": {"$min": [f"{there}.first", {"$literal": new["first"]}]},
        "high": {"$max": [f"{there}.high", new["high"]]},
        "low": {"$min": [f"{there}.low", new["low"]]},
        "last": {"$max": [f"{there}.last", {"$literal": new["last"]}]},
        "final": False,
    }
    return {"$cond": [{"$eq": [f"{there}.final", True]}, there, joined]}


def _stored(price: Any) -> Any:
    return _PRICE.get_db_prep_value(price, connection)


def roll_up_minutes(*, now: datetime, minutes_kept: timedelta, hours_kept: timedelta) -> int:
    """Make hours of the minutes that are out of their window, and forget hours out of theirs.

    An hour is written in the transaction that deletes its minutes, so that whoever is stopped in
    the middle leaves the rest to the next run.

    Returns:
        How many packs of minutes became hours.
    """
    done = 0
    while packs := _expired(now=now, kept=minutes_kept):
        run_in_transaction(partial(_roll_up, packs))
        done += len(packs)
    oldest = floor(now - hours_kept, PACK_LENGTHS[Interval.HOUR])
    BarPack.objects.filter(interval=Interval.HOUR.value, start__lt=oldest).delete()
    return done


def _expired(*, now: datetime, kept: timedelta) -> list[Pack]:
    oldest = floor(now - kept, PACK_LENGTHS[Interval.MINUTE])
    match = {"interval": Interval.MINUTE.value, "start": {"$lt": oldest}}
    return list(read_packs(Interval.MINUTE, match, limit=_AT_ONCE))


def _roll_up(packs: Sequence[Pack]) -> None:
    hours = [
        (pack.instrument_id, hour)
        for pack in packs
        for hour in merged(sorted(pack.bars, key=lambda each: each.at), Interval.HOUR)
    ]
    keep_bars(hours, interval=Interval.HOUR)
    BarPack.objects.filter(pk__in=[pack.id for pack in packs]).delete()
