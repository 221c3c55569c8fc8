"""Sending to the hubs must never hurt the sender."""

from __future__ import annotations

from bson import ObjectId

from portfolios.events import holdings_changed
from realtime import broadcast
from tests.realtime.conftest import quote, redis_layer

NOWHERE = "redis://127.0.0.1:1/0"


def test_a_view_or_task_goes_on_when_redis_is_away(settings):
    settings.CHANNEL_LAYERS = redis_layer(NOWHERE)

    answers = holdings_changed.send_robust(
        sender=None, portfolio_id=str(ObjectId()), owner_id=str(ObjectId()), revision=1
    )

    assert [answer for _, answer in answers if answer is not None] == []


async def test_so_does_the_feed(settings):
    settings.CHANNEL_LAYERS = redis_layer(NOWHERE)

    await broadcast.quotes_recorded([quote(ObjectId())])
