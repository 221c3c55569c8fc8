"""Ask about closes, rates, the latest quotes, and who wants them."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, TypeVar

from bson import ObjectId
from django.db.models import QuerySet

from common.bulk import read_many
from marketdata.adapters import quote_cache
from marketdata.adapters.base import Listing
from marketdata.domain.actions import adjusted
from marketdata.domain.chains import restored
from marketdata.domain.fx import RateHistory, Rates
from marketdata.domain.instruments import AssetClass, InstrumentBrief
from marketdata.domain.packing import unpack
from marketdata.domain.quotes import MarketState, Quote
from marketdata.domain.routing import Interest, Interests
from marketdata.domain.sources import Need
from marketdata.events import interests_asked
from marketdata.models import CloseYear, Instrument, PriceBar
from marketdata.selectors.actions import splits_by_instrument
from marketdata.selectors.instruments import briefs_by_id, own_ids
from marketdata.selectors.naming import spellings_by_instrument

Closes = dict[str, list[tuple[date, Decimal]]]
_Number = TypeVar("_Number")


def list_listings() -> list[Listing]:
    """List what the feed can quote: every active shared instrument."""
    found = Instrument.objects.filter(is_active=True, owner__isnull=True).order_by("symbol")
    spellings = spellings_by_instrument()
    return [listing_of(each, spellings=spellings.get(each.pk, {})) for each in found]


def listing_of(instrument: Instrument, *, spellings: Mapping[str, str] | None = None) -> Listing:
    """Return what sources need to know of an instrument.

    Args:
        spellings: how sources spell it, where that is at hand.
    """
    chains = restored(instrument.sources)
    if spellings is None:
        spellings = spellings_by_instrument([instrument.pk]).get(instrument.pk, {})
    return Listing(
        instrument_id=str(instrument.pk),
        identity=instrument.identity,
        symbol=instrument.symbol,
        mic=instrument.mic,
        currency=instrument.currency,
        asset_class=AssetClass(instrument.asset_class),
        last_close=instrument.last_close,
        last_close_date=instrument.last_close_date,
        quote_sources=chains.get(Need.QUOTE),
        bar_sources=chains.get(Need.BARS),
        spellings=spellings,
    )


def list_interests() -> Interests:
    """Ask all apps above how many people want each instrument's price, and why."""
    people: dict[Interest, Counter[str]] = {}
    answers: list[tuple[Any, Any]] = interests_asked.send(sender=None)
    for _receiver, answer in answers:
        for interest, counts in answer.items():
            people.setdefault(interest, Counter()).update(counts)
    return people


def currency_pairs() -> dict[str, tuple[str, str]]:
    """Map each shared currency pair's instrument id to its two currencies: ("EUR", "USD")."""
    # Somebody's own pair is left out: the price they give it must not be anybody's exchange rate.
    pairs = Instrument.objects.filter(
        asset_class=AssetClass.CURRENCY.value, owner__isnull=True
    ).order_by("symbol")
    return {str(pair.pk): _sides(pair.symbol) for pair in pairs}


def fx_chains() -> dict[str, tuple[str, ...]]:
    """Map the shared currency pairs whose sources of rates staff have chosen to these sources."""
    pairs = Instrument.objects.filter(
        asset_class=AssetClass.CURRENCY.value, owner__isnull=True, sources__isnull=False
    ).order_by("symbol")
    chains = {str(pair.pk): restored(pair.sources) for pair in pairs}
    return {key: each[Need.FX] for key, each in chains.items() if Need.FX in each}


def has_pair_since(moment: datetime | None) -> bool:
    """Say whether a shared currency pair was added after a moment; None means since ever."""
    pairs = Instrument.objects.filter(asset_class=AssetClass.CURRENCY.value, owner__isnull=True)
    return (pairs if moment is None else pairs.filter(created_at__gt=moment)).exists()


def _sides(symbol: str) -> tuple[str, str]:
    base, _, quoted = symbol.partition("/")
    return base, quoted


def closes_between(ids: Collection[str], *, start: date, end: date) -> Closes:
    """Load daily closes of several instruments, oldest first; both days are included.

    Instruments without any close are left out.
    """
    return _closes_of(ids, start=start, end=end, read=Decimal)


def closes_for_statistics(
    ids: Collection[str], *, start: date, end: date
) -> dict[str, list[tuple[date, float]]]:
    """Load the same as `closes_between`, as floats.

    Not for money: for indices and estimates, which are made of floats anyway. In units of the last
    day: what a split did to a price is no return.
    """
    found = _closes_of(ids, start=start, end=end, read=float)
    splits = splits_by_instrument(ids, start=start, end=end)
    return {key: adjusted(points, splits.get(key, ())) for key, points in found.items()}


def adjusted_for_splits(closes: Closes, *, end: date) -> Closes:
    """Write closes as traded in units of a day that comes after them."""
    first = min((points[0][0] for points in closes.values()), default=end)
    splits = splits_by_instrument(closes.keys(), start=first, end=end)
    return {key: adjusted(points, splits.get(key, ())) for key, points in closes.items()}


