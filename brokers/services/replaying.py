"""Read stored answers again after a fault of the reading was mended; the broker isn't asked.

What an older answer says never takes the place of what a newer one said: of each event the last
answer that tells it counts.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from bson import ObjectId

from brokers.adapters.brokers import get_broker
from brokers.adapters.contract import Broker
from brokers.domain.connections import SyncState, Trigger
from brokers.domain.dead_letters import LetterStage
from brokers.domain.events import BrokerEvent, Reading, RowError, Stream
from brokers.models import Connection, DeadLetter, RawPayload, Sync
from brokers.selectors import list_payloads
from brokers.services import booking, dead_letters, posting, syncs
from brokers.services.naming import Instruments
from common.errors import Conflict
from common.remote.errors import Schema
from common.transactions import run_in_transaction

log = structlog.get_logger(__name__)

_AT_ONCE = 500


class AnswerGone(Conflict):
    """The answer that it came in has been deleted, so it can't be read again."""

    code = "answer-gone"


@dataclass(slots=True)
class Told:
    """What some answers tell, the last word of each event; ids are those of the answers."""

    events: dict[tuple[str, str], tuple[ObjectId, BrokerEvent]] = field(default_factory=dict)
    errors: dict[str, tuple[ObjectId, RowError]] = field(default_factory=dict)
    streams: dict[ObjectId, Stream] = field(default_factory=dict)

    def add(self, payload_id: ObjectId, stream: Stream, reading: Reading) -> None:
        """Add what a newer answer tells."""
        if not reading.events and not reading.errors:
            return
        self.streams[payload_id] = stream
        told = {event.external_id for event in reading.events}
        # An event that is read as another kind by now is told of in one way only.
        kinds = {(event.external_id, event.kind_name) for event in reading.events}
        for key in [key for key in self.events if key[0] in told and key not in kinds]:
            del self.events[key]
        for event in reading.events:
            self.events[event.external_id, event.kind_name] = (payload_id, event)
            self.errors.pop(event.external_id, None)
        for error in reading.errors:
            self.errors[error.external_id] = (payload_id, error)

    def pages(self) -> Iterable[tuple[ObjectId, Reading]]:
        """Return what is told, by the answer that told it last, oldest first."""
        pages: dict[ObjectId, tuple[list[BrokerEvent], list[RowError]]] = {}
        for payload_id, event in self.events.values():
            pages.setdefault(payload_id, ([], []))[0].append(event)
        for payload_id, error in self.errors.values():
            pages.setdefault(payload_id, ([], []))[1].append(error)
        for payload_id in sorted(pages):
            events, errors = pages[payload_id]
            yield payload_id, Reading(events=tuple(events), errors=tuple(errors))


def understand(broker: Broker, stream: Stream, body: bytes) -> Reading:
    """Read an answer.

    Raises:
        Schema: it is no answer of this stream, or nobody foresaw one like it.
    """
    try:
        return broker.read(stream, body)
    except booking.POISON as error:
        log.exception("answer.unforeseen", broker=broker.name, stream=stream.value)
        raise Schema(f"{broker.capabilities.label} sent what nobody foresaw.") from error


def request_replay(connection: Connection, *, now: datetime) -> tuple[Sync, bool]:
    """Ask for all stored answers of a connection to be read again.

    Raises:
        NotNow: the connection has ended, and its answers are deleted.
    """
    return syncs.request_sync(connection, trigger=Trigger.REPLAY.value, now=now)


