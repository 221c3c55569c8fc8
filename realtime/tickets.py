"""One-time tickets, with which programs open the live stream without a cookie.

A ticket may stand in an address, and so in logs: it is worth nothing after its first use or half a
minute, whichever comes first.
"""

from __future__ import annotations

import json
from secrets import token_urlsafe

from redis.exceptions import RedisError

from common import keys, redis
from common.errors import Unavailable
from realtime.admission import Credential


class TicketsUnavailable(Unavailable):
    """Tickets can't be issued or taken in at the moment."""

    code = "tickets-unavailable"


def issue(credential: Credential) -> str:
    """Make a ticket for a person.

    Raises:
        TicketsUnavailable: Redis doesn't answer.
    """
    ticket = token_urlsafe(32)
    content = json.dumps({"user_id": credential.user_id, "auth_hash": credential.auth_hash})
    try:
        redis.client().set(
            keys.STREAM_TICKET.of(ticket), content, ex=keys.STREAM_TICKET.ttl_seconds
        )
    except RedisError as failure:
        raise TicketsUnavailable from failure
    return ticket


async def redeem(ticket: str) -> Credential | None:
    """Take a ticket in; returns None for one that is unknown, old or used.

    Raises:
        TicketsUnavailable: Redis doesn't answer.
    """
    try:
        content = await redis.async_client().getdel(keys.STREAM_TICKET.of(ticket))
    except RedisError as failure:
        raise TicketsUnavailable from failure
    if content is None:
        return None
    known = json.loads(content)
    return Credential(user_id=known["user_id"], auth_hash=known["auth_hash"])
