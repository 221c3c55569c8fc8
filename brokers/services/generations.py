"""Switch an account to what was fetched anew, in one step, and back.

What a switch would do is found out by doing it, in a transaction that is thrown away: so what is
shown is what happens. People's rows aren't touched by either: those that they typed have no
broker's row, and those that they changed have another revision.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from bson import ObjectId

from brokers.adapters.brokers import get_broker
from brokers.domain.events import BrokerEvent, EventState, Reading, Stream, as_event
from brokers.domain.reconcile import Account
from brokers.domain.resyncs import (
    UNDO_FOR,
    Booked,
    Difference,
    Key,
    Plan,
    ResyncState,
    describe,
    plan,
)
from brokers.models import BrokerRow, Connection, RawPayload, Resync, ResyncChange
from brokers.services import resyncs
from brokers.services.booking import POISON, hold
from brokers.services.naming import Instruments
from brokers.services.posting import Page, draft_of
from brokers.services.reconciling import count_ours
from brokers.services.replaying import Told, understand
from common.money import plain
from common.transactions import run_in_transaction
from marketdata import selectors as market
from portfolios.services import synced

_ORPHANED = "The broker doesn't tell this any more, but it is yours or you changed it: it stays."
_GONE = "The broker doesn't tell this any more."
_UNBOOKABLE = "Something of it can't be booked; whoever runs the site finds it in the log."
#: Of what a switch changes, so many events are shown.
_MOST_LINES = 200
_NOT_SNAPPED = frozenset({"id", "connection", "created_at"})


class _ThrownAway(Exception):
    """Carries what a switch would do out of its transaction, which ends without effect."""

    def __init__(self, difference: Difference) -> None:
        super().__init__()
        self.difference = difference


def look(resync: Resync, *, now: datetime) -> Resync:
    """Find out what switching would do by now, and store it.

    Raises:
        WrongResyncState: it isn't ready.
    """
    if resync.state != ResyncState.READY.value:
        raise resyncs.WrongResyncState
    told, instruments = _told(resync, now=now)

    def rehearse() -> None:
        raise _ThrownAway(_Switch(resync, told, instruments, now=now).do())

    try:
        run_in_transaction(rehearse)
    except _ThrownAway as shown:
        resync.difference = asdict(shown.difference)
        resync.error = ""
    except POISON:
        resync.difference, resync.error = {}, _UNBOOKABLE
    resync.updated_at = now
    run_in_transaction(lambda: resync.save(update_fields=["difference", "error", "updated_at"]))
    return resync


def switch(resync: Resync, *, now: datetime) -> Resync:
    """Let the ledger say what was fetched anew, in one step.

    Raises:
        WrongResyncState: it isn't ready.
        Replaced: a sync has begun meanwhile; nothing was changed.
    """
    told, instruments = _told(resync, now=now)

    def change() -> Resync:
        moved = resyncs.move(resync, ResyncState.READY, ResyncState.SWITCHED, now=now)
        switched = _Switch(moved, told, instruments, now=now)
        moved.difference = asdict(switched.do())
        ResyncChange.objects.bulk_create(switched.changes())
        moved.switched_at, moved.undo_until = now, now + UNDO_FOR
        moved.save()
        return moved

    return run_in_transaction(change, seconds=60)


def undo(resync: Resync, *, now: datetime) -> Resync:
    """Let the ledger say what it said before a switch, save what has changed since.

    Raises:
        WrongResyncState: it wasn't switched to, or too long ago.
    """
    at = resync.switched_at
    if at is None or resync.undo_until is None or resync.undo_until < now:
        raise resyncs.WrongResyncState

    def change() -> Resync:
        moved = resyncs.move(resync, ResyncState.SWITCHED, ResyncState.UNDONE, now=now)
        connection = hold(Connection.objects.get(pk=moved.connection_id), now=now)
        connection.save(update_fields=["updated_at"])
        changes = list(moved.changes.order_by("id"))
        # What a later sync has written is newer.
        rows = {
            str(row.pk): row
            for row in BrokerRow.objects.filter(
                pk__in=[each.row_id for each in changes], updated_at=at
            ).order_by("pk")
        }
        for each in changes:
            if each.row_id in rows:
                _take_back(connection, rows[each.row_id], each, now=now)
        return moved

    return run_in_transaction(change, seconds=60)


def forget_changes(*, now: datetime) -> int:
    """Delete what undoing would need once its time is up; return how many switches it was of."""
    over = Resync.objects.filter(state=ResyncState.SWITCHED.value, undo_until__lt=now)
    keys = list(over.order_by("pk").values_list("pk", flat=True))
    found = ResyncChange.objects.filter(resync_id__in=keys)
    return int(run_in_transaction(found.delete)[0])


def _told(resync: Resync, *, now: datetime) -> tuple[Told, Instruments]:
    told, broker = Told(), get_broker(resync.connection.broker)
    payloads = RawPayload.objects.filter(sync_id=resync.sync_id).order_by("id")
    for payload in payloads.iterator(chunk_size=50):
        stream = Stream(payload.stream)
        told.add(payload.pk, stream, understand(broker, stream, zlib.decompress(payload.body)))
    # Outside of the transaction, for those that are new are made.
    instruments = Instruments(resync.owner_id, source=resync.connection.broker)
    instruments.find_all([event for _, event in told.events.values()], now=now)
    return told, instruments


class _Switch:
    """One attempt at a switch, inside a transaction."""

    def __init__(
        self, resync: Resync, told: Told, instruments: Instruments, *, now: datetime
    ) -> None:
        self._resync, self._told, self._now = resync, told, now
        self._instruments = instruments
        self._connection = Connection.objects.get(pk=resync.connection_id)
        self._before: dict[str, dict[str, Any]] = {}
        self._rows: dict[Key, BrokerRow] = {}
        #: Of the ledger's rows that the broker's rows speak of, those that aren't void.
        self._present: set[ObjectId] = set()

    def do(self) -> Difference:
        """Do it, and say what it did."""
        connection = hold(self._connection, now=self._now)
        connection.save(update_fields=["updated_at"])
        held_before = count_ours(connection)
        rows = list(BrokerRow.objects.filter(connection_id=connection.pk).order_by("pk"))
        self._rows = {(row.external_id, row.kind): row for row in rows}
        self._before = {str(row.pk): snapshot(row) for row in rows}
        self._present = synced.which_are_booked(
            connection.portfolio_id,
            ids=[ObjectId(row.transaction_id) for row in rows if row.transaction_id],
        )
        events = {key: event for key, (_, event) in self._told.events.items()}
        planned = plan(
            told=events,
            unreadable=set(self._told.errors),
            booked={key: _booked(row) for key, row in self._rows.items()},
            begun_at=self._resync.created_at,
        )
        lines = self._lines(planned, events)
        kept = self._remove([self._rows[key] for key in planned.removed])
        self._book(planned)
        wanted = {*planned.added, *planned.changed, *planned.removed}
        return Difference(
            added=len(planned.added),
            changed=len(planned.changed),
            removed=len(planned.removed) - kept,
            kept=kept,
            same=len(set(events) - wanted),
            effects=_effects(held_before, count_ours(connection)),
            lines=lines,
        )

    def changes(self) -> list[ResyncChange]:
        """Say how the rows that were changed were before."""
        present = {str(key) for key in self._present}
        after = BrokerRow.objects.filter(connection_id=self._connection.pk).order_by("pk")
        return [
            ResyncChange(
                resync_id=self._resync.pk,
                row_id=str(row.pk),
                before=(before := self._before.get(str(row.pk), {})),
                was_present=before.get("transaction_id") in present,
            )
            for row in after
            if snapshot(row) != self._before.get(str(row.pk))
        ]

    def _remove(self, rows: Sequence[BrokerRow]) -> int:
        """Take what the broker doesn't tell any more out of the ledger; return what is kept."""
        booked = [row for row in rows if row.state == EventState.BOOKED.value]
        portfolio_id = self._connection.portfolio_id
        voided = synced.void_synced(
            portfolio_id,
            revisions={
                ObjectId(row.transaction_id): row.transaction_revision
                for row in booked
                if row.transaction_id and not row.is_claimed
            },
            reason="not told by the broker any more",
            now=self._now,
        )
        kept = 0
        for row in rows:
            key = ObjectId(row.transaction_id) if row.transaction_id else None
            is_kept = row in booked and key in self._present and key not in voided
            kept += is_kept
            row.state = (EventState.ORPHANED if is_kept else EventState.VOIDED).value
            row.problem, row.updated_at = _ORPHANED if is_kept else _GONE, self._now
            # Told again, it is looked at again.
            row.digest = ""
            if not is_kept:
                row.transaction_id, row.transaction_revision = "", 0
            row.save()
        return kept

    def _book(self, planned: Plan) -> None:
        for key in planned.revived:
            # Another digest lets it be looked at again.
            self._rows[key].digest = ""
            self._rows[key].save(update_fields=["digest"])
        wanted = {*planned.added, *planned.changed, *planned.revived}
        for payload_id, reading in self._told.pages():
            events = [
                each for each in reading.events if (each.external_id, each.kind_name) in wanted
            ]
            if events:
                Page(
                    self._connection,
                    Reading(events=tuple(events)),
                    stream=self._told.streams[payload_id],
                    payload_id=payload_id,
                    names=self._instruments.find_all(events, now=self._now),
                    now=self._now,
                ).book(lambda: None)

    def _lines(self, planned: Plan, events: Mapping[Key, BrokerEvent]) -> list[dict[str, str]]:
        lines: list[dict[str, str]] = []
        for change in ("removed", "changed", "added"):
            for key in list(getattr(planned, change))[: _MOST_LINES - len(lines)]:
                row = self._rows.get(key)
                old = as_event(row.content) if row and "trade_date" in row.content else None
                new = events.get(key)
                shown = new or old
                lines.append(
                    {
                        "change": change,
                        "kind": key[1],
                        "date": shown.trade_date.isoformat() if shown else "",
                        "what": shown.instrument.symbol if shown and shown.instrument else "",
                        "before": describe(old, _number) if old else "",
                        "after": describe(new, _number) if new else "",
                    }
                )
        return lines


