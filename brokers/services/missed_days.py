"""Note the trading days that a broker can't tell any more, and that their trades have come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial

from brokers.adapters.brokers import get_broker
from brokers.adapters.kite.tradebook import KiteTradebook
from brokers.domain.events import Stream
from brokers.domain.imports import RowState, RunState
from brokers.domain.missed_days import MissedDayState, find_missed
from brokers.domain.schedule import SETTLING, ExchangeHours
from brokers.models import Connection, ImportRow, ImportRun, MissedDay
from brokers.selectors import list_open_missed_days
from common.transactions import run_in_transaction
from marketdata.adapters import calendars
from marketdata.domain.trading_days import TradingDay

#: Of each format that tells all trades of a span: by which broker it is.
_COMPLETE = {KiteTradebook.name: "kite"}


def note(held: Connection, *, now: datetime) -> None:
    """Store which days have passed since the last reading, in the caller's transaction.

    To be called before a new reading is noted. Repeating it is harmless.
    """
    known = get_broker(held.broker).capabilities
    if known.tells_day_of is None or not isinstance(known.hours, ExchangeHours):
        return
    told = held.good_at.get(Stream.ACTIVITIES.value)
    read_at = datetime.fromisoformat(told) if told else None
    first = max(held.created_at, read_at or held.created_at)
    days = calendars.trading_days(
        mic=known.hours.mic,
        start=first.astimezone(known.tells_day_of).date(),
        end=now.astimezone(known.tells_day_of).date(),
    )
    missed = find_missed(
        days, zone=known.tells_day_of, since=held.created_at, read_at=read_at, now=now
    )
    stored = set(
        MissedDay.objects.filter(
            connection_id=held.pk, day__in=[each.day for each in missed]
        ).values_list("day", flat=True)
    )
    fresh = [each for each in missed if each.day not in stored]
    brought = _brought_before(
        held, [day for day in days if day.day in {each.day for each in fresh}]
    )
    MissedDay.objects.bulk_create(
        MissedDay(
            connection_id=held.pk,
            day=each.day,
            read_until=each.read_until,
            created_at=now,
            **(
                _settled(now) | {"import_id": brought[each.day]}
                if each.day in brought
                else {"state": MissedDayState.OPEN.value, "updated_at": now}
            ),
        )
        for each in fresh
    )


def _brought_before(held: Connection, days: Sequence[TradingDay]) -> dict[date, str]:
    """Map the days whose trades a file brought before they were missed to its import.

    A file of the day itself has all of them only if it came after the last trades were told.
    """
    if not days:
        return {}
    formats = [name for name, broker in _COMPLETE.items() if broker == held.broker]
    imports = ImportRun.objects.filter(
        portfolio_id=held.portfolio_id,
        file_format__in=formats,
        state=RunState.COMMITTED.value,
        created_at__gte=min(day.opens_at for day in days),
    ).order_by("created_at", "pk")
    found: dict[date, str] = {}
    for run in imports:
        span = _span_of(run, account=held.account)
        for day in days:
            is_whole = run.created_at >= day.closes_at + SETTLING
            if span is not None and span[0] <= day.day <= span[1] and is_whole:
                found[day.day] = str(run.pk)
    return found


def note_of(connection: Connection, *, now: datetime) -> None:
    """Store which days have passed since a connection's last reading."""
    run_in_transaction(lambda: note(Connection.objects.get(pk=connection.pk), now=now))


def settle(missed: MissedDay, *, now: datetime) -> MissedDay:
    """Note that nothing of a day is missing any more, as its owner says."""
    return _move(missed, MissedDayState.SETTLED, now=now)


def reopen(missed: MissedDay, *, now: datetime) -> MissedDay:
    """Note that something of a day is missing after all."""
    return _move(missed, MissedDayState.OPEN, now=now)


def settle_through(connection: Connection, last: date, *, now: datetime) -> int:
    """Note the same of all days up to one; return of how many it wasn't noted before."""
    found = list_open_missed_days(connection.pk).filter(day__lte=last).order_by()
    return run_in_transaction(lambda: found.update(**_settled(now)))


def settle_by_import(run: ImportRun, *, now: datetime) -> None:
    """Note that an import brought the trades of the days that its file spans."""
    broker = _COMPLETE.get(run.file_format)
    for connection in Connection.objects.filter(portfolio_id=run.portfolio_id).order_by("pk"):
        missed = list_open_missed_days(connection.pk).order_by()
        if connection.broker != broker or not missed.exists():
            continue
        span = _span_of(run, account=connection.account)
        if span is not None:
            spanned = missed.filter(day__gte=span[0], day__lte=span[1])
            run_in_transaction(partial(spanned.update, **_settled(now), import_id=str(run.pk)))


def _span_of(run: ImportRun, *, account: str) -> tuple[date, date] | None:
    """Return the first and the last day of which an import has trades of an account."""
    rows = ImportRow.objects.filter(
        run_id=run.pk, state__in=[RowState.NEW.value, RowState.DUPLICATE.value]
    ).values_list("content", flat=True)
    days = [
        date.fromisoformat(each["trade_date"])
        for each in rows.iterator()
        if each.get("account") == account
    ]
    return (min(days), max(days)) if days else None


def reopen_by_import(run: ImportRun, *, now: datetime) -> None:
    """Note that the trades which an import brought are gone again."""
    found = MissedDay.objects.filter(import_id=str(run.pk))
    change = {"state": MissedDayState.OPEN.value, "settled_at": None, "import_id": ""}
    run_in_transaction(lambda: found.update(**change, updated_at=now))


def _settled(now: datetime) -> dict[str, object]:
    return {"state": MissedDayState.SETTLED.value, "settled_at": now, "updated_at": now}


def _move(missed: MissedDay, state: MissedDayState, *, now: datetime) -> MissedDay:
    def move() -> MissedDay:
        held = MissedDay.objects.get(pk=missed.pk)
        if held.state != state.value:
            held.state, held.updated_at, held.import_id = state.value, now, ""
            held.settled_at = now if state is MissedDayState.SETTLED else None
            held.save()
        return held

    return run_in_transaction(move)
