"""How the feed and its sources are, in Redis, where the back office reads it."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

import structlog
from redis.exceptions import RedisError

from common import keys, redis
from marketdata.domain.condition import FeedState, SourceState
from marketdata.domain.routing import Interest, LeftOut, Reason, Wanted

log = structlog.get_logger(__name__)


async def tell(state: FeedState) -> None:
    """Store how the feed is; it is forgotten soon after the last telling.

    Not fenced: a leader that was replaced stops within a second, and its successor tells anew.

    Raises:
        redis.exceptions.RedisError: Redis doesn't answer.
    """
    key = keys.FEED_STATE
    await redis.async_client().set(key.of(), encode(state), ex=key.ttl_seconds)


def read() -> FeedState | None:
    """Return how the feed was a moment ago; None when no process leads, or nobody knows."""
    try:
        text = redis.client().get(keys.FEED_STATE.of())
    except RedisError as failure:
        log.warning("feed_state.unreadable", reason=type(failure).__name__)
        return None
    return None if text is None else decode(str(text))


def encode(state: FeedState) -> str:
    """Write the state down as JSON."""
    return json.dumps(asdict(state), default=datetime.isoformat, separators=(",", ":"))


def decode(text: str) -> FeedState:
    """Read back what `encode` wrote."""
    content: dict[str, Any] = json.loads(text)
    return FeedState(
        told_at=datetime.fromisoformat(content["told_at"]),
        leads_since=datetime.fromisoformat(content["leads_since"]),
        number=content["number"],
        sources=tuple(_source(each) for each in content["sources"]),
        instruments=content["instruments"],
        uncovered=content["uncovered"],
        left_out=tuple(_left_out(each) for each in content["left_out"]),
        left_out_counts={Reason(name): count for name, count in content["left_out_counts"].items()},
    )


def _source(content: dict[str, Any]) -> SourceState:
    moments = {
        field.name: datetime.fromisoformat(content[field.name])
        for field in fields(SourceState)
        if field.name.endswith(("_at", "_since")) and content[field.name] is not None
    }
    return SourceState(**(content | moments))


def _left_out(content: dict[str, Any]) -> LeftOut:
    wanted = content["wanted"]
    return LeftOut(
        wanted=Wanted(wanted["instrument_id"], Interest(wanted["interest"]), wanted["people"]),
        reason=Reason(content["reason"]),
    )
