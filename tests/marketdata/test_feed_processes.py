"""Feeds as processes: another takes over when the leader is killed, and one that may stop does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from urllib.parse import urlsplit

import psutil
import pytest
from django.conf import settings
from django.db import connection

from common import clock, keys, redis
from config import processes
from marketdata.adapters import quote_cache
from portfolios.adapters import alert_channel
from portfolios.models import Alert
from tests import factories
from tests.marketdata.streams import feed_keys
from tests.portfolios.watching import make_alert

__all__ = ["feed_keys"]

FEED = [sys.executable, "manage.py", "stream_quotes"]


@pytest.fixture
def feeds(transactional_db):
    """Start real feed processes against the test's own database and Redis."""
    started: list[subprocess.Popen] = []
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "MONGODB_NAME": connection.settings_dict["NAME"],
        "REDIS_URL": settings.REDIS_URL,
    }

    def start() -> subprocess.Popen:
        started.append(subprocess.Popen(FEED, env=environment, stderr=subprocess.DEVNULL))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def lease():
    return redis.client().get(keys.FEED_LEASE.of())


def has_joined(process) -> bool:
    """Say whether a feed has come so far that it talks to Redis, and so waits for the lead."""
    port = urlsplit(settings.REDIS_URL).port
    peers = (each.raddr for each in psutil.Process(process.pid).net_connections())
    return any(peer and peer.port == port for peer in peers)


@pytest.mark.chaos
def test_another_process_takes_over_when_the_leader_is_killed(feeds, ada):
    instrument = factories.make_instrument("AAPL")
    alert = make_alert(ada, limit="0.01", instrument_id=instrument.pk)
    leader = feeds()
    assert processes.wait_until(lambda: quote_cache.read([str(instrument.pk)]), seconds=30)
    assert processes.wait_until(lambda: Alert.objects.get(pk=alert.pk).firings, seconds=30)
    held = lease()
    follower = feeds()
    assert processes.wait_until(lambda: has_joined(follower), seconds=60)

    leader.kill()
    redis.client().delete(keys.QUOTE.of(str(instrument.pk)))

    assert processes.wait_until(lambda: lease() not in {None, held}, seconds=10)
    assert processes.wait_until(lambda: quote_cache.read([str(instrument.pk)]), seconds=10)
    # Another alert that fires shows that the new leader looks at them.
    later = make_alert(ada, limit="0.02", instrument_id=instrument.pk, now=clock.now())
    alert_channel.tell_changed()
    assert processes.wait_until(lambda: Alert.objects.get(pk=later.pk).firings, seconds=60)
    assert Alert.objects.get(pk=alert.pk).firings == 1


@pytest.mark.chaos
def test_a_feed_that_is_asked_to_stop_ends_cleanly_and_leaves_the_lead(feeds):
    factories.make_instrument("AAPL")
    process = feeds()
    assert processes.wait_until(lease, seconds=30)

    process.send_signal(signal.SIGTERM)

    assert process.wait(60) == 0
    assert lease() is None
