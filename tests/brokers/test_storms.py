"""Months of storms, by seed: whatever breaks, the ledger ends up with what the books say."""

import os
import random
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest
from django.conf import settings
from django.db import connection as database

from brokers.domain.connections import SyncState
from brokers.models import Sync
from brokers.services import syncs
from common import clock
from tests import factories
from tests.brokers.sandboxed import assert_equals_truth, sync
from tests.brokers.storms import short_ways, storm_of

pytestmark = pytest.mark.django_db
_AT_ONCE, _ALL = 10, 50


@pytest.mark.parametrize("first", range(0, _ALL, _AT_ONCE))
def test_after_a_month_of_storms_the_ledger_equals_the_books(sandbox, ada, first):
    with short_ways():
        for seed in range(first, first + _AT_ONCE):
            portfolio = factories.make_portfolio(ada, name=f"Storm {seed}")
            storm_of(seed)(sandbox, portfolio, seed=seed).rage()


@contextmanager
def working(sandbox, *arguments):
    """Start a process that syncs on the test's own servers."""
    names = {
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "MONGODB_NAME": database.settings_dict["NAME"],
        "REDIS_URL": settings.REDIS_URL,
        "BROKER_SANDBOX_URL": sandbox.url,
    }
    with subprocess.Popen(
        [sys.executable, "-m", "tests.brokers.worker", *arguments],
        env=os.environ | names,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.stdin.close()


@pytest.fixture
def worker(sandbox):
    with working(sandbox) as process:
        yield process


def run_and_kill(worker, sync_id, *, ahead, after_seconds="none") -> int:
    """Let the worker do a sync, perhaps kill it on the way; return how it ended."""
    worker.stdin.write(f"{sync_id} {ahead} {after_seconds}\n")
    worker.stdin.flush()
    ended = int(worker.stdout.readline())
    # A transaction of the dead ends by itself within a minute, before the lease does; here the
    # clock only says that so much time has passed.
    database.database.client.admin.command("killAllSessions", [])  # type: ignore[attr-defined]
    return ended


def test_a_worker_killed_again_and_again_loses_and_doubles_nothing(connection, sandbox, worker):
    sandbox.reset(activities=250)
    asked, _ = syncs.request_sync(connection, trigger="manual", now=clock.now())
    dice, ahead, ends = random.Random(9), 0.0, []  # noqa: S311 - no secret
    for _ in range(syncs.MOST_LOST):
        ends.append(
            run_and_kill(worker, asked.pk, ahead=ahead, after_seconds=dice.uniform(0.05, 0.5))
        )
        ahead += syncs.LEASE.total_seconds() + 1

    run_and_kill(worker, asked.pk, ahead=ahead)

    assert -signal.SIGKILL in ends
    done = Sync.objects.get(pk=asked.pk)
    assert (done.state, done.error) == (SyncState.OK.value, "")
    assert_equals_truth(connection, sandbox)
    assert sync(connection).rows_new == 0


@pytest.mark.parametrize("seed", [3, 14])
def test_a_month_of_storms_in_which_workers_are_killed_ends_as_the_books_say(sandbox, ada, seed):
    ends = []

    class Deadly(storm_of(seed)):
        """A storm whose syncs another process does, which is killed in the midst of each."""

        def _run(self, asked, *, may_die):
            was_killed = bool(ends) and ends[-1] != 0
            after = "none" if was_killed else self._dice.uniform(0.02, 0.5)
            ahead = (self._now - clock.now()).total_seconds()
            ends.append(run_and_kill(worker, asked.pk, ahead=ahead, after_seconds=after))
            return ends[-1] == 0

    with short_ways(), working(sandbox, "storm") as worker:
        Deadly(sandbox, factories.make_portfolio(ada), seed=seed).rage()

    assert -signal.SIGKILL in ends
