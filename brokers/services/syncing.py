"""Run a sync: each answer is kept as it came, then read, then booked; then both sides compared.

It may break off at any line. Whoever takes the sync on goes on from the cursor of the last page
that was booked, and what was booked already is recognized.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from bson import ObjectId

from brokers.adapters import vault
from brokers.adapters.contract import Broker, Page, Session
from brokers.domain.connections import ConnectionState, SyncState, Trigger
from brokers.domain.equity import DayEquity
from brokers.domain.events import FIGURES, HeldCash, HeldUnits, Holdings, Reading, Stream
from brokers.domain.failures import Verdict, judge
from brokers.domain.orders import OpenOrder, as_contents, newest
from brokers.models import Connection, Sync
from brokers.services import (
    booking,
    comparing,
    dead_letters,
    discrepancies,
    equity,
    missed_days,
    payloads,
    posting,
    replaying,
    rereading,
    resyncs,
    syncs,
)
from brokers.services.connecting import open_session
from brokers.services.naming import Instruments
from brokers.services.scheduling import next_due
from common.remote.errors import AuthExpired, RemoteFailure, Schema
from common.remote.http import Budget
from common.transactions import run_in_transaction

log = structlog.get_logger(__name__)

#: The streams that tell what is compared, and those of them that tell of cash.
_COMPARED = frozenset({Stream.POSITIONS, Stream.CASH, Stream.STATEMENT})
_OF_CASH = frozenset({Stream.CASH, Stream.STATEMENT})
#: Those that may be asked again at once; a statement is made anew once a day.
_HELD = _COMPARED - {Stream.STATEMENT}
_RETRY_BUDGET = 30


@dataclass(slots=True)
class _Run:
    """What a run knows while it lasts."""

    sync: Sync
    broker: Broker
    session: Session
    clock: Callable[[], datetime]
    instruments: Instruments
    counts: posting.Counts = field(default_factory=posting.Counts)
    streams: list[dict[str, Any]] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    positions: tuple[HeldUnits, ...] | None = None
    cash: tuple[HeldCash, ...] | None = None
    is_cash_whole: bool = False
    orders: tuple[OpenOrder, ...] | None = None
    equity: tuple[DayEquity, ...] | None = None

    @property
    def connection(self) -> Connection:
        return self.sync.connection

    @property
    def builds(self) -> bool:
        """Say whether all is fetched anew beside what is booked, to be looked at first."""
        return self.sync.trigger == Trigger.RESYNC.value

    @property
    def wanted_streams(self) -> tuple[Stream, ...]:
        streams = self.broker.capabilities.streams
        return tuple(each for each in streams if not (self.builds and each in FIGURES))

    @property
    def can_compare(self) -> bool:
        """Say whether all that the broker tells to compare with was read to its end."""
        has_cash = self.cash is not None or _OF_CASH.isdisjoint(self.wanted_streams)
        return (
            self.positions is not None
            and has_cash
            and all(line["state"] == "ok" for line in self.streams if line["stream"] in _COMPARED)
        )

    @property
    def holdings(self) -> Holdings:
        return Holdings(self.positions or (), self.cash, self.is_cash_whole)

    @property
    def has_ended_early(self) -> bool:
        return any(verdict.ends_run for verdict in self.verdicts)


def run(sync_id: ObjectId, *, clock: Callable[[], datetime]) -> Sync | None:
    """Do a sync, or go on with it; None when there is nothing to do or somebody else does it.

    Raises:
        Replaced: another worker has taken it on meanwhile, or it was ended.
    """
    sync = syncs.take_on(sync_id, now=clock())
    if sync is None:
        return None
    syncs.announce(sync)
    if sync.trigger == Trigger.REPLAY.value:
        return replaying.run(sync, clock=clock)
    try:
        broker, session = open_session(sync.connection, budget=Budget(_RETRY_BUDGET))
    except vault.Unopenable:
        return _give_up(sync, now=clock())
    started = _Run(
        sync=sync,
        broker=broker,
        session=session,
        clock=clock,
        instruments=Instruments(sync.connection.owner_id, source=sync.connection.broker),
        # Of a worker that was lost: what it booked was booked by this sync.
        counts=posting.Counts(sync.rows_new, sync.rows_changed, sync.rows_known),
    )
    started.streams = [
        {"stream": each.value, "state": "waiting"} for each in started.wanted_streams
    ]
    for place, stream in enumerate(started.wanted_streams):
        if started.has_ended_early:
            started.streams[place] |= {"state": "skipped"}
        else:
            _read(started, stream, started.streams[place])
    return _finish(started, now=clock())


def _read(run: _Run, stream: Stream, line: dict[str, Any]) -> None:
    """Read one stream to its end; its failure isn't that of the others."""
    line |= {"state": "running", "pages": 0}
    _report(run)
    cursor = {} if run.builds else run.connection.cursors.get(stream.value, {})
    notes: dict[str, None] = {}
    try:
        for page in run.session.pages(stream, cursor, now=run.clock()):
            notes |= dict.fromkeys(_take(run, stream, page))
            line["pages"] += 1
            _report(run)
    except RemoteFailure as failure:
        verdict = judge(
            failure,
            broker=run.broker.capabilities.label,
            retries=run.sync.retries,
            now=run.clock(),
            has_login=run.broker.login is not None,
        )
        log.warning(
            "sync.stream_failed",
            connection_id=str(run.connection.pk),
            stream=stream.value,
            reason=verdict.code,
            # Adapters never put a question's address or a key into their sentences.
            detail=failure.detail,
        )
        run.verdicts.append(verdict)
        line |= {"state": "failed", "code": verdict.code, "message": verdict.message}
    else:
        # Not before: of a list that breaks off it isn't known which are gone.
        if run.orders is not None and stream is Stream.ORDERS:
            run_in_transaction(partial(_keep_orders, run))
        if run.equity is not None and stream is Stream.EQUITY:
            equity.keep(run.connection, run.equity, now=run.clock())
        line |= {"state": "ok", "as_of": run.clock().isoformat(), "message": " ".join(notes)}
    _report(run)


