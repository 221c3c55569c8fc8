"""Say that two instruments which look like one are two, and take that back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from bson import ObjectId
from django.db import IntegrityError

from common.errors import InvalidInput
from common.transactions import run_in_transaction
from marketdata import selectors
from marketdata.models import MergeDismissal


class NotSuggested(InvalidInput):
    """Nobody suggests that these two are one."""

    code = "merge-not-suggested"


def dismiss_suggestion(
    first_id: ObjectId, second_id: ObjectId, *, user_id: ObjectId, now: datetime
) -> MergeDismissal:
    """Say that two are not the same; who said so first is remembered.

    Raises:
        NotSuggested: nothing says that they are.
    """
    first, second = sorted((first_id, second_id))

    def dismiss() -> MergeDismissal:
        known = MergeDismissal.objects.filter(first_id=first, second_id=second).first()
        if known is not None:
            return known
        made = MergeDismissal(
            first_id=first,
            second_id=second,
            by=_in_common(first, second),
            dismissed_by_id=user_id,
            dismissed_at=now,
        )
        made.save(force_insert=True)
        return made

    try:
        return run_in_transaction(dismiss)
    except IntegrityError:
        # Somebody else said so at the same moment.
        return run_in_transaction(dismiss)


def _in_common(first: ObjectId, second: ObjectId) -> str:
    for each in selectors.list_suggested_merges():
        if (each.first.pk, each.second.pk) == (first, second):
            return each.by
    raise NotSuggested


def suggest_again(dismissal_ids: Collection[ObjectId]) -> int:
    """Take back that some are two, so that they are suggested again; return how many."""
    found = MergeDismissal.objects.filter(pk__in=list(dismissal_ids))
    return run_in_transaction(lambda: found.all().delete()[0])
