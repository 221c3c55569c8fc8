"""Two real beats, and one of them is killed."""

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack

import pytest
from django.conf import settings
from django.db import connection
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from common import keys
from common.redis import client

pytestmark = [pytest.mark.django_db, pytest.mark.chaos]
QUEUE = "test-beat-processes"
MESSAGES = f"{settings.CELERY_BROKER_TRANSPORT_OPTIONS['global_keyprefix']}{QUEUE}"


@pytest.fixture(autouse=True)
def _clean_redis():
    client().delete(MESSAGES, keys.BEAT_LEASE.of())
    yield
    client().delete(MESSAGES, keys.BEAT_LEASE.of())


@pytest.fixture
def start_beat(tmp_path):
    """Return a function that starts one of several beats as a process of its own."""
    environment = {
        **os.environ,
        "MONGODB_NAME": connection.settings_dict["NAME"],
        "LOG_LEVEL": "INFO",
    }
    command = [sys.executable, "-m", "celery", "-A", "config", "beat", "--pidfile="]
    with ExitStack() as stack:

        def start(name):
            log = stack.enter_context((tmp_path / f"{name}.log").open("wb"))
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
            stack.callback(process.wait, timeout=30)
            stack.callback(process.kill)
            return process

        yield start


@pytest.fixture
def every_second():
    return PeriodicTask.objects.create(
        name="Every second",
        task="tests.sweep",
        queue=QUEUE,
        interval=IntervalSchedule.objects.create(every=1, period=IntervalSchedule.SECONDS),
    )


def wait_for(happens, *, seconds):
    """Return how long it took."""
    started_at = time.monotonic()
    while not happens():
        assert time.monotonic() - started_at < seconds, "It didn't happen in time."
        time.sleep(0.05)
    return time.monotonic() - started_at


def sent():
    return client().llen(MESSAGES)


def test_the_other_takes_over_from_a_killed_beat_and_nothing_is_sent_twice(
    start_beat, every_second
):
    leader = start_beat("leader")
    wait_for(lambda: sent() >= 2, seconds=60)
    other = start_beat("other")
    # Long enough for both to run beside each other.
    wait_for(lambda: sent() >= 15, seconds=60)

    leader.send_signal(signal.SIGKILL)
    leader.wait()
    before = sent()
    silence = wait_for(lambda: sent() > before + 1, seconds=60)

    other.send_signal(signal.SIGTERM)
    other.wait(timeout=30)
    every_second.refresh_from_db()
    assert sent() == every_second.total_run_count
    # On an idle machine the lease and two seconds; the rest is for a busy one.
    assert silence < keys.BEAT_LEASE.ttl_seconds + 30