def _take_back(
    connection: Connection, row: BrokerRow, change: ResyncChange, *, now: datetime
) -> None:
    """Bring one row and what it booked back to what they were."""
    portfolio_id, before = connection.portfolio_id, change.before
    revision, told_note = row.transaction_revision, row.content.get("note", "")
    key = ObjectId(row.transaction_id) if row.transaction_id else None
    was = before.get("transaction_id", "")
    if key is not None and row.transaction_id != was and not row.is_claimed:
        revisions = {key: row.transaction_revision}
        synced.void_synced(portfolio_id, revisions=revisions, reason="resync undone", now=now)
    if not before:
        row.delete()
        return
    for name, value in before.items():
        setattr(row, name, value)
    row.updated_at = now
    if was and key is None and change.was_present:
        # Voided by the switch, which gave it the next revision; restoring gives it one more.
        voided = row.transaction_revision + 1
        if synced.restore_synced(
            portfolio_id, revisions={ObjectId(was): voided}, reason="resync undone", now=now
        ):
            row.transaction_revision = voided + 1
    elif key is not None and revision > row.transaction_revision:
        _correct_back(connection, row, revision=revision, told_note=told_note, now=now)
    row.save()


def _correct_back(
    connection: Connection, row: BrokerRow, *, revision: int, told_note: str, now: datetime
) -> None:
    event = as_event(row.content)
    names = Instruments(connection.owner_id, source=connection.broker).find_all([event], now=now)
    corrected = synced.correct_synced(
        connection.portfolio_id,
        transaction_id=ObjectId(row.transaction_id),
        draft=draft_of(event, account=connection.account, names=names),
        revision=revision,
        told_note=told_note,
        now=now,
    )
    if corrected is not None:
        row.transaction_revision = corrected


