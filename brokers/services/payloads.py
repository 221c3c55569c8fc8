"""Keep what brokers answer as it came, for as long as it may be needed."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from bson import ObjectId

from brokers.domain.events import Stream
from brokers.models import RawPayload, Sync
from brokers.services.booking import hold
from common.transactions import run_in_transaction

#: How long answers are kept: those that tell what happened longer than those one can ask again.
_KEPT_FOR: Mapping[Stream, timedelta] = {
    Stream.ACTIVITIES: timedelta(days=400),
    Stream.POSITIONS: timedelta(days=30),
    Stream.CASH: timedelta(days=30),
    Stream.ORDERS: timedelta(days=7),
    Stream.EQUITY: timedelta(days=30),
    Stream.STATEMENT: timedelta(days=400),
}


def keep(sync: Sync, *, stream: Stream, request: str, body: bytes, now: datetime) -> ObjectId:
    """Store an answer.

    Raises:
        Replaced: another worker has taken the sync on, or its connection has ended.
    """
    payload = RawPayload(
        connection=sync.connection,
        sync=sync,
        stream=stream.value,
        request=request[:500],
        body=zlib.compress(body),
        size=len(body),
        sha256=hashlib.sha256(body).hexdigest(),
        fetched_at=now,
        expires_at=now + _KEPT_FOR[stream],
    )

    def store() -> None:
        # Also keeps answers of a connection from being stored after its end.
        hold(sync.connection, now=now)
        payload.save(force_insert=True)

    run_in_transaction(store)
    return ObjectId(str(payload.pk))


def forget(*, now: datetime) -> int:
    """Delete the answers whose time is up; return how many were."""
    return run_in_transaction(
        lambda: int(RawPayload.objects.filter(expires_at__lte=now).delete()[0])
    )