def run(sync: Sync, *, clock: Callable[[], datetime]) -> Sync:
    """Read all stored answers of a connection again and book what they tell; repeatable.

    Raises:
        Replaced: another worker has taken it on meanwhile, or it was ended.
    """
    connection = sync.connection
    counts, instruments = (
        posting.Counts(),
        Instruments(connection.owner_id, source=connection.broker),
    )
    # What happened is told by the stream that a broker is asked for first.
    (first, *_) = get_broker(connection.broker).capabilities.streams
    line: dict[str, Any] = {"stream": first.value, "state": "running", "pages": 0}
    told = _tell(connection, now=clock(), tick=lambda: syncs.report(sync, now=clock()))
    for payload_id, reading in told.pages():
        counts.add(
            booking.book(
                connection,
                reading,
                stream=told.streams[payload_id],
                cursor=None,
                payload_id=payload_id,
                instruments=instruments,
                now=clock(),
                retires=True,
            )
        )
        line["pages"] += 1
        syncs.report(sync, now=clock(), streams=[dict(line)], **_figures(counts))
    changes: dict[str, Any] = {
        "state": SyncState.OK.value,
        "streams": [line | {"state": "ok"}],
        "open_for": None,
        "finished_at": clock(),
    }
    syncs.report(sync, now=clock(), **changes)
    return sync


def _figures(counts: posting.Counts) -> dict[str, int]:
    return {
        "rows_new": counts.new,
        "rows_changed": counts.changed,
        "rows_known": counts.known,
        "rows_unbooked": counts.unbooked,
    }


def _tell(connection: Connection, *, now: datetime, tick: Callable[[], None]) -> Told:
    """Read all stored answers of what happened, oldest first; what can't be read stays buried."""
    broker, told = get_broker(connection.broker), Told()
    for stream in broker.capabilities.streams:
        stored = list_payloads(connection.pk, stream=stream.value)
        for number, payload in enumerate(stored.iterator(chunk_size=50), start=1):
            try:
                reading = understand(broker, stream, zlib.decompress(payload.body))
            except Schema as failure:
                _bury_again(connection, failure, payload, now=now)
            else:
                told.add(payload.pk, stream, reading)
            if number % _AT_ONCE == 0:
                tick()
    return told


def _bury_again(
    connection: Connection, failure: Schema, payload: RawPayload, *, now: datetime
) -> None:
    """Count a failed attempt, if the answer still waits; what a later sync read anew doesn't."""
    waiting = DeadLetter.objects.filter(connection_id=connection.pk, payload_id=payload.pk)
    if waiting.exists():
        run_in_transaction(
            partial(
                dead_letters.bury_page,
                connection,
                failure,
                stream=Stream(payload.stream),
                payload_id=payload.pk,
                now=now,
            )
        )


def replay_letter(letter: DeadLetter, *, now: datetime) -> posting.Counts:
    """Read one dead letter's answer again and book what wasn't booked of it.

    Raises:
        AnswerGone: it isn't stored any more.
        Schema: it still can't be read; that is counted.
        Replaced: a sync has begun meanwhile.
    """
    connection, payload = letter.connection, letter.payload
    if payload is None:
        raise AnswerGone
    stream = Stream(payload.stream)
    try:
        reading = understand(get_broker(connection.broker), stream, zlib.decompress(payload.body))
    except Schema as failure:
        _bury_again(connection, failure, payload, now=now)
        raise
    counts = booking.book(
        connection,
        _part_of(letter, reading),
        stream=stream,
        cursor=None,
        payload_id=payload.pk,
        instruments=Instruments(connection.owner_id, source=connection.broker),
        now=now,
    )
    if letter.stage == LetterStage.PAGE.value:
        settle = partial(
            dead_letters.settle, connection.pk, streams=[stream], external_ids=[""], now=now
        )
        run_in_transaction(settle)
    return counts


def _part_of(letter: DeadLetter, reading: Reading) -> Reading:
    """Keep of an answer what the letter is about, without what is known from elsewhere."""
    if letter.external_id:
        wanted = {letter.external_id}
    else:
        told = {event.external_id for event in reading.events}
        rows = letter.connection.rows.filter(external_id__in=list(told))
        wanted = told - set(rows.values_list("external_id", flat=True))
        wanted |= {error.external_id for error in reading.errors}
    return Reading(
        events=tuple(each for each in reading.events if each.external_id in wanted),
        errors=tuple(each for each in reading.errors if each.external_id in wanted),
    )
