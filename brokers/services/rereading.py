"""Have a broker's streams read anew where a page may have come with rows left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from brokers.domain.reconcile import Outcome
from brokers.models import Connection
from brokers.selectors import list_unbooked

#: How long until what is doubted is asked for again.
SOON = timedelta(minutes=2)
_EVERY = timedelta(days=1)
#: How long a row that can't be booked is hoped to come otherwise.
_GARBLED_FOR = timedelta(days=3)


def plan(held: Connection, comparison: Sequence[Mapping[str, Any]], *, now: datetime) -> None:
    """Begin all streams anew where figures differ; the caller saves the connection.

    So too for some days after a row came that couldn't be booked: it may have been garbled on its
    way. Once a day at most, for most differences have other reasons.
    """
    if held.reread_at is not None and now - held.reread_at < _EVERY:
        return
    is_adrift = any(line["outcome"] == Outcome.DRIFT and _moves(line) for line in comparison)
    if is_adrift or list_unbooked(held.pk).filter(updated_at__gte=now - _GARBLED_FOR).exists():
        held.cursors, held.reread_at, held.next_sync_at = {}, now, now + SOON


def _moves(line: Mapping[str, Any]) -> bool:
    # A row that is missing moves units or cash; cost alone differs by how it is counted.
    return bool(line["measure"] != "cost")
