"""Bring what a broker says into the ledger: new rows, corrections, cancellations, once each.

A page is booked in one transaction together with how far its stream has been read, so that a page
that is booked again, by whomever and however often, changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

import structlog
from bson import ObjectId

from brokers.domain.events import Reading, RowError, Stream, as_content, in_order
from brokers.domain.splits import lacks_ratio
from brokers.models import Connection
from brokers.services.naming import Instruments
from brokers.services.posting import Counts, Page
from brokers.services.splits import find_ratios
from common.errors import Conflict
from common.transactions import run_in_transaction

log = structlog.get_logger(__name__)

#: What a value that nobody foresaw may raise on its way into the database.
POISON = (ValueError, ArithmeticError, TypeError, LookupError, AttributeError)
_CANT_BE_BOOKED = "It can't be booked as the broker told it."


class Replaced(Conflict):
    """Another worker has taken this connection on, or it is not synced any more."""

    code = "sync-taken-over"


def book(
    connection: Connection,
    reading: Reading,
    *,
    stream: Stream,
    cursor: Mapping[str, Any] | None,
    payload_id: ObjectId | None,
    instruments: Instruments,
    now: datetime,
    retires: bool = False,
) -> Counts:
    """Book one page and how far the stream has been read with it.

    Where one of its events turns out to be poison, they are booked one by one and that one is set
    aside.

    Args:
        cursor: None leaves it where it is.
        retires: rows whose events are read as something else by now give way.

    Raises:
        Replaced: another worker has taken the connection on; nothing was booked.
    """
    names = instruments.find_all(reading.events, now=now)
    ratios: dict[str, Decimal] = {}

    def store(part: Reading, *, move_cursor: bool) -> Counts:
        page = partial(
            Page,
            connection,
            part,
            stream=stream,
            payload_id=payload_id,
            names=names,
            now=now,
            retires=retires,
            ratios=ratios,
        )
        kept = {stream.value: dict(cursor)} if move_cursor and cursor is not None else {}
        return run_in_transaction(
            lambda: page().book(partial(_move_cursors, connection, kept, now=now))
        )

    counts, errors = Counts(), list(reading.errors)
    try:
        waiting = [event for event in sorted(reading.events, key=in_order) if lacks_ratio(event)]
        if waiting:
            # Their ratios follow from what was held before them, so all else is booked first.
            others = tuple(event for event in reading.events if not lacks_ratio(event))
            counts.add(store(Reading(events=others), move_cursor=False))
            ratios |= find_ratios(connection, waiting, names=names, now=now)
            reading = replace(reading, events=tuple(waiting))
        counts.add(store(reading, move_cursor=True))
    except POISON:
        log.exception("page.poisoned", connection_id=str(connection.pk), stream=stream.value)
    else:
        return counts
    for event in sorted(reading.events, key=in_order):
        try:
            counts.add(store(Reading(events=(event,)), move_cursor=False))
        except POISON as failure:
            cause = type(failure).__name__
            errors.append(RowError(event.external_id, _CANT_BE_BOOKED, as_content(event), cause))
    counts.add(store(Reading(errors=tuple(errors)), move_cursor=True))
    return counts


def hold(connection: Connection, *, now: datetime) -> Connection:
    """Load a connection in the caller's transaction, which then meets whoever takes it on.

    Raises:
        Replaced: another worker has.
    """
    held = Connection.objects.filter(pk=connection.pk, fence=connection.fence).first()
    if held is None:
        raise Replaced
    held.updated_at = now
    return held


def _move_cursors(
    connection: Connection, cursors: Mapping[str, Mapping[str, Any]], *, now: datetime
) -> None:
    held = hold(connection, now=now)
    held.cursors = {**held.cursors, **cursors}
    held.save(update_fields=["cursors", "updated_at"])
