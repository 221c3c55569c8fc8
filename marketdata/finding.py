"""Find instruments while somebody types, among as many as all markets have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from common.bulk import aggregate
from common.texts import without_hidden
from marketdata.adapters import found_assets
from marketdata.adapters.base import Asset
from marketdata.domain import search
from marketdata.models import Instrument, InstrumentAlias
from marketdata.selectors import instruments_by_id, list_instruments

#: So many that have all words are ranked; who means another one types on.
_MOST_COMPARED = 200
#: A word that more have than that is as good as any other such word.
_MOST_COUNTED = 500
#: Of a word that more have, and the others as well, so many are looked through.
_MOST_READ = 5_000
#: Sources are asked about texts of so many characters only.
_SHORTEST_ASKED, _LONGEST_ASKED = 2, 40
_SEARCH_INDEX, _ALIAS_INDEX = "instrument_search", "alias_symbol"


@dataclass(frozen=True, slots=True)
class Hit:
    """An instrument that was found.

    Attributes:
        called: the other name that it was found by, such as the symbol it had; None where it was
            found by what it is called now.
    """

    instrument: Instrument
    called: InstrumentAlias | None


def search_instruments(text: str, *, user_id: ObjectId, limit: int = 10) -> list[Hit]:
    """Find the active instruments that somebody may mean who has typed so much, likeliest first.

    By symbol, present or former, by how sources spell it, by ISIN and the words of the name; see
    `marketdata.domain.search`. The text may be anything: nothing in it is a pattern.
    """
    typed = without_hidden(text).strip()
    if not typed or len(typed) > search.LONGEST_TEXT:
        return []
    by_symbol = [
        search.Found(str(each.pk), each.symbol, each.name, each.isin, each.mic, each.currency)
        for each in list_instruments(user_id, symbol=typed)[:limit]
    ]
    called = _called(typed, user_id=user_id, limit=limit)
    found = _by_other_names(called, user_id=user_id) | {each.id: each for each in by_symbol}
    number_of_words = len(search.wanted_words(typed))
    # In the order in which they are shown: each is asked for only where those before are too few.
    if len(found) < limit and number_of_words:
        found = {each.id: each for each in _by_phrase(typed, user_id=user_id)} | found
    if len(found) < limit and number_of_words > 1:
        found = {each.id: each for each in _by_words(typed, user_id=user_id)} | found
    best = search.ranked(typed, list(found.values()))[:limit]
    instruments = instruments_by_id([each.id for each in best])
    return [
        Hit(instruments[each.id], called.get(each.id) if each.called else None)
        for each in best
        if each.id in instruments
    ]


def search_elsewhere(text: str) -> tuple[str, Sequence[Asset] | None]:
    """Return a text as sources are asked about it, and what they know of it.

    Returns:
        An empty text where it is too short or too long to be asked about; None where the sources
        weren't asked yet.
    """
    typed = " ".join(without_hidden(text).split())
    if not _SHORTEST_ASKED <= len(typed) <= _LONGEST_ASKED:
        return "", None
    return typed, found_assets.read(typed)


def _called(text: str, *, user_id: ObjectId, limit: int) -> dict[str, InstrumentAlias]:
    """Find the names that begin with a text, by what is called so; of several the first."""
    start = text.upper()
    stages: list[dict[str, Any]] = [
        {
            "$match": {
                "symbol": {"$gte": start, "$lt": start + search.LAST},
                "owner_id": {"$in": [None, user_id]},
            }
        },
        {"$limit": limit},
        {"$project": {"_id": 1}},
    ]
    keys = [each["_id"] for each in aggregate(InstrumentAlias, stages, hint=_ALIAS_INDEX)]
    found = InstrumentAlias.objects.filter(pk__in=keys) if keys else ()
    named: dict[str, InstrumentAlias] = {}
    for each in sorted(found, key=lambda alias: (alias.symbol, alias.source, alias.pk)):
        named.setdefault(str(each.instrument_id), each)
    return named


def _by_other_names(
    called: Mapping[str, InstrumentAlias], *, user_id: ObjectId
) -> dict[str, search.Found]:
    """Return what is called so, as far as somebody may see it."""
    found = instruments_by_id(called.keys()) if called else {}
    return {
        key: search.Found(
            *(key, each.symbol, each.name, each.isin, each.mic, each.currency), called[key].symbol
        )
        for key, each in found.items()
        if each.is_active and each.owner_id in (None, user_id)
    }


def _by_phrase(text: str, *, user_id: ObjectId) -> list[search.Found]:
    """Find what has a term that begins with the text as a whole."""
    return _read([{"$match": _visible(user_id) | _begins_with(text)}])


def _by_words(text: str, *, user_id: ObjectId) -> list[search.Found]:
    """Find what has, for each word of the text, a term that begins with it."""
    visible = _visible(user_id)
    # The rarest word is looked up and the others are looked for in what that finds. Left to choose,
    # the server tries each of them, for longer than all the rest takes.
    first, *others = sorted(
        search.wanted_words(text), key=lambda word: _count(visible | _begins_with(word))
    )
    return _read(
        [
            {"$match": visible | _begins_with(first)},
            {"$limit": _MOST_READ},
            {"$match": {"$and": [_begins_with(word) for word in others]}},
        ]
    )


def _read(stages: list[dict[str, Any]]) -> list[search.Found]:
    shown = dict.fromkeys(("symbol", "name", "isin", "mic", "currency"), 1)
    stages = [*stages, {"$limit": _MOST_COMPARED}, {"$project": shown}]
    found = aggregate(Instrument, stages, hint=_SEARCH_INDEX)
    return [search.Found(id=str(each.pop("_id")), **each) for each in found]


def _visible(user_id: ObjectId) -> dict[str, Any]:
    return {"owner_id": {"$in": [None, user_id]}, "is_active": True}


def _begins_with(text: str) -> dict[str, Any]:
    first, last = search.bounds_of(text)
    # Within one element, so that both bounds hold for the index.
    return {"search_terms": {"$elemMatch": {"$gte": first, "$lt": last}}}


def _count(match: Mapping[str, Any]) -> int:
    """Count the instruments that match, as far as it matters."""
    stages: list[dict[str, Any]] = [
        {"$match": match},
        {"$limit": _MOST_COUNTED},
        {"$count": "number"},
    ]
    return next((each["number"] for each in aggregate(Instrument, stages, hint=_SEARCH_INDEX)), 0)
