"""How to store millions of bars: an ordinary collection, one for time series, and packs of years.

A million bars unless ROWS says otherwise: `ROWS=10000000 make bench ONLY=bars`. Time is that of the
processors, ours and the server's together, so that what else runs on the machine doesn't count.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from time import process_time
from typing import Any

from bson import Decimal128, ObjectId
from django.db import connections
from pymongo import ASCENDING, IndexModel

from benchmarks.measure import Figure
from common.bulk import batched
from marketdata.domain.packing import pack, unpack

ROWS = int(os.environ.get("ROWS", "1000000"))
#: Ten years of trading days.
DAYS = 2_500
_FIRST = datetime(2016, 1, 1, tzinfo=UTC)
_BATCH = 2_000
#: A portfolio of so many is valued over all its days.
_HELD = 25
_MEGABYTE = 1_048_576

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to store bars.

    Attributes:
        make: creates the collection with its indexes.
        documents: yields what is stored of one instrument.
        find: returns the filter for bars of some instruments between two days.
        count: returns how many bars a document that was read has.
    """

    name: str
    make: Callable[[Any], Any]
    documents: Callable[[ObjectId, random.Random], Iterator[Document]]
    find: Callable[[Sequence[ObjectId], datetime, datetime], Document]
    count: Callable[[Document], int]


def run() -> list[Figure]:
    """Store the same bars in each way, and read them as charts and valuations do."""
    connection: Any = connections["default"]
    figures = [Figure("bars.rows", ROWS, "rows")]
    for variant in VARIANTS:
        figures += _measure(connection.database, variant)
    return figures


def _measure(database: Any, variant: Variant) -> list[Figure]:
    dice = random.Random(7)
    collection = variant.make(database)
    ids = [ObjectId() for _ in range(max(ROWS // DAYS, _HELD))]
    began = _processor_seconds(database)
    for key in ids:
        for batch in batched(variant.documents(key, dice), _BATCH):
            collection.insert_many(batch, ordered=False)
    took = _processor_seconds(database) - began
    # What is on disk counts after a checkpoint only.
    database.client.admin.command("fsync")
    size = database.command("collStats", collection.name)
    end = _FIRST + timedelta(days=DAYS)

    def read(keys: Sequence[ObjectId], start: datetime) -> int:
        found = collection.find(variant.find(keys, start, end))
        return sum(variant.count(each) for each in found)

    assert read(ids[:1], _FIRST) == DAYS, variant.name
    chosen = dice.sample(ids, _HELD)
    year = _cost(database, lambda: read(chosen[:1], end - timedelta(days=366)), runs=50)
    whole = _cost(database, lambda: read(chosen, _FIRST), runs=3)
    name = f"bars.{variant.name}"
    return [
        Figure(f"{name}.insert", len(ids) * DAYS / took, "rows/s"),
        Figure(f"{name}.data", size["storageSize"] / _MEGABYTE, "MB"),
        Figure(f"{name}.indexes", size["totalIndexSize"] / _MEGABYTE, "MB"),
        Figure(f"{name}.one-year", year * 1_000, "ms"),
        Figure(f"{name}.{_HELD}-whole", whole * 1_000, "ms"),
    ]


def _cost(database: Any, read: Callable[[], object], *, runs: int) -> float:
    """Return how many seconds of a processor one reading costs, once it has been read before."""
    read()
    began = _processor_seconds(database)
    for _ in range(runs):
        read()
    return (_processor_seconds(database) - began) / runs


def _processor_seconds(database: Any) -> float:
    told = database.command("serverStatus")["extra_info"]
    return process_time() + float(told["user_time_us"] + told["system_time_us"]) / 1_000_000


def _closes(dice: random.Random) -> Iterator[tuple[datetime, str]]:
    close = 100.0
    for number in range(DAYS):
        close *= 1 + dice.gauss(0, 0.01)
        yield _FIRST + timedelta(days=number), f"{close:.2f}"


def _bars(key: ObjectId, dice: random.Random) -> Iterator[Document]:
    for day, close in _closes(dice):
        yield {
            "instrument_id": key,
            "date": day,
            "close": Decimal128(close),
            "source": "benchmark",
            "recorded_at": _FIRST,
        }


def _years(key: ObjectId, dice: random.Random) -> Iterator[Document]:
    by_year: dict[int, list[tuple[date, str]]] = {}
    for day, close in _closes(dice):
        by_year.setdefault(day.year, []).append((day.date(), close))
    for year, points in by_year.items():
        days, closes = pack(points)
        yield {"instrument_id": key, "year": year, "days": days, "closes": closes}


def _ordinary(database: Any) -> Any:
    """Make what the product has: unique by instrument and day, and found by day."""
    collection = database["bench_ordinary"]
    by_key = [("instrument_id", ASCENDING), ("date", ASCENDING)]
    by_day = [("date", ASCENDING), ("instrument_id", ASCENDING)]
    collection.create_indexes([IndexModel(by_key, unique=True), IndexModel(by_day)])
    return collection


def _time_series(database: Any) -> Any:
    collection = database.create_collection(
        "bench_time_series",
        timeseries={"timeField": "date", "metaField": "instrument_id", "granularity": "hours"},
    )
    collection.create_indexes([IndexModel([("instrument_id", ASCENDING), ("date", ASCENDING)])])
    return collection


def _packed(database: Any) -> Any:
    collection = database["bench_packed"]
    by_key = [("instrument_id", ASCENDING), ("year", ASCENDING)]
    collection.create_indexes([IndexModel(by_key, unique=True)])
    return collection


def _between(keys: Sequence[ObjectId], start: datetime, end: datetime) -> Document:
    return {"instrument_id": {"$in": list(keys)}, "date": {"$gte": start, "$lt": end}}


def _in_years(keys: Sequence[ObjectId], start: datetime, end: datetime) -> Document:
    years = {"$gte": start.year, "$lte": end.year}
    return {"instrument_id": {"$in": list(keys)}, "year": years}


def _unpacked(year: Document) -> int:
    return len(unpack(year["year"], year["days"], year["closes"], float))


VARIANTS = (
    Variant("ordinary", _ordinary, _bars, _between, lambda _each: 1),
    Variant("time-series", _time_series, _bars, _between, lambda _each: 1),
    Variant("packed", _packed, _years, _in_years, _unpacked),
)