def _closes_of(
    ids: Collection[str], *, start: date, end: date, read: Callable[[str], _Number]
) -> dict[str, list[tuple[date, _Number]]]:
    found: dict[str, list[tuple[date, _Number]]] = {}
    packs = read_many(
        CloseYear,
        {
            "instrument_id": {"$in": [ObjectId(key) for key in ids]},
            "year": {"$gte": start.year, "$lte": end.year},
        },
        columns=("instrument_id", "year", "days", "closes"),
        sort={"instrument_id": 1, "year": 1},
    )
    for each in packs:
        points = unpack(each["year"], each["days"], each["closes"], read)
        if each["year"] in {start.year, end.year}:
            points = [point for point in points if start <= point[0] <= end]
        if points:
            found.setdefault(str(each["instrument_id"]), []).extend(points)
    return found


def closes_before(ids: Collection[str], *, day: date) -> dict[str, tuple[date, Decimal]]:
    """Return the last close before a day of each instrument that has one.

    One question for each, which an index answers at once: a group over all bars would read them.
    """
    found = {}
    for key in ids:
        bar = list_prices(ObjectId(key)).filter(date__lt=day).first()
        if bar is not None:
            found[key] = (bar.date, bar.close)
    return found


def closes_for(ids: Collection[str], *, start: date, end: date) -> tuple[Closes, frozenset[str]]:
    """Load the closes that days from `start` to `end` need, and say whose last one lasts.

    What people price by hand is priced now and then: a house keeps its value between two
    appraisals. A price from a source that is days old means that the source has lost it.
    """
    lasting = own_ids(ids)
    closes = closes_between(ids, start=start, end=end)
    for key, earlier in closes_before(lasting, day=start).items():
        closes[key] = [earlier, *closes.get(key, ())]
    return closes, lasting


def list_prices(instrument_id: ObjectId) -> QuerySet[PriceBar]:
    """List an instrument's closes, newest first."""
    return PriceBar.objects.filter(instrument_id=instrument_id).order_by("-date")


def rate_history(*, start: date, end: date) -> RateHistory:
    """Load the daily closes of every currency pair as a history of rates."""
    pairs = currency_pairs()
    closes = closes_between(pairs.keys(), start=start, end=end)
    return RateHistory({pairs[key]: series for key, series in closes.items()})


def rates_for_statistics(*, start: date, end: date) -> RateHistory:
    """Load the same as `rate_history`, to the 15 digits that floats have."""
    pairs = currency_pairs()
    closes = closes_for_statistics(pairs.keys(), start=start, end=end)
    return RateHistory(
        {
            pairs[key]: [(day, Decimal(repr(close))) for day, close in series]
            for key, series in closes.items()
        }
    )


def latest_quotes(ids: Collection[str]) -> dict[str, Quote]:
    """Return the newest quote of each instrument that has one; Redis down means none."""
    return quote_cache.read(list(ids))


def current_rates(pairs: Mapping[str, tuple[str, str]] | None = None) -> tuple[Rates, Rates]:
    """Return the exchange rates of now and of the previous close, from the latest quotes.

    A pair without a live quote falls back to its last stored close for both.
    """
    pairs = currency_pairs() if pairs is None else pairs
    quotes = latest_quotes(pairs.keys())
    now: dict[tuple[str, str], Decimal] = {}
    previous: dict[tuple[str, str], Decimal] = {}
    for key, sides in pairs.items():
        quote = quotes.get(key)
        if quote is not None:
            now[sides] = quote.price
            previous[sides] = quote.previous_close or quote.price
    silent = [ObjectId(key) for key, sides in pairs.items() if sides not in now]
    if silent:
        for pair in Instrument.objects.filter(pk__in=silent, last_close__isnull=False):
            now[_sides(pair.symbol)] = previous[_sides(pair.symbol)] = pair.last_close
    return Rates(now), Rates(previous)


def close_on(series: Sequence[tuple[date, Decimal]], day: date) -> tuple[date, Decimal] | None:
    """Return the last close on or before a day of a series that is oldest first."""
    place = bisect_left(series, day, key=lambda point: point[0])
    if place < len(series) and series[place][0] == day:
        return series[place]
    return series[place - 1] if place else None


def latest_prices(
    ids: Collection[str], *, known: Mapping[str, Instrument | InstrumentBrief] | None = None
) -> dict[str, Quote]:
    """Return the newest quote of each instrument, or its last stored close where none is live.

    Instruments without either are left out: their price is unknown.

    Args:
        known: the instruments, where they are at hand; otherwise those without a quote are loaded.
    """
    quotes = latest_quotes(ids)
    silent = [key for key in ids if key not in quotes]
    instruments: Mapping[str, Any] = briefs_by_id(silent) if known is None else known
    for key in silent:
        each = instruments.get(key)
        if each is None or each.last_close is None or each.last_close_date is None:
            continue
        quotes[key] = Quote(
            instrument_id=key,
            price=each.last_close,
            currency=each.currency,
            at=datetime.combine(each.last_close_date, time.max, tzinfo=UTC),
            source="last close",
            previous_close=None,
            market_state=MarketState.CLOSED,
        )
    return quotes
