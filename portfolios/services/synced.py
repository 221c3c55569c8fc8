"""Write what a broker says happened: many rows at once, corrections, and what never was.

Everything here happens inside the caller's transaction. What a person changed is theirs: a row
whose revision isn't the one that came from the broker is left alone. A note is no such change where
the broker corrects a row or takes it back: it stays on the row, whatever that says then.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bson import ObjectId
from django.db.models import F

from portfolios.domain.transactions import Draft
from portfolios.models import Transaction, TransactionRevision
from portfolios.services.conflicts import state_of
from portfolios.services.ledger import apply_draft, new_row, touch


@dataclass(frozen=True, slots=True)
class Theirs:
    """What a person has made of a row that came from a broker.

    Attributes:
        is_all: they changed more than its note, or took it out of the ledger.
        note: the one they wrote; None where they wrote none.
    """

    is_all: bool = False
    note: str | None = None


def record_synced(
    portfolio_id: ObjectId, *, drafts: Sequence[Draft], now: datetime
) -> list[Transaction]:
    """Add checked rows, in their order; return them stored."""
    if not drafts:
        return []
    touch(portfolio_id, from_date=min(draft.trade_date for draft in drafts), now=now)
    return Transaction.objects.bulk_create(
        [new_row(portfolio_id, draft, now=now) for draft in drafts]
    )


def correct_synced(
    portfolio_id: ObjectId,
    *,
    transaction_id: ObjectId,
    draft: Draft,
    revision: int,
    told_note: str,
    now: datetime,
) -> int | None:
    """Replace a row by what the broker says now; None when a person has changed it since.

    Args:
        revision: the one that came from the broker.
        told_note: the note that came with it: another one is a person's, and stays.

    Returns:
        The revision that the row has now.
    """
    row = Transaction.objects.filter(
        pk=transaction_id, portfolio_id=portfolio_id, is_void=False
    ).first()
    if row is None or not _is_as_left(row, revision):
        return None
    if row.note != told_note:
        draft = replace(draft, note=row.note)
    touch(portfolio_id, from_date=min(row.trade_date, draft.trade_date), now=now)
    _keep([row], reason="corrected by the broker", now=now)
    apply_draft(row, draft, now=now)
    row.revision += 1
    row.save()
    return row.revision


def what_is_theirs(
    portfolio_id: ObjectId, *, transaction_id: ObjectId, revision: int, told_note: str
) -> Theirs:
    """Say what a person has made of a row since it came from the broker.

    Args:
        revision: the one that came from the broker.
        told_note: the note that came with it.
    """
    row = Transaction.objects.filter(pk=transaction_id, portfolio_id=portfolio_id).first()
    if row is None or row.is_void or not _is_as_left(row, revision):
        return Theirs(is_all=True)
    return Theirs(note=row.note if row.note != told_note else None)


def void_synced(
    portfolio_id: ObjectId,
    *,
    revisions: Mapping[ObjectId, int],
    reason: str,
    now: datetime,
    even_noted: bool = False,
) -> set[ObjectId]:
    """Void rows; return which were, without those that a person has changed since.

    Args:
        revisions: transaction → the revision that came from the broker.
        reason: in words, for the history.
        even_noted: a note alone keeps no row in the ledger.
    """
    if even_noted:
        rows = Transaction.objects.filter(pk__in=list(revisions), portfolio_id=portfolio_id)
        revisions = {row.pk: row.revision for row in rows if _is_as_left(row, revisions[row.pk])}
    return _turn(portfolio_id, revisions, is_void=True, reason=reason, now=now)


def restore_synced(
    portfolio_id: ObjectId, *, revisions: Mapping[ObjectId, int], reason: str, now: datetime
) -> set[ObjectId]:
    """Take void rows into the ledger again; return which were, without those changed since.

    Args:
        revisions: transaction → the revision that voiding gave it.
        reason: in words, for the history.
    """
    return _turn(portfolio_id, revisions, is_void=False, reason=reason, now=now)


def _turn(
    portfolio_id: ObjectId,
    revisions: Mapping[ObjectId, int],
    *,
    is_void: bool,
    reason: str,
    now: datetime,
) -> set[ObjectId]:
    """Void rows or take them in again, where they are still as they were left."""
    rows = [
        row
        for row in Transaction.objects.filter(
            pk__in=list(revisions), portfolio_id=portfolio_id, is_void=not is_void
        ).order_by("pk")
        if row.revision == revisions[row.pk]
    ]
    if rows:
        touch(portfolio_id, from_date=min(row.trade_date for row in rows), now=now)
        _keep(rows, reason=reason, now=now)
        Transaction.objects.filter(pk__in=[row.pk for row in rows]).update(
            is_void=is_void, revision=F("revision") + 1, updated_at=now
        )
    return {row.pk for row in rows}


def _is_as_left(row: Transaction, revision: int) -> bool:
    """Say whether nobody has changed more of a row than its note since a revision."""
    if row.revision == revision:
        return True
    left = TransactionRevision.objects.filter(transaction_id=row.pk, revision=revision).first()
    return left is not None and _without_note(left.state) == _without_note(state_of(row))


def _without_note(state: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in state.items() if name != "note"}


def which_are_booked(portfolio_id: ObjectId, *, ids: Collection[ObjectId]) -> set[ObjectId]:
    """Say which rows are in the ledger, and not void."""
    found = Transaction.objects.filter(pk__in=list(ids), portfolio_id=portfolio_id, is_void=False)
    return set(found.values_list("pk", flat=True))


def _keep(rows: Collection[Transaction], *, reason: str, now: datetime) -> None:
    TransactionRevision.objects.bulk_create(
        [
            TransactionRevision(
                transaction=row,
                revision=row.revision,
                state=state_of(row),
                changed_by_id=None,
                changed_at=now,
                reason=reason,
            )
            for row in rows
        ]
    )
