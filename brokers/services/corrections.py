"""What becomes of what a person made of a row, where the broker corrects it by another one.

Everything here happens inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from bson import ObjectId
from django.db.models import Q

from brokers.domain.events import EventState
from brokers.models import BrokerRow
from portfolios.domain.transactions import Draft
from portfolios.services import synced

KEPT = "The broker changed this, but you had changed it here: your version was kept."


def original_of(row: BrokerRow, known: Mapping[tuple[str, str], BrokerRow]) -> BrokerRow | None:
    """Find the booked row that a new one corrects; where one id means several, the same of them.

    Args:
        known: by external id and kind: rows that are loaded already.
    """
    found = BrokerRow.objects.filter(
        Q(external_id=row.replaces) | Q(alias=row.replaces),
        connection_id=row.connection_id,
        state=EventState.BOOKED.value,
    ).order_by("pk")
    rows = [known.get((each.external_id, each.kind), each) for each in found]
    booked = [each for each in rows if each.transaction_id]
    alike = [each for each in booked if each.kind == row.kind] or booked
    return alike[0] if len(alike) == 1 else None


def take_along(
    row: BrokerRow, draft: Draft, *, original: BrokerRow, portfolio_id: ObjectId, now: datetime
) -> Draft | None:
    """Return what is to be booked for a row that corrects another: with that one's note.

    Where a person changed more of the original than its note, or deleted it, theirs stays: the new
    row stands for it, and None is returned.
    """
    theirs = synced.what_is_theirs(
        portfolio_id,
        transaction_id=ObjectId(original.transaction_id),
        revision=original.transaction_revision,
        told_note=original.content.get("note", ""),
    )
    if not theirs.is_all:
        return draft if theirs.note is None else replace(draft, note=theirs.note)
    row.transaction_id, row.is_claimed = original.transaction_id, original.is_claimed
    row.transaction_revision, row.problem = original.transaction_revision, KEPT
    original.transaction_id, original.transaction_revision = "", 0
    original.state, original.updated_at = EventState.SUPERSEDED.value, now
    original.save()
    return None
