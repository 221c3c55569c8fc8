"""Change what is stored of the market: instruments and daily closes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from bson import ObjectId
from django.db import IntegrityError

from common.bulk import upsert_many
from common.errors import Conflict, InvalidInput, NotFound
from common.money import DECIMAL_PLACES, WHOLE_DIGITS, fits, is_currency
from common.texts import hidden_character
from common.transactions import Result, run_in_transaction
from marketdata import selectors
from marketdata.adapters.base import DailyClose, Listing, PriceSource
from marketdata.adapters.directory import Entry
from marketdata.domain.classification import (
    Weights,
    WeightsRefused,
    check_weights,
    stored_weights,
)
from marketdata.domain.instruments import AssetClass, identity_of, is_isin
from marketdata.events import own_closes_changed, own_multiplier_changed
from marketdata.models import Instrument, PriceBar

#: How far back the first fill of closes goes.
HISTORY = timedelta(days=4 * 366)
_LONGEST_SOURCE = 160
#: The source of prices that people record themselves.
MANUAL = "manual"
#: How many prices can be recorded at once.
MOST_PRICES = 5_000
#: No price is older.
FIRST_DAY = date(1970, 1, 1)


class InstrumentExists(Conflict):
    """You already have an instrument with this symbol and currency."""

    code = "instrument-exists"


class PriceRefused(InvalidInput):
    """The price can't be recorded as given."""

    code = "price-refused"


