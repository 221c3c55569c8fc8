"""Merge an instrument into the one that it turned out to be, and take that back.

First the instruments themselves change, in one transaction: from then on everybody finds the
survivor. What speaks of the duplicate follows bit by bit, each bit with what is needed to take it
back, so that a job may break off anywhere and be taken on by the next one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from bson import ObjectId
from django.db import IntegrityError

from common.errors import Conflict, InvalidInput
from common.transactions import run_in_transaction
from marketdata import selectors
from marketdata.domain.instruments import AssetClass
from marketdata.domain.spelling import ANY_SOURCE, ISIN_SOURCE
from marketdata.events import references_moving, references_returning
from marketdata.models import Instrument, InstrumentAlias, InstrumentMerge, PriceBar
from marketdata.services.aliases import Alias, identity_of_alias, new_alias, wrong_with_alias
from marketdata.services.bars import move_bars


class MergeRefused(InvalidInput):
    """These two can't be the same."""

    code = "merge-refused"


class AlreadyMerged(Conflict):
    """It has been said to be another one already."""

    code = "already-merged"


class StillUsed(Conflict):
    """Another instrument has been merged into it: take that back first."""

    code = "merge-still-used"


def merge_own_instrument(
    duplicate_id: ObjectId, *, into_id: ObjectId, owner_id: ObjectId, now: datetime
) -> InstrumentMerge:
    """Say that an instrument of a user's own is really another one that they see.

    Raises:
        InstrumentNotFound: there is none of one of them, or it is somebody else's.
        NotYourInstrument: everybody sees it, so that nobody may change it.
        MergeRefused: they differ in what makes an instrument.
        AlreadyMerged: it has been said to be another one already.
    """

    def merge() -> InstrumentMerge:
        duplicate = selectors.get_own_instrument(duplicate_id, user_id=owner_id)
        survivor = selectors.get_instrument(into_id, user_id=owner_id)
        if duplicate.pk != duplicate_id:
            raise AlreadyMerged
        wrong = wrong_with_own_merge(duplicate, survivor)
        return _merge(duplicate, survivor, wrong, asked_by=owner_id, now=now)

    return _stored(merge)


def merge_instruments(
    duplicate_id: ObjectId, *, into_id: ObjectId, asked_by: ObjectId, now: datetime
) -> InstrumentMerge:
    """Say, for everybody, that an instrument is really another one; staff alone may.

    Raises:
        InstrumentNotFound: there is none of one of them.
        MergeRefused: they differ in what makes an instrument.
        AlreadyMerged: it has been said to be another one already.
    """

    def merge() -> InstrumentMerge:
        found = selectors.instruments_by_id([duplicate_id, into_id])
        duplicate, survivor = found.get(str(duplicate_id)), found.get(str(into_id))
        if duplicate is None or survivor is None:
            raise selectors.InstrumentNotFound
        if duplicate.merged_into_id is not None:
            raise AlreadyMerged
        wrong = wrong_with_merge(duplicate, survivor)
        return _merge(duplicate, survivor, wrong, asked_by=asked_by, now=now)

    return _stored(merge)


def wrong_with_merge(duplicate: Instrument, survivor: Instrument) -> list[str]:
    """Say why one instrument can't be the other; nothing where it can."""
    wrong = []
    if duplicate.pk == survivor.pk:
        wrong.append("It is this very instrument.")
    if survivor.merged_into_id is not None:
        wrong.append(f"{survivor.symbol} has been merged into another one itself.")
    if duplicate.currency != survivor.currency:
        wrong.append(f"One is priced in {duplicate.currency}, the other in {survivor.currency}.")
    if duplicate.multiplier != survivor.multiplier:
        wrong.append("What one unit at a price of 1 is worth differs.")
    if (duplicate.asset_class == AssetClass.CURRENCY) != (
        survivor.asset_class == AssetClass.CURRENCY
    ):
        wrong.append("Only one of them is a pair of currencies.")
    if survivor.owner_id is not None and survivor.owner_id != duplicate.owner_id:
        wrong.append(f"{survivor.symbol} is somebody's own: not all would see it.")
    return wrong


