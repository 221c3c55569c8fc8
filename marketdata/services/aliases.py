"""Say what instruments are called elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from bson import ObjectId
from django.db import IntegrityError

from common.errors import InvalidInput
from common.texts import hidden_character
from common.transactions import run_in_transaction
from marketdata import selectors
from marketdata.domain.instruments import is_isin
from marketdata.domain.spelling import ANY_SOURCE, ISIN_SOURCE
from marketdata.models import Instrument, InstrumentAlias

_LONGEST_SYMBOL = 64
_LONGEST_SOURCE = 32


class AliasRefused(InvalidInput):
    """The instrument can't be called this."""

    code = "alias-refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """What an instrument is called by a source.

    Attributes:
        source: the name of an adapter, `isin`, or nothing: whoever says it.
        valid_from: the first day on which it was called so; None is since ever.
        valid_until: the day after the last; None is without end.
        owner_id: for whom alone it holds; None is for everybody.
    """

    symbol: str
    source: str = ANY_SOURCE
    valid_from: date | None = None
    valid_until: date | None = None
    owner_id: ObjectId | None = None


def name_instrument(instrument_id: ObjectId, alias: Alias, *, now: datetime) -> InstrumentAlias:
    """Remember what an instrument is called elsewhere; repeating it changes nothing.

    Raises:
        InstrumentNotFound: there is none, or it is somebody else's.
        AliasRefused: it is no name, its days are the wrong way round, or another instrument of the
            same currency is called so on some of them.
    """

    def name() -> InstrumentAlias:
        instrument = selectors.get_instrument(instrument_id, user_id=alias.owner_id)
        errors = wrong_with_alias(instrument, alias)
        if errors:
            raise AliasRefused(errors=errors)
        row = new_alias(instrument, alias, now=now)
        known = InstrumentAlias.objects.filter(identity=row.identity).first()
        if known is not None:
            return known
        row.save(force_insert=True)
        return row

    try:
        return run_in_transaction(name)
    except IntegrityError:
        # Somebody else said the same at the same moment, and it is there by now.
        return run_in_transaction(name)


def new_alias(instrument: Instrument, alias: Alias, *, now: datetime) -> InstrumentAlias:
    """Make the row of a checked alias; the caller stores it."""
    row = InstrumentAlias(
        instrument=instrument,
        owner_id=alias.owner_id,
        source=alias.source.strip(),
        symbol=alias.symbol.strip().upper(),
        valid_from=alias.valid_from,
        valid_until=alias.valid_until,
        created_at=now,
        updated_at=now,
    )
    row.identity = identity_of_alias(row)
    return row


def identity_of_alias(row: InstrumentAlias) -> str:
    """Return the text that makes an alias unique."""
    since = row.valid_from.isoformat() if row.valid_from else ""
    return f"{row.owner_id or '-'}:{row.source}:{row.symbol}:{row.instrument_id}:{since}"


def wrong_with_alias(
    instrument: Instrument, alias: Alias, *, besides: ObjectId | None = None
) -> dict[str, list[str]]:
    """Say by field why an instrument can't be called so; nothing where it can.

    Args:
        besides: the stored alias that this one takes the place of.
    """
    symbol, source = alias.symbol.strip().upper(), alias.source.strip()
    errors: dict[str, list[str]] = {}
    if not 0 < len(symbol) <= _LONGEST_SYMBOL or hidden_character(symbol):
        line = f"A symbol has 1 to {_LONGEST_SYMBOL} characters, all of them visible."
        errors["symbol"] = [line]
    elif source == ISIN_SOURCE and not is_isin(symbol):
        errors["symbol"] = ["It is not an ISIN: its check digit is wrong or its form is."]
    if len(source) > _LONGEST_SOURCE or hidden_character(source):
        line = f"A source has at most {_LONGEST_SOURCE} characters, all of them visible."
        errors["source"] = [line]
    if alias.valid_from and alias.valid_until and alias.valid_from >= alias.valid_until:
        errors["valid_until"] = ["The day after the last one comes after the first one."]
    if not errors and source != ISIN_SOURCE:
        others = _others_called_so(instrument, alias, symbol, source, besides=besides)
        if other := next(others, None):
            errors["symbol"] = [f"{other.instrument.identity} is called so on some of these days."]
    return errors


def _others_called_so(
    instrument: Instrument, alias: Alias, symbol: str, source: str, *, besides: ObjectId | None
) -> Iterator[InstrumentAlias]:
    found = InstrumentAlias.objects.filter(
        symbol=symbol, source=source, owner_id=alias.owner_id
    ).select_related("instrument")
    for each in found.order_by("valid_from", "id"):
        # Another currency tells two instruments of one name apart.
        is_other = (
            each.instrument_id != instrument.pk
            and each.instrument.currency == instrument.currency
            and each.pk != besides
        )
        if is_other and _overlap(each, alias):
            yield each


def _overlap(stored: InstrumentAlias, alias: Alias) -> bool:
    begins, ends = stored.valid_from or date.min, stored.valid_until or date.max
    return begins < (alias.valid_until or date.max) and (alias.valid_from or date.min) < ends
