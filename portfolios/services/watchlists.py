"""Change the lists of instruments that people watch."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bson import ObjectId
from django.db import IntegrityError

from common.errors import Conflict, InvalidInput
from common.transactions import run_in_transaction
from marketdata import selectors as market
from portfolios.models import Watchlist
from portfolios.selectors import watching

MOST_LISTS = 50
MOST_ENTRIES = 200
LONGEST_NOTE = 200

Entries = list[dict[str, str]]


class WatchlistExists(Conflict):
    """You have a watchlist of this name already."""

    code = "watchlist-exists"


class WatchlistRefused(InvalidInput):
    """The watchlist can't be changed like this."""

    code = "watchlist-refused"


def create_watchlist(owner_id: ObjectId, *, name: str, now: datetime) -> Watchlist:
    """Make an empty watchlist.

    Raises:
        WatchlistExists: the owner has one of this name.
        WatchlistRefused: the owner has as many as there may be.
    """

    def create() -> Watchlist:
        if watching.list_watchlists(owner_id).count() >= MOST_LISTS:
            raise WatchlistRefused(f"There can be {MOST_LISTS} watchlists; delete one first.")
        return Watchlist.objects.create(
            owner_id=owner_id, name=name, created_at=now, updated_at=now
        )

    try:
        return run_in_transaction(create)
    except IntegrityError as error:
        raise WatchlistExists from error


def rename_watchlist(
    watchlist_id: ObjectId, *, owner_id: ObjectId, name: str, now: datetime
) -> Watchlist:
    """Give a watchlist another name.

    Raises:
        WatchlistNotFound: there is none, or it is somebody else's.
        WatchlistExists: the owner has another one of this name.
    """
    try:
        return _change(watchlist_id, lambda _: None, owner_id=owner_id, now=now, name=name)
    except IntegrityError as error:
        raise WatchlistExists from error


def delete_watchlist(watchlist_id: ObjectId, *, owner_id: ObjectId) -> None:
    """Delete a watchlist.

    Raises:
        WatchlistNotFound: there is none, or it is somebody else's.
    """

    def delete() -> None:
        watching.get_watchlist(watchlist_id, owner_id=owner_id).delete()

    run_in_transaction(delete)


def put_entry(
    watchlist_id: ObjectId,
    *,
    owner_id: ObjectId,
    instrument_id: ObjectId,
    now: datetime,
    note: str | None = None,
    place: int | None = None,
) -> Watchlist:
    """Put an instrument on a watchlist, or change what is on it; repeating it changes nothing.

    Args:
        note: as it is to be; None leaves it.
        place: where it is to stand, from 0; None leaves it, or puts a new one at the end.

    Raises:
        WatchlistNotFound: there is none, or it is somebody else's.
        InstrumentNotFound: there is none, or it is somebody else's.
        WatchlistRefused: the list is full.
    """
    instrument = market.get_instrument(instrument_id, user_id=owner_id)
    key = str(instrument.pk)

    def put(entries: Entries) -> None:
        at = next((at for at, each in enumerate(entries) if each["instrument"] == key), None)
        if at is None and len(entries) >= MOST_ENTRIES:
            raise WatchlistRefused(f"A watchlist can hold {MOST_ENTRIES} instruments.")
        entry = {"instrument": key, "note": ""} if at is None else entries.pop(at)
        if note is not None:
            entry["note"] = note
        wanted = place if place is not None else len(entries) if at is None else at
        entries.insert(wanted, entry)

    return _change(watchlist_id, put, owner_id=owner_id, now=now)


def remove_entry(
    watchlist_id: ObjectId, *, owner_id: ObjectId, instrument_id: ObjectId, now: datetime
) -> Watchlist:
    """Take an instrument off a watchlist; one that isn't on it is off it already.

    Raises:
        WatchlistNotFound: there is none, or it is somebody else's.
    """

    def remove(entries: Entries) -> None:
        entries[:] = [each for each in entries if each["instrument"] != str(instrument_id)]

    return _change(watchlist_id, remove, owner_id=owner_id, now=now)


def _change(
    watchlist_id: ObjectId,
    change: Callable[[Entries], None],
    *,
    owner_id: ObjectId,
    now: datetime,
    **fields: Any,
) -> Watchlist:
    def change_it() -> Watchlist:
        found = watching.get_watchlist(watchlist_id, owner_id=owner_id)
        entries: Entries = [dict(each) for each in found.entries]
        change(entries)
        found.entries = entries
        found.updated_at = now
        for name, value in fields.items():
            setattr(found, name, value)
        found.save(update_fields=["entries", "updated_at", *fields])
        return found

    return run_in_transaction(change_it)
