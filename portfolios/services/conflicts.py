"""Say what changed of a transaction since somebody looked at it: theirs against yours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import UTC, date, datetime
from decimal import Decimal

from bson import ObjectId

from common.errors import Conflict
from common.money import plain
from marketdata import selectors as market
from portfolios.domain.transactions import Draft
from portfolios.models import Transaction, TransactionRevision
from portfolios.selectors import list_revisions

State = Mapping[str, str]


class TransactionChanged(Conflict):
    """The transaction was changed in the meantime; look at it again."""

    code = "transaction-changed"

    def __init__(self, detail: str, *, errors: Mapping[str, list[str]], revision: int) -> None:
        super().__init__(detail, errors=errors)
        #: The one it is at now: a change that is made from it is let through.
        self.revision = revision


def conflict(
    row: Transaction, *, revision: int, draft: Draft | None, changed_by: ObjectId
) -> TransactionChanged:
    """Describe why a change that was made from an older revision can't be carried out.

    Args:
        row: as it stands now.
        revision: the one that the change was made from.
        draft: what it was to be changed to; None where it was to be voided.
        changed_by: who wanted the change.
    """
    kept = list(list_revisions(row.pk))
    before = next((each.state for each in kept if each.revision == revision), None)
    theirs = state_of(row)
    yours = before if draft is None else state_of(draft)
    detail = f"You changed revision {revision}, but it is at {row.revision} by now."
    if kept:
        detail += f" {_last_change(kept[0], seen_by=changed_by)}"
    errors = {} if yours is None else dict(_differences(before, theirs, yours))
    return TransactionChanged(detail, errors=errors, revision=row.revision)


def state_of(row: Transaction | Draft) -> dict[str, str]:
    """Write the fields of a row as texts; those without a value are left out."""
    return {
        field.name: _as_text(value)
        for field in fields(Draft)
        if (value := getattr(row, field.name)) not in (None, [], ())
    }


def _as_text(value: object) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, list | tuple):
        return " ".join(f"{event_id}:{plain(Decimal(units))}" for event_id, units in value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


def _last_change(last: TransactionRevision, *, seen_by: ObjectId) -> str:
    if last.changed_by is None:
        who = "the broker, or somebody whose account is gone"
    else:
        who = "you" if last.changed_by_id == seen_by else last.changed_by.email
    return f"The last change was made by {who} on {last.changed_at:%Y-%m-%d at %H:%M} UTC."


def _differences(
    before: State | None, theirs: State, yours: State
) -> Iterator[tuple[str, list[str]]]:
    """Go through the fields that somebody else changed, and that differ from yours.

    What was there before is unknown where the revision never existed: all that differs is told.
    """
    for field in (each.name for each in fields(Draft)):
        now, wanted = theirs.get(field, ""), yours.get(field, "")
        old = (before or {}).get(field, "")
        if before is not None and now == old:
            continue
        if before is not None and wanted == old:
            yield field, [f"Changed from {_shown(field, old)} to {_shown(field, now)} meanwhile."]
        elif now != wanted:
            yield field, [f"Is {_shown(field, now)} by now; yours is {_shown(field, wanted)}."]


def _shown(field: str, text: str) -> str:
    if field in {"instrument_id", "to_instrument_id"} and text:
        found = market.instruments_by_id([text]).get(text)
        return found.symbol if found else text
    return text or "nothing"
