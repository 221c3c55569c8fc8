"""Alerts over the live stream, to their owner and to nobody else."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from bson import ObjectId

from common import clock
from marketdata import events as market_events
from portfolios import tasks
from portfolios.domain.alerts import AlertKind, Rule
from portfolios.models import Firing
from portfolios.services import alerts
from tests.realtime.conftest import ask, quote

pytestmark = pytest.mark.django_db


async def test_an_alert_that_fired_is_told_to_its_owner_once_and_numbered(
    watching, connected, browser_of, ada, bo, acme
):
    stranger = await connected(await ask(browser_of, bo))
    await stranger.say({"type": "snapshot"})
    await stranger.hear("snapshot")
    rule = Rule(AlertKind.PRICE_ABOVE, Decimal(10))
    wanted = alerts.Wanted(rule=rule, instrument_id=ObjectId(acme))
    alert = await ask(alerts.create_alert, ada.pk, wanted=wanted, now=clock.now())

    # The hub joins its owner's group a moment after the socket has opened.
    await asyncio.sleep(0.3)
    now = clock.now()
    seen = {"value": Decimal("10.5"), "observed_at": now, "now": now}
    firing_id = (await ask(alerts.observe, alert.pk, **seen)).firing_id
    for _ in range(2):
        await ask(tasks.deliver_alert, firing_id=firing_id)
    told = await watching.hear("alert")

    numbers = [each["seq"] for each in watching.frames]
    assert numbers == list(range(1, len(numbers) + 1))
    assert told["alert"] | {"fired_at": ""} == {
        "id": firing_id,
        "alert": str(alert.pk),
        "kind": "price_above",
        "instrument": acme,
        "portfolio": None,
        "title": "ACME at or above 10 USD",
        "detail": "It is at 10.5 USD.",
        "fired_at": "",
        "unread": 1,
    }
    await watching.say({"type": "snapshot"})
    await watching.hear("snapshot")
    assert sum(each["type"] == "alert" for each in watching.frames) == 1
    assert await stranger.hears_nothing()


async def test_what_the_feed_announces_reaches_the_owner_of_an_alert(watching, ada, acme):
    rule = Rule(AlertKind.PRICE_ABOVE, Decimal(10))
    wanted = alerts.Wanted(rule=rule, instrument_id=ObjectId(acme))
    await ask(alerts.create_alert, ada.pk, wanted=wanted, now=clock.now())
    await asyncio.sleep(0.3)

    await market_events.feed_leads.asend_robust(sender=None)
    try:
        await market_events.quotes_recorded.asend_robust(sender=None, quotes=[quote(acme, "10.5")])
        told = await watching.hear("alert")
        await market_events.quotes_recorded.asend_robust(sender=None, quotes=[quote(acme, "10.6")])
    finally:
        await market_events.feed_rests.asend_robust(sender=None)

    assert told["alert"]["title"] == "ACME at or above 10 USD"
    assert await ask(Firing.objects.count) == 1