def snapshot(row: BrokerRow) -> dict[str, Any]:
    """Write what a switch may change of a row."""
    known = {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.name not in _NOT_SNAPPED and field.name != "updated_at"
    }
    return known | {"payload_id": str(row.payload_id) if row.payload_id else None}


def _booked(row: BrokerRow) -> Booked:
    day = row.content.get("trade_date")
    return Booked(
        digest=row.digest,
        state=row.state,
        updated_at=row.updated_at,
        trade_date=date.fromisoformat(day) if day else None,
        replaces=row.replaces,
        alias=row.alias,
    )


def _effects(before: Account, after: Account) -> list[dict[str, str]]:
    units = {*before.units, *after.units}
    symbols = {key: each.symbol for key, each in market.instruments_by_id(units).items()}
    found = []
    for measure, old, new in (
        ("quantity", before.units, after.units),
        ("cash", before.cash, after.cash),
    ):
        for key in sorted({*old, *new}, key=lambda key: symbols.get(key, key)):
            was, becomes = old.get(key, Decimal(0)), new.get(key, Decimal(0))
            if was != becomes:
                figures = {"before": plain(was), "after": plain(becomes)}
                found.append({"what": symbols.get(key, key), "measure": measure} | figures)
    return found


def _number(value: object) -> str:
    return plain(value) if isinstance(value, Decimal) else str(value)
