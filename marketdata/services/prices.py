"""Store daily closes: those that sources tell, and those that people record."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, datetime, timedelta

from bson import ObjectId

from common.errors import InvalidInput, NotFound
from common.money import DECIMAL_PLACES, WHOLE_DIGITS, fits
from common.transactions import Result, run_in_transaction
from marketdata import selectors
from marketdata.adapters.base import BarSource, DailyClose, Listing
from marketdata.adapters.chain import AllFailed, Answer, chosen, first_answer
from marketdata.events import own_closes_changed
from marketdata.models import Instrument, PriceBar
from marketdata.services.bars import delete_bar, write_bars

#: How far back the first fill of closes goes.
HISTORY = timedelta(days=4 * 366)
#: The source of prices that people record themselves.
MANUAL = "manual"
#: How many prices can be recorded at once.
MOST_PRICES = 5_000
#: No price is older.
FIRST_DAY = date(1970, 1, 1)


class PriceRefused(InvalidInput):
    """The price can't be recorded as given."""

    code = "price-refused"


class PriceNotFound(NotFound):
    """There is no price of this day."""

    code = "price-not-found"


def record_price(
    instrument_id: ObjectId, *, owner_id: ObjectId, price: DailyClose, now: datetime
) -> None:
    """Record what a user's own instrument cost at the end of a day, or correct it.

    Raises:
        InstrumentNotFound: there is none, or it is somebody else's.
        NotYourInstrument: everybody sees it, and its prices come from the source.
        PriceRefused: the day or the price is out of range.
    """
    errors = wrong_with_price(price, today=now.date())
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
        wrong = wrong_with_price(price, today=now.date())
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
        delete_bar(bar)
        return DailyClose(date=bar.date, close=bar.close)

    return _change_prices(instrument_id, delete, owner_id=owner_id, from_date=day, now=now)


def wrong_with_price(price: DailyClose, *, today: date) -> dict[str, list[str]]:
    """Say by field why a price can't be recorded; nothing where it can."""
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
    write_bars(
        PriceBar(
            instrument_id=instrument_id,
            date=each.date,
            close=each.close,
            source=source,
            told_in=each.told_in,
            recorded_at=now,
        )
        for each in closes
    )


def record_closes(
    *sources: BarSource,
    today: date,
    now: datetime,
    only: Collection[str] | None = None,
) -> int:
    """Store the daily closes that are missing up to yesterday; return how many were written.

    Each instrument goes on from the day after its last stored close, so a day that was missed
    is caught up by the next run. Safe to run twice: a bar is keyed by instrument and day.
    What no source could tell is left to the next run, too.

    Args:
        sources: who is asked; the first that knows closes of an instrument gives them.
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
            found = _find_closes(sources, listing, start=start, end=end)
            if found is not None:
                written += store_closes(listing, found.value, source=found.source, now=now)
    return written


def _find_closes(
    sources: Sequence[BarSource], listing: Listing, *, start: date, end: date
) -> Answer[Sequence[DailyClose]] | None:
    try:
        return first_answer(
            chosen(sources, listing.bar_sources),
            lambda source: source.daily_closes(listing, start=start, end=end) or None,
        )
    except AllFailed:
        # Each failure is in the log already; a source may also have had nothing to tell.
        return None


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
        # A close that is newer already stays the last one.
        Instrument.objects.filter(pk=instrument_id).exclude(last_close_date__gt=newest.date).update(
            last_close=newest.close, last_close_date=newest.date, updated_at=now
        )

    run_in_transaction(store)
    return len(closes)
