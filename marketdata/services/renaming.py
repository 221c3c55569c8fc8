"""Give an instrument another symbol, and let it be found by the one it had."""

from __future__ import annotations

from datetime import date, datetime

from bson import ObjectId

from common.errors import InvalidInput
from common.texts import hidden_character
from common.transactions import run_in_transaction
from marketdata import selectors
from marketdata.domain.spelling import ANY_SOURCE
from marketdata.models import Instrument, InstrumentAlias
from marketdata.services.aliases import Alias, new_alias, wrong_with_alias

_LONGEST_SYMBOL = 32


class RenamingRefused(InvalidInput):
    """The instrument can't be called this from that day on."""

    code = "renaming-refused"


def rename_instrument(
    instrument_id: ObjectId,
    *,
    symbol: str,
    since: date,
    owner_id: ObjectId | None = None,
    now: datetime,
) -> Instrument:
    """Give an instrument the symbol that it has from a day on.

    Up to that day it keeps the former symbol as an alias, so that old files and brokers' histories
    mean it, and nothing else that is called so later. Its identity stays. Repeating it changes
    nothing.

    Args:
        since: the first day of the new symbol.
        owner_id: whose own it is; None where everybody sees it.

    Raises:
        InstrumentNotFound: there is none, it is somebody else's, or it turned out to be another.
        RenamingRefused: the new symbol is none, or another one's at the same market; the day isn't
            after the one since which it has had the present symbol; or another instrument was
            called by that before the day.
    """

    def rename() -> Instrument:
        instrument = selectors.get_instrument(instrument_id, user_id=owner_id)
        if instrument.pk != instrument_id:
            raise selectors.InstrumentNotFound(f"It is {instrument.identity} now.")
        wanted = symbol.strip().upper()
        if wanted == instrument.symbol:
            return instrument
        errors = wrong_with_renaming(instrument, symbol=wanted, since=since)
        if errors:
            raise RenamingRefused(errors=errors)
        _keep(new_alias(instrument, _former(instrument, since=since), now=now))
        instrument.symbol, instrument.updated_at = wanted, now
        if not instrument.share_class_figi:
            # A directory that didn't know it by the former symbol may by this one.
            instrument.identified_at = None
        instrument.save()
        return instrument

    return run_in_transaction(rename)


def wrong_with_renaming(
    instrument: Instrument, *, symbol: str, since: date
) -> dict[str, list[str]]:
    """Say by field why an instrument can't have another symbol since a day; nothing where it can.

    Args:
        instrument: with its present symbol.
    """
    symbol = symbol.strip().upper()
    if not 0 < len(symbol) <= _LONGEST_SYMBOL or hidden_character(symbol):
        line = f"A symbol has 1 to {_LONGEST_SYMBOL} characters, all of them visible."
        return {"symbol": [line]}
    listed = Instrument.objects.filter(
        symbol=symbol,
        mic=instrument.mic,
        currency=instrument.currency,
        owner_id=instrument.owner_id,
        is_active=True,
    )
    if other := listed.exclude(pk=instrument.pk).order_by("id").first():
        return {"symbol": [f"{other.identity} is called so: rename or merge that one first."]}
    former = _former(instrument, since=since)
    if former.valid_from is not None and former.valid_from >= since:
        line = f"{instrument.symbol} is its symbol since {former.valid_from}: give a later day."
        return {"since": [line]}
    wrong = wrong_with_alias(instrument, former).get("symbol", [])
    return {"since": [f"{former.symbol}: {line}" for line in wrong]} if wrong else {}


def _keep(row: InstrumentAlias) -> None:
    """Store an alias in place of one of the same first day, which may have been said before."""
    known = InstrumentAlias.objects.filter(identity=row.identity).first()
    if known is None:
        row.save(force_insert=True)
    else:
        known.valid_until, known.updated_at = row.valid_until, row.updated_at
        known.save()


def _former(instrument: Instrument, *, since: date) -> Alias:
    """Return what the present symbol becomes: an alias from the last renaming up to this one."""
    owner_id = instrument.owner_id
    earlier = InstrumentAlias.objects.filter(
        instrument=instrument, owner_id=owner_id, source=ANY_SOURCE
    ).exclude(symbol=instrument.symbol)
    begun = max((each.valid_until for each in earlier if each.valid_until), default=None)
    return Alias(symbol=instrument.symbol, valid_from=begun, valid_until=since, owner_id=owner_id)