def _take(run: _Run, stream: Stream, page: Page) -> tuple[str, ...]:
    """Keep an answer, then read and book it; return what its owner should know."""
    now = run.clock()
    payload_id = _keep(run, stream, page, now=now)
    reading = _understand(run, stream, page, payload_id=payload_id, now=now)
    if run.builds:
        run.counts.known += len(reading.events)
        return reading.notes
    if reading.positions is not None:
        run.positions = (*(run.positions or ()), *reading.positions)
    if reading.cash is not None:
        run.cash = (*(run.cash or ()), *reading.cash)
        run.is_cash_whole |= reading.is_cash_whole
    if reading.orders is not None:
        run.orders = (*(run.orders or ()), *reading.orders)
    if reading.equity is not None:
        run.equity = (*(run.equity or ()), *reading.equity)
    run.counts.add(
        booking.book(
            run.connection,
            Reading(events=reading.events, errors=reading.errors),
            stream=stream,
            cursor=page.cursor,
            payload_id=payload_id,
            instruments=run.instruments,
            now=now,
        )
    )
    return reading.notes


def _understand(
    run: _Run, stream: Stream, page: Page, *, payload_id: ObjectId, now: datetime
) -> Reading:
    """Read an answer; one that can't be read is kept for when the reading is mended.

    Raises:
        Schema: it is no answer of this stream, or nobody foresaw one like it.
    """
    try:
        return replaying.understand(run.broker, stream, page.body)
    except Schema as failure:
        bury = partial(
            dead_letters.bury_page,
            run.connection,
            failure,
            stream=stream,
            payload_id=payload_id,
            now=now,
        )
        run_in_transaction(bury)
        raise


def _keep(run: _Run, stream: Stream, page: Page, *, now: datetime) -> ObjectId:
    return payloads.keep(run.sync, stream=stream, request=page.request, body=page.body, now=now)


def _keep_orders(run: _Run) -> None:
    held = booking.hold(run.connection, now=run.clock())
    held.open_orders = as_contents(newest(run.orders or ()))
    held.save(update_fields=["open_orders"])


def _report(run: _Run) -> None:
    syncs.report(
        run.sync,
        now=run.clock(),
        streams=[dict(line) for line in run.streams],
        **_figures(run),
    )


def _figures(run: _Run) -> dict[str, int]:
    return {
        "rows_new": run.counts.new,
        "rows_changed": run.counts.changed,
        "rows_known": run.counts.known,
        "rows_unbooked": run.counts.unbooked,
        "calls": run.session.calls,
    }