def wrong_with_own_merge(duplicate: Instrument, survivor: Instrument) -> list[str]:
    """Say why an instrument of a user's own can't be the other; nothing where it can."""
    wrong = wrong_with_merge(duplicate, survivor)
    if duplicate.isin and survivor.isin and duplicate.isin != survivor.isin:
        wrong.append(
            f"Their ISINs differ: {duplicate.isin} and {survivor.isin}. "
            "Correct yours if it is wrong."
        )
    return wrong


def undo_merge(merge_id: ObjectId, *, now: datetime) -> InstrumentMerge:
    """Let two instruments be two again; what followed goes back bit by bit.

    What was recorded since stays with the survivor. Repeating it changes nothing.

    Raises:
        StillUsed: the survivor is merged into another one by now: take that back first.
    """

    def undo() -> InstrumentMerge:
        merge = InstrumentMerge.objects.get(pk=merge_id)
        if merge.state not in (InstrumentMerge.MOVING, InstrumentMerge.DONE):
            return merge
        if Instrument.objects.filter(pk=merge.survivor_id, merged_into__isnull=False).exists():
            raise StillUsed
        merge.state, merge.updated_at = InstrumentMerge.RETURNING, now
        merge.save()
        _part(merge, now=now)
        return merge

    return run_in_transaction(undo)


def go_on(merge_id: ObjectId, *, clock: Callable[[], datetime]) -> InstrumentMerge:
    """Let everything follow a merge, or its undoing, to the end; it may break off anywhere."""
    while True:
        now = clock()
        merge = InstrumentMerge.objects.get(pk=merge_id)
        is_moving = merge.state in (InstrumentMerge.MOVING, InstrumentMerge.DONE)
        if merge.state == InstrumentMerge.UNDONE:
            return merge
        answers: list[tuple[Any, Any]] = (
            references_moving if is_moving else references_returning
        ).send(
            sender=InstrumentMerge,
            merge_key=str(merge.pk),
            source_id=merge.duplicate_id,
            target_id=merge.survivor_id,
            now=now,
        )
        count = sum(answer for _receiver, answer in answers)
        if not count and merge.state == InstrumentMerge.DONE:
            return merge
        _note(merge, count, is_moving=is_moving, now=now)


def _note(merge: InstrumentMerge, count: int, *, is_moving: bool, now: datetime) -> None:
    """Write down how far it has come, unless it was turned round meanwhile."""
    changes: dict[str, Any] = {"updated_at": now}
    if is_moving:
        changes["moved"] = merge.moved + count
        changes["state"] = InstrumentMerge.MOVING if count else InstrumentMerge.DONE
    else:
        changes["returned"] = merge.returned + count
        if not count:
            changes |= {"state": InstrumentMerge.UNDONE, "open_for": None}
    run_in_transaction(
        lambda: InstrumentMerge.objects.filter(pk=merge.pk, state=merge.state).update(**changes)
    )


def _stored(merge: Callable[[], InstrumentMerge]) -> InstrumentMerge:
    try:
        return run_in_transaction(merge)
    except IntegrityError as error:
        raise AlreadyMerged from error


