"""Ask what companies did to their shares."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from decimal import Decimal

from bson import ObjectId
from django.db.models import QuerySet

from marketdata.domain.actions import ActionKind
from marketdata.models import CorporateAction


def list_actions(instrument_id: ObjectId) -> QuerySet[CorporateAction]:
    """List the corporate actions of an instrument, the newest first."""
    return CorporateAction.objects.filter(instrument_id=instrument_id).order_by("-ex_date", "-id")


def list_splits(ids: Collection[str], *, start: date, end: date) -> list[CorporateAction]:
    """List the splits of some instruments from `start` to `end`, both included, by day.

    What several sources tell of one counts once; so does what staff have withdrawn not at all.
    """
    found = CorporateAction.objects.filter(
        instrument_id__in=[ObjectId(key) for key in ids],
        kind=ActionKind.SPLIT.value,
        state=CorporateAction.ANNOUNCED,
        ex_date__gte=start,
        ex_date__lte=end,
    )
    # Sorted here: the few that there are come from one range of the index for each instrument.
    rows = sorted(found, key=lambda each: (each.ex_date, each.pk))
    return list({(each.instrument_id, each.ex_date, each.ratio): each for each in rows}.values())


def splits_by_instrument(
    ids: Collection[str], *, start: date, end: date
) -> dict[str, list[tuple[date, Decimal]]]:
    """Map instruments to the first day and the ratio of each split from `start` to `end`."""
    splits: dict[str, list[tuple[date, Decimal]]] = {}
    for each in list_splits(ids, start=start, end=end):
        splits.setdefault(str(each.instrument_id), []).append((each.ex_date, each.ratio))
    return splits
