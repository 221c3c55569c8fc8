"""Note the trading days that a broker can't tell any more, and that their trades have come."""

from __future__ import annotations

from datetime import date, datetime
from functools import partial

from brokers.adapters.brokers import get_broker
from brokers.adapters.kite.tradebook import KiteTradebook
from brokers.domain.events import Stream
from brokers.domain.imports import RowState
from brokers.domain.missed_days import MissedDayState, find_missed
from brokers.domain.schedule import ExchangeHours
from brokers.models import Connection, ImportRow, ImportRun, MissedDay
from brokers.selectors import list_open_missed_days
from common.transactions import run_in_transaction
from marketdata.adapters import calendars

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
    MissedDay.objects.bulk_create(
        MissedDay(
            connection_id=held.pk,
            day=each.day,
            read_until=each.read_until,
            state=MissedDayState.OPEN.value,
            created_at=now,
            updated_at=now,
        )
        for each in missed
        if each.day not in stored
    )


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
        rows = ImportRow.objects.filter(
            run_id=run.pk, state__in=[RowState.NEW.value, RowState.DUPLICATE.value]
        ).values_list("content", flat=True)
        days = [
            date.fromisoformat(each["trade_date"])
            for each in rows.iterator()
            if each.get("account") == connection.account
        ]
        if days:
            spanned = missed.filter(day__gte=min(days), day__lte=max(days))
            run_in_transaction(partial(spanned.update, **_settled(now), import_id=str(run.pk)))


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
