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


def make_alert(owner, instrument_id):
    rule = Rule(AlertKind.PRICE_ABOVE, Decimal(10))
    wanted = alerts.Wanted(rule=rule, instrument_id=ObjectId(instrument_id))
    return alerts.create_alert(owner.pk, wanted=wanted, now=clock.now())


def fire(alert):
    now = clock.now()
    return alerts.observe(alert.pk, value=Decimal("10.5"), observed_at=now, now=now).firing_id


async def test_an_alert_that_fired_is_told_to_its_owner_once_and_numbered(
    watching, connected, browser_of, ada, bo, acme
):
    stranger = await connected(await ask(browser_of, bo))
    await stranger.say({"type": "snapshot"})
    await stranger.hear("snapshot")
    alert = await ask(make_alert, ada, acme)

    # The hub joins its owner's group a moment after the socket has opened.
    await asyncio.sleep(0.3)
    firing_id = await ask(fire, alert)
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
    await ask(make_alert, ada, acme)
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


async def test_who_comes_late_is_told_how_much_waits(connected, browser_of, ada, bo, acme):
    # It fires between the page and the connection, and nobody hears of it.
    await ask(fire, await ask(make_alert, ada, acme))
    mine, other = [await connected(await ask(browser_of, each)) for each in (ada, bo)]
    for socket in (mine, other):
        await socket.say({"type": "subscribe", "inbox": True})

    assert (await mine.hear("inbox"))["unread"] == 1
    assert (await other.hear("inbox"))["unread"] == 0


async def test_every_page_of_somebody_counts_what_waits(connected, browser_of, ada, acme):
    browser = await ask(browser_of, ada)
    pages = [await connected(browser) for _ in range(2)]
    for page in pages:
        await page.say({"type": "subscribe", "inbox": True})
        await page.hear("inbox", unread=0)
    await asyncio.sleep(0.3)

    await ask(tasks.deliver_alert, firing_id=await ask(fire, await ask(make_alert, ada, acme)))
    for page in pages:
        await page.hear("alert")
        await page.hear("inbox", unread=1)
    await ask(alerts.mark_read, ada.pk)

    for page in pages:
        await page.hear("inbox", unread=0)


async def test_the_inbox_is_told_of_until_it_is_given_up(connected, browser_of, ada, acme):
    socket = await connected(await ask(browser_of, ada))
    await socket.say({"type": "subscribe", "inbox": True})
    await socket.hear("inbox")
    await asyncio.sleep(0.3)
    await socket.say({"type": "unsubscribe", "inbox": True})

    await ask(tasks.deliver_alert, firing_id=await ask(fire, await ask(make_alert, ada, acme)))

    await socket.hear("alert")
    assert await socket.hears_nothing()