def _finish(run: _Run, *, now: datetime) -> Sync:
    # First: it may ask again, which may fail.
    found = comparing.NOTHING if run.builds else _compare(run)
    retry_at = max((each.retry_at for each in run.verdicts if each.retry_at), default=None)
    failed = [line for line in run.streams if line["state"] != "ok"]
    if retry_at is not None:
        state = SyncState.WAITING
    elif not failed:
        state = SyncState.OK
    else:
        state = SyncState.FAILED if len(failed) == len(run.streams) else SyncState.PARTIAL
    changes: dict[str, Any] = {
        "state": state.value,
        "streams": run.streams,
        "error": " ".join(dict.fromkeys(each.message for each in run.verdicts))[:500],
        "retry_at": retry_at,
        **_figures(run),
    }
    if state is SyncState.WAITING:
        # Being told to wait isn't a failure, and is waited for as often as it takes.
        is_limited = all(each.code == "remote-rate-limited" for each in run.verdicts)
        changes["retries"] = run.sync.retries + (not is_limited)
    else:
        changes |= {"open_for": None, "finished_at": now}
    changes["notice"] = found.notice
    if found.comparison is not None:
        changes |= {"comparison": found.comparison.lines, "compared_at": now}
    return _end(
        run.sync,
        changes,
        verdicts=run.verdicts,
        streams=[] if run.builds else run.streams,
        found=found,
        now=now,
    )


def _compare(run: _Run) -> comparing.Found:
    def read_again() -> Holdings | None:
        again = [each for each in run.wanted_streams if each in _HELD]
        run.positions = run.cash = None
        for stream in again:
            _read(run, stream, run.streams[run.wanted_streams.index(stream)])
        return run.holdings if run.can_compare else None

    if not run.can_compare:
        # What was doubted before is so still.
        return comparing.Found(doubted=run.connection.doubted)
    return comparing.compare(
        run.connection,
        broker=run.broker.capabilities.label,
        told=run.holdings,
        missing=run.broker.capabilities.missing,
        instruments=run.instruments,
        read_again=read_again,
    )


def _end(
    sync: Sync,
    changes: Mapping[str, Any],
    *,
    verdicts: list[Verdict],
    streams: list[dict[str, Any]],
    now: datetime,
    found: comparing.Found = comparing.NOTHING,
) -> Sync:
    def store() -> None:
        held = booking.hold(sync.connection, now=now)
        _note_readings(held, streams, now=now)
        wanted = {each.connection for each in verdicts if each.connection is not None}
        if shut := wanted & {ConnectionState.NEEDS_KEY, ConnectionState.NEEDS_LOGIN}:
            held.state, held.next_sync_at = min(shut).value, None
        else:
            limited = ConnectionState.LIMITED in wanted
            held.state = (ConnectionState.LIMITED if limited else ConnectionState.ACTIVE).value
            has_failed = changes["state"] != SyncState.OK.value
            held.next_sync_at = next_due(held, now=now, has_failed=has_failed)
            rereading.plan(held, changes.get("comparison", ()), now=now)
        held.doubted = found.doubted
        if found.doubted and held.next_sync_at is not None:
            held.next_sync_at = now + rereading.SOON
        held.save()
        if found.comparison is not None:
            discrepancies.record(held, found.comparison, now=now)
        if not Sync.objects.filter(
            pk=sync.pk, fence=sync.fence, state=SyncState.RUNNING.value
        ).update(**changes, lease_until=None, updated_at=now):
            raise booking.Replaced
        if sync.trigger == Trigger.RESYNC.value:
            resyncs.settle(sync, state=SyncState(changes["state"]), now=now)

    run_in_transaction(store)
    for name, value in changes.items():
        setattr(sync, name, value)
    syncs.announce(sync)
    return sync


def _note_readings(
    held: Connection, streams: Sequence[Mapping[str, Any]], *, now: datetime
) -> None:
    """Note which streams were read to their end, and what that makes good or came too late for."""
    good = {line["stream"]: line["as_of"] for line in streams if line["state"] == "ok"}
    dead_letters.settle(
        held.pk, streams=[Stream(name) for name in good], external_ids=[""], now=now
    )
    if Stream.ACTIVITIES.value in good:
        missed_days.note(held, now=now)
    held.good_at = {**held.good_at, **good}


def _give_up(sync: Sync, *, now: datetime) -> Sync:
    """End a sync whose secret can't be opened: only its owner can help, with a new key."""
    verdict = Verdict(
        AuthExpired.code,
        "The stored key can't be opened any more. Give it anew under “Replace the key”; "
        "everything synced so far stays.",
        connection=ConnectionState.NEEDS_KEY,
    )
    changes = {
        "state": SyncState.FAILED.value,
        "error": verdict.message,
        "open_for": None,
        "finished_at": now,
    }
    return _end(sync, changes, verdicts=[verdict], streams=[], now=now)
