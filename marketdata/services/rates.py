"""Record the exchange rates that central banks publish as closes of the currency pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from bson import ObjectId

from common.money import DECIMAL_PLACES, exact
from common.remote.errors import RemoteFailure
from common.transactions import run_in_transaction
from marketdata import selectors
from marketdata.adapters.base import FxSource
from marketdata.adapters.chain import AllFailed, Answer, chosen, first_answer
from marketdata.domain.sources import Need, Parsed, ReferenceRates
from marketdata.models import Instrument, PriceBar, SourceRun
from marketdata.services.bars import write_bars
from marketdata.services.prices import HISTORY
from marketdata.services.source_runs import note_run

_STEP = Decimal(1).scaleb(-DECIMAL_PLACES)
_Found = Answer[Parsed[ReferenceRates]]


@dataclass(frozen=True, slots=True)
class RatesRecorded:
    """What a run did."""

    #: Closes that are new or other than before.
    written: int
    #: Who gave the rates; empty where nobody had to be asked.
    source: str = ""


def record_reference_rates(
    sources: Sequence[FxSource], *, today: date, now: datetime
) -> RatesRecorded:
    """Store the reference rates that the shared currency pairs lack, up to today.

    A pair that isn't against the base currency gets the cross rate of the day. Safe to run twice:
    a rate is keyed by pair and day, and one that is there already isn't written again; a run that
    finds today's rates asks nobody. How it went is kept as the last run of the source.

    Pairs whose sources staff have chosen are asked about apart, each group of its own sources.

    Raises:
        AllFailed: no source answered for some of them; what was known before stays.
    """
    pairs = selectors.currency_pairs()
    chains = selectors.fx_chains()
    rest = {key: sides for key, sides in pairs.items() if key not in chains}
    start = _start(sources=[each.name for each in sources], today=today)
    groups = [(list(sources), rest, start)]
    for chain in sorted(set(chains.values())):
        mine = {key: sides for key, sides in pairs.items() if chains.get(key) == chain}
        groups.append((chosen(sources, chain), mine, _start_of(mine, today=today)))
    done = RatesRecorded(written=0)
    failures: list[tuple[str, RemoteFailure]] = []
    for asked, mine, since in groups:
        try:
            found = _record(asked, mine, start=since, today=today, now=now)
        except AllFailed as failed:
            failures += failed.failures
            continue
        done = RatesRecorded(done.written + found.written, done.source or found.source)
    if failures:
        raise AllFailed(failures)
    return done


def _record(
    sources: Sequence[FxSource],
    pairs: Mapping[str, tuple[str, str]],
    *,
    start: date,
    today: date,
    now: datetime,
) -> RatesRecorded:
    if not sources or not pairs or start > today:
        return RatesRecorded(written=0)
    try:
        found = first_answer(
            sources, lambda source: source.reference_rates(start=start, today=today)
        )
    except AllFailed as failed:
        _note_failures(failed.failures, now=now)
        raise
    _note_failures(found.failures, now=now)
    written = run_in_transaction(lambda: _store(found, pairs, now=now))
    return RatesRecorded(written=written, source=found.source)


def _start(*, sources: Sequence[str], today: date) -> date:
    """Return the first day that may be missing: that after the newest one that was given."""
    runs = SourceRun.objects.filter(need=Need.FX.value, source__in=sources)
    good = [(run.newest_date, run.last_good_at) for run in runs if run.newest_date]
    if not good:
        return today - HISTORY
    newest, good_at = max(good, key=lambda each: each[0])
    # A pair that came later has no history yet.
    if selectors.has_pair_since(good_at):
        return today - HISTORY
    return newest + timedelta(days=1)


def _start_of(pairs: Mapping[str, object], *, today: date) -> date:
    """Return the first day that any of the pairs lacks: what they have stays as it is."""
    found = Instrument.objects.filter(pk__in=[ObjectId(key) for key in pairs])
    dates = list(found.values_list("last_close_date", flat=True))
    return min(
        (today - HISTORY if day is None else day + timedelta(days=1) for day in dates),
        default=today,
    )


def _store(found: _Found, pairs: Mapping[str, tuple[str, str]], *, now: datetime) -> int:
    days = found.value.rows
    bars, missing = _bars(days, pairs, source=found.source, now=now)
    known = _known(pairs, days)
    changed = [
        bar for bar in bars if known.get((bar.instrument_id, bar.date)) != (bar.close, bar.source)
    ]
    write_bars(changed)
    newest: dict[ObjectId, PriceBar] = {}
    for bar in changed:
        if bar.instrument_id not in newest or newest[bar.instrument_id].date < bar.date:
            newest[bar.instrument_id] = bar
    for key, bar in newest.items():
        # A close that is newer already stays the last one.
        Instrument.objects.filter(pk=key).exclude(last_close_date__gt=bar.date).update(
            last_close=bar.close, last_close_date=bar.date, updated_at=now
        )
    lines = [f"Not published: {', '.join(missing)}."] if missing else []
    lines += [str(error) for error in found.value.errors]
    note_run(
        found.source,
        Need.FX,
        SourceRun.PARTIAL if found.value.errors else SourceRun.OK,
        detail="\n".join(lines),
        now=now,
        good={"written": len(changed), "newest_date": days[-1].date} if days else {"written": 0},
    )
    return len(changed)


def _bars(
    days: Sequence[ReferenceRates],
    pairs: Mapping[str, tuple[str, str]],
    *,
    source: str,
    now: datetime,
) -> tuple[list[PriceBar], list[str]]:
    """Return the closes of all pairs, and the names of pairs without any."""
    bars: list[PriceBar] = []
    missing: list[str] = []
    for key, (first, second) in pairs.items():
        rates = [(each.date, each.cross(first, second)) for each in days]
        found = [
            PriceBar(
                instrument_id=ObjectId(key),
                date=day,
                close=_rounded(rate),
                source=source,
                recorded_at=now,
            )
            for day, rate in rates
            if rate is not None
        ]
        bars += found
        if days and not found:
            missing.append(f"{first}/{second}")
    return bars, missing


def _rounded(rate: Decimal) -> Decimal:
    with exact():
        return rate.quantize(_STEP)


def _known(
    pairs: Mapping[str, tuple[str, str]], days: Sequence[ReferenceRates]
) -> dict[tuple[ObjectId, date], tuple[Decimal, str]]:
    if not days:
        return {}
    rows = PriceBar.objects.filter(
        instrument_id__in=[ObjectId(key) for key in pairs],
        date__gte=days[0].date,
        date__lte=days[-1].date,
    ).values_list("instrument_id", "date", "close", "source")
    return {(key, day): (close, source) for key, day, close, source in rows}


def _note_failures(failures: Sequence[tuple[str, RemoteFailure]], *, now: datetime) -> None:
    for source, failure in failures:
        note_run(source, Need.FX, SourceRun.FAILED, detail=failure.detail, now=now)