def _merge(
    duplicate: Instrument,
    survivor: Instrument,
    wrong: list[str],
    *,
    asked_by: ObjectId,
    now: datetime,
) -> InstrumentMerge:
    if wrong:
        raise MergeRefused(" ".join(wrong))
    made = InstrumentMerge(
        duplicate=duplicate,
        survivor=survivor,
        asked_by_id=asked_by,
        state=InstrumentMerge.MOVING,
        open_for=str(duplicate.pk),
        created_at=now,
        updated_at=now,
    )
    made.content = {
        "was_active": duplicate.is_active,
        "renamed": _move_aliases(duplicate, survivor, now=now),
        "made": _make_aliases(duplicate, survivor, now=now),
        "closes": _move_closes(duplicate, survivor),
    }
    duplicate.is_active, duplicate.merged_into = False, survivor
    duplicate.updated_at = now
    duplicate.save()
    # Written too, so that it meets whoever merges the survivor into another one meanwhile.
    survivor.updated_at = now
    survivor.save()
    made.save(force_insert=True)
    return made


def _part(merge: InstrumentMerge, *, now: datetime) -> None:
    """Give the duplicate back what was its own."""
    duplicate = Instrument.objects.get(pk=merge.duplicate_id)
    survivor = Instrument.objects.get(pk=merge.survivor_id)
    kept = merge.content
    InstrumentAlias.objects.filter(pk__in=[ObjectId(key) for key in kept["made"]]).delete()
    _give_aliases(kept["renamed"], duplicate, now=now)
    days = [date.fromisoformat(day) for day in kept["closes"]]
    move_bars(survivor.pk, duplicate.pk, days=days)
    duplicate.is_active, duplicate.merged_into = kept["was_active"], None
    for each in (duplicate, survivor):
        _take_newest_close(each)
        each.updated_at = now
        each.save()


def _make_aliases(duplicate: Instrument, survivor: Instrument, *, now: datetime) -> list[str]:
    """Let the survivor be found by what the duplicate was called, by whoever saw it."""
    names = [(ANY_SOURCE, duplicate.symbol, survivor.symbol)]
    names += [(ISIN_SOURCE, duplicate.isin, survivor.isin)] if duplicate.isin else []
    made = []
    for source, old, new in names:
        alias = Alias(symbol=old, source=source, owner_id=duplicate.owner_id)
        if old == new or wrong_with_alias(survivor, alias):
            continue
        row = new_alias(survivor, alias, now=now)
        if not InstrumentAlias.objects.filter(identity=row.identity).exists():
            row.save(force_insert=True)
            made.append(str(row.pk))
    return made


def _move_aliases(duplicate: Instrument, survivor: Instrument, *, now: datetime) -> list[str]:
    keys = InstrumentAlias.objects.filter(instrument=duplicate).values_list("pk", flat=True)
    return _give_aliases([str(key) for key in keys], survivor, now=now)


def _give_aliases(keys: list[str], instrument: Instrument, *, now: datetime) -> list[str]:
    """Let an instrument be called what another one was; what it is called already stays there."""
    given = []
    found = InstrumentAlias.objects.filter(pk__in=[ObjectId(key) for key in keys])
    for row in found.order_by("pk"):
        row.instrument, row.updated_at = instrument, now
        row.identity = identity_of_alias(row)
        if not InstrumentAlias.objects.filter(identity=row.identity).exists():
            row.save()
            given.append(str(row.pk))
    return given


def _move_closes(duplicate: Instrument, survivor: Instrument) -> list[str]:
    """Give the survivor the closes of days of which it has none; return the days.

    What somebody has recorded by hand stays theirs: it is no price that others may be shown.
    """
    if duplicate.owner_id != survivor.owner_id:
        return []
    known = set(PriceBar.objects.filter(instrument=survivor).values_list("date", flat=True))
    theirs = PriceBar.objects.filter(instrument=duplicate)
    days = sorted(day for day in theirs.values_list("date", flat=True) if day not in known)
    if days:
        move_bars(duplicate.pk, survivor.pk, days=days)
        for each in (duplicate, survivor):
            _take_newest_close(each)
    return [day.isoformat() for day in days]


def _take_newest_close(instrument: Instrument) -> None:
    newest = selectors.list_prices(instrument.pk).first()
    instrument.last_close = newest.close if newest else None
    instrument.last_close_date = newest.date if newest else None
