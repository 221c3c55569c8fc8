"""The only sender to the channel layer: what other processes' hubs must hear.

Sockets carry news, not truth: a message that can't be sent is counted and given up, and never
fails the work that it tells of.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, Literal, TypedDict

import structlog
from channels.exceptions import ChannelFull
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from marketdata.adapters import quote_cache
from marketdata.domain.quotes import Quote
from realtime import groups
from realtime.protocol import AlertFields, JobFields

log = structlog.get_logger(__name__)

_SECONDS = 2.0
_lost = count(1)


class QuotesRecorded(TypedDict):
    """The newest quotes, as they are stored, by instrument."""

    type: Literal["quotes_recorded"]
    texts: Mapping[str, str]


class HoldingsChanged(TypedDict):
    """A portfolio's read models stand for another revision."""

    type: Literal["holdings_changed"]
    user_id: str
    portfolio_id: str


class JobProgressed(TypedDict):
    """A background job moved on; `has_ended` when it won't by itself."""

    type: Literal["job_progressed"]
    user_id: str
    job: JobFields
    has_ended: bool


class SignedOut(TypedDict):
    """Some of a person's sessions ended."""

    type: Literal["signed_out"]
    user_id: str


class AlertFired(TypedDict):
    """One of a person's alerts fired."""

    type: Literal["alert_fired"]
    user_id: str
    alert: AlertFields


class InboxRead(TypedDict):
    """A person has read something in their inbox."""

    type: Literal["inbox_read"]
    user_id: str


HubMessage = QuotesRecorded | HoldingsChanged | JobProgressed | SignedOut | AlertFired | InboxRead


async def quotes_recorded(quotes: Sequence[Quote]) -> None:
    """Tell all hubs the newest quotes."""
    texts = {quote.instrument_id: quote_cache.encode(quote) for quote in quotes}
    await _send(groups.quotes(), {"type": "quotes_recorded", "texts": texts})


async def holdings_changed(*, user_id: str, portfolio_id: str) -> None:
    """Tell that a portfolio's holdings are to be loaded anew."""
    await _send(
        groups.user(user_id),
        {"type": "holdings_changed", "user_id": user_id, "portfolio_id": portfolio_id},
    )


async def job_progressed(*, user_id: str, job: JobFields, has_ended: bool) -> None:
    """Tell how far a background job is."""
    await _send(
        groups.user(user_id),
        {"type": "job_progressed", "user_id": user_id, "job": job, "has_ended": has_ended},
    )


async def alert_fired(*, user_id: str, alert: AlertFields) -> None:
    """Tell what an alert fired."""
    await _send(groups.user(user_id), {"type": "alert_fired", "user_id": user_id, "alert": alert})


async def inbox_read(*, user_id: str) -> None:
    """Tell that a person has read something in their inbox."""
    await _send(groups.user(user_id), {"type": "inbox_read", "user_id": user_id})


async def signed_out(*, user_id: str) -> None:
    """Tell that some of a person's sessions ended."""
    await _send(groups.user(user_id), {"type": "signed_out", "user_id": user_id})


async def _send(group: str, message: HubMessage) -> None:
    # The first message after Redis was away fails on the old connection; the second one doesn't.
    if not (await _sent(group, message) or await _sent(group, message)):
        log.warning("broadcast.lost", type=message["type"], lost_so_far=next(_lost))


async def _sent(group: str, message: HubMessage) -> bool:
    layer: Any = get_channel_layer()
    try:
        async with asyncio.timeout(_SECONDS):
            await layer.group_send(group, message)
    except (RedisError, OSError, TimeoutError, ChannelFull) as failure:
        log.info("broadcast.failed", type=message["type"], reason=type(failure).__name__)
        return False
    return True
