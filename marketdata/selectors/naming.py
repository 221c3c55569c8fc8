"""Ask which instrument is meant by a symbol or an ISIN, as whoever spells it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from bson import ObjectId
from django.db.models import Q, QuerySet

from marketdata.domain.instruments import identity_of, is_isin
from marketdata.domain.spelling import ANY_SOURCE, ISIN_SOURCE, other_spellings
from marketdata.models import Instrument, InstrumentAlias
from marketdata.selectors.instruments import current, visible_to


def find_instrument(
    *,
    user_id: ObjectId,
    symbol: str = "",
    isin: str = "",
    mic: str = "",
    currency: str = "",
    source: str = ANY_SOURCE,
    day: date | None = None,
) -> Instrument | None:
    """Find the instrument that a row of a file speaks of, or None when that isn't certain.

    An ISIN beats a symbol, and what is stored of how a source spells a symbol beats the symbol
    itself. Of several listings the market decides, then the currency; a user's own instrument is
    taken only where no shared one fits.

    Args:
        source: who spells it so.
        day: on which it was called so; None means now.
    """
    symbol = symbol.strip().upper()
    candidates = _by_isin(isin, user_id=user_id, day=day) if isin else []
    if not candidates and symbol:
        candidates = _by_symbol(symbol, user_id=user_id, isin=isin, source=source, day=day)
    wanted = ((mic, "mic"), (currency, "currency"), (symbol, "symbol"))
    for value, field in wanted:
        narrowed = [each for each in candidates if value and getattr(each, field) == value]
        candidates = narrowed or candidates
    shared = [each for each in candidates if each.owner_id is None]
    candidates = shared or candidates
    return candidates[0] if len(candidates) == 1 else None


def _by_isin(isin: str, *, user_id: ObjectId, day: date | None) -> list[Instrument]:
    found = _seen_by(user_id).filter(isin=isin)
    return list(found) or _by_alias(isin, user_id=user_id, sources=(ISIN_SOURCE,), day=day)


def _by_symbol(
    symbol: str, *, user_id: ObjectId, isin: str, source: str, day: date | None
) -> list[Instrument]:
    """Find it as its source spells it, else by its own symbol, else by that spelled otherwise."""
    sources = (source, ANY_SOURCE)
    for candidates in (
        _by_alias(symbol, user_id=user_id, sources=sources, day=day),
        list(_seen_by(user_id).filter(symbol=symbol)),
        list(_seen_by(user_id).filter(symbol__in=other_spellings(symbol))),
    ):
        # The same symbol with another ISIN is another company's.
        fitting = [each for each in candidates if not (isin and each.isin)]
        if fitting:
            return fitting
    return []


def _by_alias(
    symbol: str, *, user_id: ObjectId, sources: Collection[str], day: date | None
) -> list[Instrument]:
    """Find what is called so; what somebody has said for themselves counts before the rest."""
    known = list(
        InstrumentAlias.objects.filter(
            Q(owner__isnull=True) | Q(owner_id=user_id), symbol=symbol, source__in=set(sources)
        ).select_related("instrument")
    )
    valid = [each for each in known if each.holds_on(day)]
    mine = [each for each in valid if each.owner_id is not None]
    found = {each.instrument_id: each.instrument for each in mine or valid}
    return [each for each in found.values() if each.owner_id in (None, user_id)]


def _seen_by(user_id: ObjectId) -> QuerySet[Instrument]:
    return Instrument.objects.filter(visible_to(user_id), merged_into__isnull=True)


def has_dated_alias(symbol: str, *, source: str) -> bool:
    """Say whether it depends on the day what a source means by a symbol."""
    named = InstrumentAlias.objects.filter(
        symbol=symbol.strip().upper(), source__in={source, ANY_SOURCE}
    )
    return any(not each.is_lasting for each in named)


def spellings_by_instrument(
    ids: Collection[ObjectId] | None = None,
) -> dict[ObjectId, dict[str, str]]:
    """Return how each source spells each shared instrument now, where it is stored.

    Args:
        ids: the instruments that are meant; None means all.
    """
    found = InstrumentAlias.objects.filter(owner__isnull=True, valid_until__isnull=True)
    if ids is not None:
        found = found.filter(instrument_id__in=list(ids))
    spellings: dict[ObjectId, dict[str, str]] = {}
    named = found.exclude(source__in=[ANY_SOURCE, ISIN_SOURCE])
    # The newest of several comes last, and so counts.
    for each in sorted(named, key=lambda each: (each.valid_from or date.min, each.pk)):
        spellings.setdefault(each.instrument_id, {})[each.source] = each.symbol
    return spellings


def list_aliases(instrument_id: ObjectId, *, user_id: ObjectId) -> QuerySet[InstrumentAlias]:
    """List what an instrument is called elsewhere, as far as a user may know, the oldest first."""
    found = InstrumentAlias.objects.filter(
        Q(owner__isnull=True) | Q(owner_id=user_id), instrument_id=instrument_id
    )
    return found.order_by("id")


def find_typed(text: str, *, user_id: ObjectId, currency: str = "") -> Instrument | None:
    """Find the instrument that somebody means who types its ISIN or its symbol, in any case.

    Where several have the symbol, `XETR:APC:EUR` names one of them. None when it isn't certain, as
    with `find_instrument`.
    """
    name = text.strip().upper()
    shared = Instrument.objects.filter(identity=name, owner__isnull=True)
    # What was renamed keeps the identity that exports know it by.
    listing = find_listing(name) or current(shared.first())
    if listing is not None:
        return listing
    isin, symbol = (name, "") if is_isin(name) else ("", name)
    return find_instrument(user_id=user_id, currency=currency, isin=isin, symbol=symbol)


def find_listing(name: str) -> Instrument | None:
    """Find the shared instrument that `XETR:APC:EUR` names: by market, present symbol, currency.

    Where it turned out to be another one, that one.
    """
    mic, _, rest = name.partition(":")
    symbol, _, currency = rest.rpartition(":")
    shared = Instrument.objects.filter(owner__isnull=True)
    called = shared.filter(symbol=symbol, mic="" if mic == "-" else mic, currency=currency)
    return current(called.order_by("id").first()) if symbol else None


def find_own_instrument(*, user_id: ObjectId, symbol: str, currency: str) -> Instrument | None:
    """Find an instrument that a user made by its symbol and currency, or what it is now."""
    identity = identity_of(symbol=symbol, mic="", currency=currency, owner_id=str(user_id))
    return current(Instrument.objects.filter(identity=identity).first())
