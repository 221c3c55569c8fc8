"""Ask about instruments: which there are, and who may see them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from bson import ObjectId
from django.db.models import Q, QuerySet

from common.bulk import aggregate, read_many
from common.errors import Conflict, NotFound
from marketdata.domain import search
from marketdata.domain.identifiers import Question
from marketdata.domain.instruments import AssetClass, InstrumentBrief
from marketdata.models import Instrument


class InstrumentNotFound(NotFound):
    """There is no such instrument."""

    code = "instrument-not-found"


class NotYourInstrument(Conflict):
    """This instrument is everybody's: its prices and its name are not yours to change."""

    code = "not-your-instrument"


def visible_to(user_id: ObjectId | None) -> Q:
    """Return the condition for what somebody may see: shared instruments, and their own."""
    shared = Q(owner__isnull=True)
    return shared if user_id is None else shared | Q(owner_id=user_id)


def get_instrument(instrument_id: ObjectId, *, user_id: ObjectId | None = None) -> Instrument:
    """Load one instrument that a user may see; if it turned out to be another one, that one.

    Raises:
        InstrumentNotFound: there is none, or it is somebody else's.
    """
    found = current(Instrument.objects.filter(pk=instrument_id).first())
    if found is None or (found.owner_id is not None and found.owner_id != user_id):
        raise InstrumentNotFound(f"There is no instrument {instrument_id}.")
    return found


def current(instrument: Instrument | None) -> Instrument | None:
    """Return what an instrument turned out to be, in the end; most are what they are."""
    # A merge is refused where it would lead back, so that this ends.
    while instrument is not None and instrument.merged_into_id is not None:
        instrument = Instrument.objects.filter(pk=instrument.merged_into_id).first()
    return instrument


def current_ids(ids: Collection[str]) -> dict[str, str]:
    """Map those of some ids whose instruments turned out to be others to what they are now."""
    merged = Instrument.objects.filter(
        pk__in=[ObjectId(key) for key in ids], merged_into__isnull=False
    )
    found = {str(each.pk): current(each) for each in merged}
    return {key: str(each.pk) for key, each in found.items() if each is not None}


def get_own_instrument(instrument_id: ObjectId, *, user_id: ObjectId) -> Instrument:
    """Load an instrument that a user made, and so may price and change.

    Raises:
        InstrumentNotFound: there is none, or it is somebody else's.
        NotYourInstrument: everybody sees it, so that nobody may change it.
    """
    found = get_instrument(instrument_id, user_id=user_id)
    if found.owner_id is None:
        raise NotYourInstrument
    return found


def list_instruments(user_id: ObjectId | None, *, symbol: str = "") -> QuerySet[Instrument]:
    """List the active instruments a user may see, by symbol; `symbol` is a prefix."""
    found = Instrument.objects.filter(visible_to(user_id), is_active=True)
    if symbol:
        # A range of an index instead of a pattern: fast, and nothing in it can be a pattern.
        start = symbol.strip().upper()
        found = found.filter(symbol__gte=start, symbol__lt=start + search.LAST)
    return found.order_by("symbol", "id")


def list_unidentified(
    kinds: Collection[AssetClass], *, asked_before: datetime, limit: int
) -> list[Question]:
    """List shared instruments without a share class, as a directory is asked about them.

    Those that it was never asked about come alone; without any, those about which it was last asked
    before a moment, the longest ago first.

    Args:
        kinds: what a directory knows.
    """

    def find(asked: Any) -> list[Question]:
        wanted = {
            "owner_id": None,
            "share_class_figi": "",
            "identified_at": asked,
            "is_active": True,
            "asset_class": {"$in": [kind.value for kind in sorted(kinds)]},
            "$nor": [{"isin": "", "mic": ""}],
        }
        stages: list[dict[str, Any]] = [
            {"$match": wanted},
            {"$limit": limit},
            {"$project": {"identity": 1, "isin": 1, "symbol": 1, "mic": 1}},
        ]
        # In the order of the index; asked for another one, the server sorts all for a few.
        rows = aggregate(Instrument, stages, hint="instrument_figi")
        return [Question(instrument_id=str(row.pop("_id")), **row) for row in rows]

    return find(None) or find({"$lt": asked_before})


def list_own_instruments(owner_id: ObjectId) -> QuerySet[Instrument]:
    """List the instruments that a user made, by symbol; also those that are out of use."""
    # Both values are named, so that an index gives the order.
    found = Instrument.objects.filter(
        owner_id=owner_id, is_active__in=[True, False], merged_into__isnull=True
    )
    return found.order_by("symbol", "id")


def instruments_by_id(ids: Collection[ObjectId | str]) -> dict[str, Instrument]:
    """Load several instruments at once, keyed by the text of their ids."""
    found = Instrument.objects.filter(pk__in=[ObjectId(str(key)) for key in ids])
    return {str(instrument.pk): instrument for instrument in found}


def briefs_by_id(ids: Collection[ObjectId | str]) -> dict[str, InstrumentBrief]:
    """Load what is shown of several instruments, keyed by the text of their ids.

    Several times as fast as loading the instruments.
    """
    rows = read_many(
        Instrument,
        {"_id": {"$in": [ObjectId(str(key)) for key in ids]}},
        columns=(
            *("id", "symbol", "name", "currency", "asset_class", "mic"),
            *("owner_id", "last_close", "last_close_date"),
        ),
        sort={"_id": 1},
    )
    found = (
        InstrumentBrief(id=str(row.pop("id")), is_own=row.pop("owner_id") is not None, **row)
        for row in rows
    )
    return {each.id: each for each in found}


def visible_ids(ids: Collection[ObjectId], *, user_id: ObjectId) -> list[str]:
    """Keep those ids whose instruments a user may see."""
    found = Instrument.objects.filter(
        visible_to(user_id), pk__in=list(ids), merged_into__isnull=True
    )
    return [str(key) for key in found.values_list("pk", flat=True)]


def own_ids(ids: Collection[str]) -> frozenset[str]:
    """Keep the ids of instruments that somebody made: they are priced by hand, if at all."""
    found = Instrument.objects.filter(
        pk__in=[ObjectId(key) for key in ids], owner__isnull=False
    ).values_list("pk", flat=True)
    return frozenset(str(key) for key in found)
