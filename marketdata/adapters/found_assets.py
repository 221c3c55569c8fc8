"""What sources know and nobody here has, remembered in Redis until somebody chooses it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from hashlib import blake2b
from typing import Any

import structlog
from redis.exceptions import RedisError

from common import keys, redis
from marketdata.adapters.base import Asset
from marketdata.domain.instruments import AssetClass

log = structlog.get_logger(__name__)


def read(text: str) -> Sequence[Asset] | None:
    """Return what sources know of a text; None where they weren't asked, or nobody remembers."""
    try:
        known = redis.client().get(keys.FOUND_ASSETS.of(_digest(text)))
    except RedisError as failure:
        log.warning("assets.unreadable", reason=type(failure).__name__)
        return None
    return None if known is None else [_decoded(each) for each in json.loads(str(known))]


def claim(text: str) -> bool:
    """Say whether to ask about a text now: nobody else does. Without Redis nobody asks."""
    key = keys.ASKING_ASSETS
    try:
        return bool(redis.client().set(key.of(_digest(text)), 1, nx=True, ex=key.ttl_seconds))
    except RedisError as failure:
        log.warning("assets.unwritable", reason=type(failure).__name__)
        return False


def write(text: str, assets: Sequence[Asset]) -> None:
    """Remember what sources know of a text, also where that is nothing.

    Raises:
        redis.exceptions.RedisError: Redis doesn't answer.
    """
    with redis.client().pipeline(transaction=False) as pipeline:
        for each in assets:
            key = keys.FOUND_ASSET
            pipeline.set(key.of(each.identity), json.dumps(asdict(each)), ex=key.ttl_seconds)
        found = json.dumps([asdict(each) for each in assets])
        pipeline.set(keys.FOUND_ASSETS.of(_digest(text)), found, ex=keys.FOUND_ASSETS.ttl_seconds)
        pipeline.execute()


def find(identity: str) -> Asset | None:
    """Return what was found lately under an identity.

    Raises:
        redis.exceptions.RedisError: Redis doesn't answer.
    """
    known = redis.client().get(keys.FOUND_ASSET.of(identity))
    return None if known is None else _decoded(json.loads(str(known)))


def _decoded(content: dict[str, Any]) -> Asset:
    return Asset(**(content | {"asset_class": AssetClass(content["asset_class"])}))


def _digest(text: str) -> str:
    return blake2b(text.casefold().encode(), digest_size=12).hexdigest()