class PriceNotFound(NotFound):
    """There is no price of this day."""

    code = "price-not-found"


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
    checked = check_weights(weights)
    source = " ".join(source.split())
    if len(source) > _LONGEST_SOURCE:
        raise WeightsRefused(errors={"source": [f"At most {_LONGEST_SOURCE} characters."]})

    def classify() -> None:
        changed = Instrument.objects.filter(pk=instrument_id).update(
            weights=stored_weights(checked), weights_source=source, updated_at=now
        )
        if not changed:
            raise selectors.InstrumentNotFound(f"There is no instrument {instrument_id}.")

    run_in_transaction(classify)
    return checked


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
    if isin and not is_isin(isin):
        errors["isin"] = [f"{isin!r} is not an ISIN: its check digit is wrong or its form is."]
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
        InvalidInput: the name is empty or too long, or the multiplier is out of range.
    """
    errors = {} if multiplier is None else _wrong_with_multiplier(multiplier)
    if name is not None and not 0 < len(name := name.strip()) <= 160:
        errors["name"] = ["A name has 1 to 160 characters."]
    if errors:
        raise InvalidInput(errors=errors)
    given = {
        "name": name,
        "asset_class": asset_class.value if asset_class else None,
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


def _wrong_with_multiplier(multiplier: Decimal) -> dict[str, list[str]]:
    if multiplier > 0 and fits(multiplier):
        return {}
    digits = f"{WHOLE_DIGITS} digits before the point and {DECIMAL_PLACES} after it"
    return {"multiplier": [f"Give a number above 0 with up to {digits}."]}


def record_price(
    instrument_id: ObjectId, *, owner_id: ObjectId, price: DailyClose, now: datetime
) -> None:
    """Record what a user's own instrument cost at the end of a day, or correct it.

    Raises:
        InstrumentNotFound: there is none, or it is somebody else's.
        NotYourInstrument: everybody sees it, and its prices come from the source.
        PriceRefused: the day or the price is out of range.
    """
    errors = _wrong_with(price, today=now.date())
    if errors:
        raise PriceRefused(errors=errors)
    _record(instrument_id, [price], owner_id=owner_id, now=now)


def record_prices(
    instrument_id: ObjectId, *, owner_id: ObjectId, prices: Sequence[DailyClose], now: datetime
) -> None:
    """Record the prices of several days of a user's own instrument: all of them, or none.

    A day that has a price already gets the new one, so that repeating it changes nothing.

    Raises:
        InstrumentNotFound: there is none, or it is somebody else's.
        NotYourInstrument: everybody sees it, and its prices come from the source.
        PriceRefused: there are none or too many, a day is named twice, or a day or price is out
            of range; fields are named like `prices.0.close`.
    """
    if not 0 < len(prices) <= MOST_PRICES:
        raise PriceRefused(errors={"prices": [f"Give 1 to {MOST_PRICES:,} prices."]})
    errors: dict[str, list[str]] = {}
    days: set[date] = set()
    for number, price in enumerate(prices):
        wrong = _wrong_with(price, today=now.date())
        if price.date in days:
            wrong.setdefault("date", []).append(f"{price.date} is named twice.")
        days.add(price.date)
        errors |= {f"prices.{number}.{field}": lines for field, lines in wrong.items()}
    if errors:
        raise PriceRefused(errors=errors)
    _record(instrument_id, prices, owner_id=owner_id, now=now)


def delete_price(
    instrument_id: ObjectId, *, owner_id: ObjectId, day: date, now: datetime
) -> DailyClose:
    """Take back the price of a day of a user's own instrument; return what it was.

    Raises:
        InstrumentNotFound: there is none, or it is somebody else's.
        NotYourInstrument: everybody sees it, and its prices come from the source.
        PriceNotFound: the day has no price.
    """

    def delete() -> DailyClose:
        bar = selectors.list_prices(instrument_id).filter(date=day).first()
        if bar is None:
            raise PriceNotFound(f"There is no price of {day}.")
        bar.delete()
        return DailyClose(date=bar.date, close=bar.close)

    return _change_prices(instrument_id, delete, owner_id=owner_id, from_date=day, now=now)


def _wrong_with(price: DailyClose, *, today: date) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    # Tomorrow has begun already where the day is ahead of UTC's.
    if not FIRST_DAY <= price.date <= today + timedelta(days=1):
        errors["date"] = [f"Give a day from {FIRST_DAY} to today."]
    if not fits(price.close):
        digits = f"{WHOLE_DIGITS} digits before the point and {DECIMAL_PLACES} after it"
        errors["close"] = [f"Give a number with up to {digits}."]
    return errors


def _record(
    instrument_id: ObjectId, prices: Sequence[DailyClose], *, owner_id: ObjectId, now: datetime
) -> None:
    _change_prices(
        instrument_id,
        lambda: _upsert(instrument_id, prices, source=MANUAL, now=now),
        owner_id=owner_id,
        from_date=min(each.date for each in prices),
        now=now,
    )


def _change_prices(
    instrument_id: ObjectId,
    change: Callable[[], Result],
    *,
    owner_id: ObjectId,
    from_date: date,
    now: datetime,
) -> Result:
    """Change closes of an own instrument together with all that hangs on them."""

    def change_all() -> Result:
        instrument = selectors.get_own_instrument(instrument_id, user_id=owner_id)
        result = change()
        newest = selectors.list_prices(instrument_id).first()
        instrument.last_close = newest.close if newest else None
        instrument.last_close_date = newest.date if newest else None
        instrument.updated_at = now
        instrument.save(update_fields=["last_close", "last_close_date", "updated_at"])
        own_closes_changed.send(
            sender=Instrument,
            instrument_id=instrument_id,
            owner_id=owner_id,
            from_date=from_date,
            now=now,
        )
        return result

    return run_in_transaction(change_all)


def _upsert(
    instrument_id: ObjectId, closes: Iterable[DailyClose], *, source: str, now: datetime
) -> None:
    upsert_many(
        (
            PriceBar(
                instrument_id=instrument_id,
                date=each.date,
                close=each.close,
                source=source,
                recorded_at=now,
            )
            for each in closes
        ),
        key=("instrument", "date"),
    )


def record_closes(
    source: PriceSource,
    *,
    today: date,
    now: datetime,
    only: Collection[str] | None = None,
) -> int:
    """Store the daily closes that are missing up to yesterday; return how many were written.

    Each instrument goes on from the day after its last stored close, so a day that was missed
    is caught up by the next run. Safe to run twice: a bar is keyed by instrument and day.

    Args:
        only: the ids of the instruments that are meant; None means all.
    """
    end = today - timedelta(days=1)
    written = 0
    last_dates = dict(
        Instrument.objects.filter(last_close_date__isnull=False).values_list(
            "pk", "last_close_date"
        )
    )
    for listing in selectors.list_listings():
        if only is not None and listing.instrument_id not in only:
            continue
        last = last_dates.get(ObjectId(listing.instrument_id))
        start = last + timedelta(days=1) if last else today - HISTORY
        if start <= end:
            closes = source.daily_closes(listing, start=start, end=end)
            written += store_closes(listing, closes, source=source.name, now=now)
    return written


def store_closes(
    listing: Listing, closes: Sequence[DailyClose], *, source: str, now: datetime
) -> int:
    """Write one instrument's closes and remember the newest on the instrument."""
    if not closes:
        return 0
    instrument_id = ObjectId(listing.instrument_id)

    def store() -> None:
        _upsert(instrument_id, closes, source=source, now=now)
        newest = max(closes, key=lambda each: each.date)
        Instrument.objects.filter(pk=instrument_id).update(
            last_close=newest.close, last_close_date=newest.date, updated_at=now
        )

    run_in_transaction(store)
    return len(closes)


def delete_own_instruments(owner_id: ObjectId) -> None:
    """Delete the instruments of a user's own, with their closes; no ledger may speak of them."""
    run_in_transaction(lambda: Instrument.objects.filter(owner_id=owner_id).delete())
