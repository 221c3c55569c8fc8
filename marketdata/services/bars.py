"""The one place where daily closes are written, together with the packs they are read from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date

from bson import ObjectId

from common.bulk import aggregate, at_midnight, insert_many, update_many, upsert_many
from marketdata.domain.packing import pack
from marketdata.models import CloseYear, PriceBar


def write_bars(bars: Iterable[PriceBar]) -> None:
    """Insert bars, each in place of the one of its instrument and day if there is one.

    Called inside a transaction. Of two bars of one day the last given counts.
    """
    by_instrument: dict[ObjectId, dict[date, PriceBar]] = defaultdict(dict)
    for bar in bars:
        by_instrument[bar.instrument_id][bar.date] = bar
    for instrument_id, of_days in by_instrument.items():
        years = {day.year for day in of_days}
        _write(instrument_id, of_days)
        pack_closes(instrument_id, years)


def move_bars(source_id: ObjectId, target_id: ObjectId, *, days: Collection[date]) -> None:
    """Give the bars of some days, of which the target has none, to it; inside a transaction."""
    if days:
        bars = PriceBar.objects.filter(instrument_id=source_id, date__in=list(days))
        bars.update(instrument_id=target_id)
        for instrument_id in (source_id, target_id):
            pack_closes(instrument_id, {day.year for day in days})


def delete_bar(bar: PriceBar) -> None:
    """Delete a bar; called inside a transaction."""
    bar.delete()
    pack_closes(bar.instrument_id, {bar.date.year})


def pack_closes(instrument_id: ObjectId, years: Collection[int]) -> None:
    """Pack an instrument's closes of some years anew.

    Whoever writes bars does so in the same transaction. Two who write one year at once then both
    write its pack, so that the later one finds out, and begins again with what the other wrote.
    """
    packs = []
    for year, points in _by_year(instrument_id, years).items():
        days, closes = pack(points)
        packs.append(CloseYear(instrument_id=instrument_id, year=year, days=days, closes=closes))
    gone = set(years).difference(each.year for each in packs)
    upsert_many(packs, key=("instrument", "year"))
    CloseYear.objects.filter(instrument_id=instrument_id, year__in=gone).delete()


def _write(instrument_id: ObjectId, bars: dict[date, PriceBar]) -> None:
    there = PriceBar.objects.filter(
        instrument_id=instrument_id, date__gte=min(bars), date__lte=max(bars)
    )
    # Nearly always all of them are new, and inserting is several times as fast.
    known = []
    for key, day in there.values_list("pk", "date"):
        if day in bars:
            bar = bars.pop(day)
            bar.pk = key
            known.append(bar)
    update_many(known)
    insert_many(bars.values())


def _by_year(instrument_id: ObjectId, years: Collection[int]) -> dict[int, list[tuple[date, str]]]:
    bounds = {
        "$gte": at_midnight(date(min(years), 1, 1)),
        "$lte": at_midnight(date(max(years), 12, 31)),
    }
    rows = aggregate(
        PriceBar,
        [
            {"$match": {"instrument_id": instrument_id, "date": bounds}},
            {"$sort": {"date": 1}},
            {"$project": {"_id": 0, "date": 1, "close": {"$toString": "$close"}}},
        ],
    )
    found: dict[int, list[tuple[date, str]]] = defaultdict(list)
    for row in rows:
        if row["date"].year in years:
            found[row["date"].year].append((row["date"].date(), row["close"]))
    return found
