"""Make, change, classify and delete instruments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from bson import ObjectId
from django.db import IntegrityError

from common.currencies import is_currency
from common.errors import Conflict, InvalidInput
from common.money import DECIMAL_PLACES, WHOLE_DIGITS, fits
from common.texts import hidden_character
from common.transactions import run_in_transaction
from marketdata import selectors
from marketdata.adapters.directory import Entry
from marketdata.domain.classification import (
    Weights,
    WeightsRefused,
    check_weights,
    stored_weights,
)
from marketdata.domain.instruments import AssetClass, identity_of, is_isin
from marketdata.events import own_multiplier_changed
from marketdata.models import Instrument, InstrumentMerge
from marketdata.services.prices import FIRST_DAY

#: How long the words may be that say where weights come from.
LONGEST_SOURCE = 160


class InstrumentInUse(Conflict):
    """Something still speaks of this instrument."""

    code = "instrument-in-use"


class InstrumentExists(Conflict):
    """You already have an instrument with this symbol and currency."""

    code = "instrument-exists"


def install_directory(entries: Iterable[Entry], *, now: datetime) -> int:
    """Add the shipped instruments that are missing; return how many were added.

    What staff changed on an instrument that exists is left alone; only what it consists of is
    filled in where nobody has said anything about that yet.
    """
    entries = list(entries)
    known = {
        each.identity: each
        for each in Instrument.objects.filter(identity__in=[each.identity for each in entries])
    }
    missing = [_instrument(each, now=now) for each in entries if each.identity not in known]
    unclassified = [
        (known[each.identity].pk, each)
        for each in entries
        if each.weights and each.identity in known and known[each.identity].weights is None
    ]

    def install() -> None:
        if missing:
            Instrument.objects.bulk_create(missing)
        for instrument_id, entry in unclassified:
            Instrument.objects.filter(pk=instrument_id).update(
                weights=stored_weights(entry.weights),
                weights_source=entry.weights_source,
                updated_at=now,
            )

    if missing or unclassified:
        run_in_transaction(install)
    return len(missing)


def _instrument(entry: Entry, *, now: datetime) -> Instrument:
    return Instrument(
        identity=entry.identity,
        symbol=entry.symbol,
        name=entry.name,
        isin=entry.isin,
        mic=entry.mic,
        currency=entry.currency,
        asset_class=entry.asset_class.value,
        weights=stored_weights(entry.weights) if entry.weights else None,
        weights_source=entry.weights_source,
        created_at=now,
        updated_at=now,
    )


def classify_instrument(
    instrument_id: ObjectId, *, weights: Any, source: str, now: datetime
) -> Weights:
    """Say what an instrument consists of, in place of what was said before.

    Args:
        weights: dimension → key → fraction as a text: `{"sector": {"energy": "0.4"}}`; what is
            missing to 1 stays unknown.
        source: where they come from, in words.

    Raises:
        InstrumentNotFound: there is no such instrument.
        WeightsRefused: they can't be those of an instrument.
    """
    checked, source = _checked(weights, source=source)
    run_in_transaction(lambda: _classify(instrument_id, checked, source=source, now=now))
    return checked


def classify_own_instrument(
    instrument_id: ObjectId, *, owner_id: ObjectId, weights: Any, source: str, now: datetime
) -> Weights:
    """Say what an instrument of a user's own consists of, as `classify_instrument` does.

    Raises:
        InstrumentNotFound: there is none, or it is somebody else's.
        NotYourInstrument: everybody sees it, so that nobody may change it.
        WeightsRefused: they can't be those of an instrument.
    """

    def classify() -> None:
        selectors.get_own_instrument(instrument_id, user_id=owner_id)
        _classify(instrument_id, checked, source=source, now=now)

    checked, source = _checked(weights, source=source)
    run_in_transaction(classify)
    return checked


def _checked(weights: Any, *, source: str) -> tuple[Weights, str]:
    checked, source = check_weights(weights), " ".join(source.split())
    if len(source) > LONGEST_SOURCE:
        raise WeightsRefused(errors={"source": [f"At most {LONGEST_SOURCE} characters."]})
    if hidden := hidden_character(source):
        line = f"It must not hold the invisible character {hidden}."
        raise WeightsRefused(errors={"source": [line]})
    return checked, source


def _classify(instrument_id: ObjectId, checked: Weights, *, source: str, now: datetime) -> None:
    changed = Instrument.objects.filter(pk=instrument_id).update(
        weights=stored_weights(checked), weights_source=source, updated_at=now
    )
    if not changed:
        raise selectors.InstrumentNotFound(f"There is no instrument {instrument_id}.")


def create_instrument(
    owner_id: ObjectId,
    *,
    symbol: str,
    name: str,
    currency: str,
    asset_class: AssetClass,
    isin: str = "",
    multiplier: Decimal = Decimal(1),
    now: datetime,
) -> Instrument:
    """Make an instrument of a user's own; nobody else sees it.

    Args:
        multiplier: what one unit at a price of 1 is worth.

    Raises:
        InvalidInput: a field is empty, too long or not what it claims to be.
        InstrumentExists: the user has one with this symbol and currency.
    """
    symbol, name = symbol.strip().upper(), name.strip() or symbol.strip()
    errors: dict[str, list[str]] = {}
    if not 0 < len(symbol) <= 32:
        errors["symbol"] = ["A symbol has 1 to 32 characters."]
    for field, text in (("symbol", symbol), ("name", name)):
        if hidden := hidden_character(text):
            line = f"A {field} must not hold the invisible character {hidden}."
            errors.setdefault(field, []).append(line)
    if not is_currency(currency):
        errors["currency"] = [f"{currency!r} is not a currency code."]
    errors |= _wrong_with_isin(isin)
    errors |= _wrong_with_multiplier(multiplier)
    if errors:
        raise InvalidInput("The instrument can't be made as described.", errors=errors)
    instrument = Instrument(
        identity=identity_of(symbol=symbol, mic="", currency=currency, owner_id=str(owner_id)),
        owner_id=owner_id,
        symbol=symbol,
        name=name[:160],
        isin=isin,
        currency=currency,
        asset_class=asset_class.value,
        multiplier=multiplier,
        created_at=now,
        updated_at=now,
    )
    try:
        run_in_transaction(lambda: instrument.save(force_insert=True))
    except IntegrityError as error:
        raise InstrumentExists from error
    return instrument


def change_instrument(
    instrument_id: ObjectId,
    *,
    owner_id: ObjectId,
    name: str | None = None,
    asset_class: AssetClass | None = None,
    isin: str | None = None,
    is_active: bool | None = None,
    multiplier: Decimal | None = None,
    now: datetime,
) -> Instrument:
    """Change an instrument of a user's own; None leaves a field as it is.

    Its currency stays: prices and ledgers are read in it, so another one is another instrument.
    Another multiplier corrects what every trade of it was worth, from the first one on.

    Raises:
        InstrumentNotFound: there is none, or it is somebody else's.
        NotYourInstrument: everybody sees it, so that nobody may change it.
        InvalidInput: the name is empty or too long, the ISIN is none, or the multiplier is out of
            range.
    """
    errors = _wrong_with_isin(isin or "")
    errors |= {} if multiplier is None else _wrong_with_multiplier(multiplier)
    if name is not None and not 0 < len(name := name.strip()) <= 160:
        errors["name"] = ["A name has 1 to 160 characters."]
    elif name is not None and (hidden := hidden_character(name)):
        errors["name"] = [f"A name must not hold the invisible character {hidden}."]
    if errors:
        raise InvalidInput(errors=errors)
    given = {
        "name": name,
        "asset_class": asset_class.value if asset_class else None,
        "isin": isin,
        "is_active": is_active,
        "multiplier": multiplier,
    }
    wanted = {field: value for field, value in given.items() if value is not None}
    return run_in_transaction(lambda: _change(instrument_id, wanted, owner_id=owner_id, now=now))


def _change(
    instrument_id: ObjectId, wanted: Mapping[str, Any], *, owner_id: ObjectId, now: datetime
) -> Instrument:
    instrument = selectors.get_own_instrument(instrument_id, user_id=owner_id)
    multiplier = instrument.multiplier
    for field, value in wanted.items():
        setattr(instrument, field, value)
    instrument.updated_at = now
    instrument.save()
    if instrument.multiplier != multiplier:
        own_multiplier_changed.send(
            sender=Instrument,
            instrument_id=instrument_id,
            owner_id=owner_id,
            from_date=FIRST_DAY,
            now=now,
        )
    return instrument


def _wrong_with_isin(isin: str) -> dict[str, list[str]]:
    if not isin or is_isin(isin):
        return {}
    return {"isin": [f"{isin!r} is not an ISIN: its check digit is wrong or its form is."]}


def _wrong_with_multiplier(multiplier: Decimal) -> dict[str, list[str]]:
    if multiplier > 0 and fits(multiplier):
        return {}
    digits = f"{WHOLE_DIGITS} digits before the point and {DECIMAL_PLACES} after it"
    return {"multiplier": [f"Give a number above 0 with up to {digits}."]}


def delete_own_instrument(instrument_id: ObjectId, *, owner_id: ObjectId) -> None:
    """Delete an instrument of a user's own that nothing speaks of, with its closes.

    Raises:
        InstrumentNotFound: there is none, or it is somebody else's.
        NotYourInstrument: everybody sees it, so that nobody may change it.
        InstrumentInUse: something speaks of it, or another instrument was merged into it.
    """

    def delete() -> None:
        instrument = selectors.get_own_instrument(instrument_id, user_id=owner_id)
        if instrument.pk != instrument_id:
            raise InstrumentInUse("It is another one now: take that back first.")
        used = selectors.count_references(instrument)
        merges = InstrumentMerge.objects.filter(survivor=instrument, open_for__isnull=False)
        if merged := merges.count():
            used["instrument that was merged into it"] = merged
        if used:
            said = ", ".join(
                f"{number} {name}{'' if number == 1 else 's'}" for name, number in used.items()
            )
            raise InstrumentInUse(f"It is still spoken of: {said}.")
        instrument.delete()

    run_in_transaction(delete)


def delete_own_instruments(owner_id: ObjectId) -> None:
    """Delete the instruments of a user's own, with their closes; no ledger may speak of them."""
    run_in_transaction(lambda: Instrument.objects.filter(owner_id=owner_id).delete())
