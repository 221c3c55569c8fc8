"""Keep what couldn't be read or booked until a fault is mended; all in the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from bson import ObjectId

from brokers.adapters.brokers import get_broker
from brokers.domain.dead_letters import LetterStage, LetterState
from brokers.domain.events import RowError, Stream
from brokers.models import Connection, DeadLetter

_UNREADABLE = "RowError"


def bury_row(
    connection: Connection,
    error: RowError,
    *,
    stream: Stream,
    payload_id: ObjectId | None,
    now: datetime,
) -> None:
    """Keep a row that couldn't be read, or not booked, or count that it was tried again."""
    _bury(
        connection,
        stream=stream,
        external_id=error.external_id,
        stage=LetterStage.BOOKING if error.cause else LetterStage.ROW,
        failure=error.cause or _UNREADABLE,
        error=error.message,
        payload_id=payload_id,
        now=now,
    )


def bury_page(
    connection: Connection,
    failure: Exception,
    *,
    stream: Stream,
    payload_id: ObjectId,
    now: datetime,
) -> None:
    """Keep an answer that couldn't be read, or count that it was tried again."""
    cause = failure.__cause__ or failure
    _bury(
        connection,
        stream=stream,
        external_id="",
        stage=LetterStage.PAGE,
        failure=type(cause).__name__,
        error=str(cause) or str(failure),
        payload_id=payload_id,
        now=now,
    )


def _bury(
    connection: Connection,
    *,
    stream: Stream,
    external_id: str,
    stage: LetterStage,
    failure: str,
    error: str,
    payload_id: ObjectId | None,
    now: datetime,
) -> None:
    letter = DeadLetter.objects.filter(
        connection_id=connection.pk, stream=stream.value, external_id=external_id
    ).first()
    if letter is None:
        letter = DeadLetter(
            connection_id=connection.pk,
            broker=connection.broker,
            stream=stream.value,
            external_id=external_id,
            attempts=0,
            created_at=now,
        )
    letter.stage, letter.state = stage.value, LetterState.WAITING.value
    letter.failure, letter.error = failure[:80], error[:500]
    letter.adapter_version = get_broker(connection.broker).capabilities.reading_version
    letter.payload_id = payload_id or letter.payload_id
    letter.attempts += 1
    letter.last_seen_at = letter.updated_at = now
    letter.save()


def settle(
    connection_id: ObjectId,
    *,
    streams: Collection[Stream],
    external_ids: Collection[str],
    now: datetime,
) -> None:
    """Note that rows could be read and booked at last; the id "" stands for a whole answer."""
    DeadLetter.objects.filter(
        connection_id=connection_id,
        stream__in=[stream.value for stream in streams],
        external_id__in=list(external_ids),
        state=LetterState.WAITING.value,
    ).update(state=LetterState.DONE.value, updated_at=now)
