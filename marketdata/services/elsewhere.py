"""Look for instruments at the sources, and take one in that somebody has chosen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError

from common.errors import NotFound
from marketdata import selectors
from marketdata.adapters import found_assets
from marketdata.adapters.base import Asset, AssetSource
from marketdata.adapters.chain import AllFailed, first_answer
from marketdata.models import Instrument


class AssetNotFound(NotFound):
    """No source has told of this lately: search for it again."""

    code = "asset-not-found"


def look_elsewhere(text: str, sources: Sequence[AssetSource]) -> int:
    """Ask the sources about a text, and remember what they know; return how much that is.

    Where all of them fail nothing is remembered, so that the next search asks again.
    """
    try:
        found: Sequence[Asset] = first_answer(
            sources, lambda source: source.find_assets(text) or None
        ).value
    except AllFailed as failed:
        if failed.failures:
            return 0
        found = []
    unique = {each.identity: each for each in found}
    found_assets.write(text, list(unique.values()))
    return len(unique)


def take_in(identity: str, *, now: datetime) -> Instrument:
    """Make an instrument for everybody of what a source has told of, or return the one there is.

    Where that has turned out to be another one, it is the other one that is returned.

    Raises:
        AssetNotFound: no source has told of it lately; what people make up themselves stays theirs.
        redis.exceptions.RedisError: Redis doesn't answer.
    """
    there = selectors.find_listing(identity)
    if there is not None:
        return there
    asset = found_assets.find(identity)
    if asset is None:
        raise AssetNotFound(f"No source has told of {identity} lately.")
    try:
        return Instrument.objects.create(
            identity=_free_identity(identity),
            symbol=asset.symbol,
            name=asset.name,
            mic=asset.mic,
            currency=asset.currency,
            asset_class=asset.asset_class.value,
            created_at=now,
            updated_at=now,
        )
    except IntegrityError:
        # Somebody else chose it at the same moment.
        there = selectors.find_listing(identity)
        if there is None:
            raise
        return there


def _free_identity(identity: str) -> str:
    # One that was called so before keeps its identity, and is another one.
    choices = [identity, *(f"{identity}:{number}" for number in range(2, 10))]
    found = Instrument.objects.filter(identity__in=choices)
    taken = set(found.values_list("identity", flat=True))
    return next((each for each in choices if each not in taken), identity)
