"""Alerts held against batches of quotes, in the process that leads the feed."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest
from django.core import mail

from common import clock
from common.redis import close_async_client
from marketdata.adapters import quote_cache
from portfolios import alerting
from portfolios.adapters import alert_channel
from portfolios.models import Alert, Firing
from portfolios.services import alerts
from tests.failpoints import fail_point
from tests.portfolios.watching import acme, announced, confirmed, make_alert, quote_of

__all__ = ["acme", "announced", "confirmed", "fail_point"]

pytestmark = pytest.mark.django_db


@asynccontextmanager
async def evaluating(**options):
    evaluator = alerting.Evaluator(**options)
    evaluator.start()
    try:
        yield evaluator
    finally:
        await evaluator.stop()
        await close_async_client()


async def ask(function, *args, **options):
    return await alerting._in_database(lambda: function(*args, **options))


async def until(condition, seconds=5.0):
    async with asyncio.timeout(seconds):
        while not await ask(condition):  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.02)


class TestEvaluator:
    """What holds alerts against batches, in the process that leads the feed."""

    async def test_a_batch_fires_what_it_reaches_once(self, confirmed, acme, announced):
        await ask(make_alert, confirmed, instrument_id=acme.pk)
        await ask(make_alert, confirmed, kind="day_move", limit="0.9", instrument_id=acme.pk)
        await ask(make_alert, confirmed, limit="500", instrument_id=acme.pk)

        async with evaluating() as evaluator:
            await until(lambda: len(evaluator._thresholds) == 3)
            for _ in range(3):
                evaluator.take([quote_of(acme, "201")])
                await until(lambda: Firing.objects.count() == 2)
            await until(lambda: len(mail.outbox) == 2)

        assert len(announced) == 2

    async def test_it_arms_and_fires_again_after_a_reversal(self, ada, acme):
        await ask(make_alert, ada, instrument_id=acme.pk)

        async with evaluating() as evaluator:
            for price, state, count in (
                ("201", "fired", 1),
                ("190", "armed", 1),
                ("202", "fired", 2),
            ):
                await until(lambda: len(evaluator._thresholds) == 1)
                evaluator.take([quote_of(acme, price)])
                await until(
                    lambda state=state, count=count: Alert.objects.filter(
                        state=state, firings=count
                    ).exists()
                )

    async def test_who_takes_over_finds_what_was_reached_and_not_yet_stored(self, ada, acme):
        await ask(make_alert, ada, instrument_id=acme.pk)
        # The one before wrote the quote, and was killed before it looked at it.
        await ask(quote_cache.write, [quote_of(acme, "201")])

        async with evaluating():
            await until(Firing.objects.exists)
        async with evaluating() as another:
            await until(lambda: len(another._thresholds) == 1)
            another.take([quote_of(acme, "202")])
            await asyncio.sleep(0.1)

        assert await ask(Firing.objects.count) == 1

    async def test_a_new_alert_is_known_at_once_by_word(self, ada, acme):
        async with evaluating() as evaluator:
            evaluator.take([quote_of(acme, "201")])
            await until(lambda: evaluator._looked_at is not None)
            await ask(make_alert, ada, instrument_id=acme.pk, now=clock.now())
            await asyncio.sleep(0.1)

            await until(lambda: alert_channel.tell_changed() or Firing.objects.exists())

    async def test_a_word_that_is_lost_is_made_up_for(self, ada, acme):
        async with evaluating(refresh_seconds=0.2) as evaluator:
            evaluator.take([quote_of(acme, "201")])
            await until(lambda: evaluator._looked_at is not None)
            await ask(make_alert, ada, instrument_id=acme.pk, now=clock.now())

            await until(Firing.objects.exists)

    async def test_a_paused_alert_is_dropped(self, ada, acme):
        alert = await ask(make_alert, ada, instrument_id=acme.pk, now=clock.now())
        async with evaluating(refresh_seconds=0.1) as evaluator:
            await until(lambda: len(evaluator._thresholds) == 1)

            await ask(alerts.set_paused, alert.pk, owner_id=ada.pk, is_paused=True, now=clock.now())

            await until(lambda: len(evaluator._thresholds) == 0)

    async def test_a_database_that_was_away_loses_no_firing(self, ada, acme, fail_point):
        await ask(make_alert, ada, instrument_id=acme.pk)
        async with evaluating() as evaluator:
            await until(lambda: len(evaluator._thresholds) == 1)
            fail_point("insert", errorCode=91)

            evaluator.take([quote_of(acme, "201")])

            await until(Firing.objects.exists)
