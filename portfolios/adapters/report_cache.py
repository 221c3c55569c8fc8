"""Reports of performance that were made a moment ago, in Redis."""

from __future__ import annotations

import json
from typing import Any

import structlog
from redis.exceptions import RedisError

from common import keys, redis

log = structlog.get_logger(__name__)


def read(*parts: str) -> dict[str, Any] | None:
    """Return the report with this name, if there is one; Redis down means none."""
    try:
        text = redis.client().get(keys.REPORT.of(":".join(parts)))
    except RedisError as failure:
        log.warning("report.unreadable", reason=type(failure).__name__)
        return None
    return json.loads(str(text)) if text else None


def write(report: dict[str, Any], *parts: str) -> None:
    """Keep a report for a moment; without Redis it is made anew the next time."""
    try:
        redis.client().set(
            keys.REPORT.of(":".join(parts)),
            json.dumps(report, separators=(",", ":")),
            ex=keys.REPORT.ttl_seconds,
        )
    except RedisError as failure:
        log.warning("report.not_kept", reason=type(failure).__name__)
