"""The first sync of an account with 10,000 activities, from its broker's pages to the ledger."""

from __future__ import annotations

import resource

from django.conf import settings

from accounts.models import User
from benchmarks.measure import Figure, stopwatch
from brokers.services import syncing, syncs
from common import clock
from portfolios.services import portfolios
from tests.brokers.sandboxed import assert_equals_truth, connect, running_sandbox

ACTIVITIES = 10_000


def run() -> list[Figure]:
    """Sync a long history over HTTP, and once more when there is nothing new."""
    now = clock.now()
    owner = User.objects.create_user("sync@example.test", None)
    portfolio = portfolios.create_portfolio(owner.pk, name="Sync", base_currency="USD", now=now)
    with running_sandbox() as sandbox:
        settings.BROKER_SANDBOX_URL = sandbox.url
        sandbox.reset(activities=ACTIVITIES)
        connection = connect(portfolio)
        asked, _ = syncs.request_sync(connection, trigger="manual", now=clock.now())
        before = _cpu_seconds()
        with stopwatch() as whole:
            done = syncing.run(asked.pk, clock=clock.now)
        spent = _cpu_seconds() - before
        rows = done.rows_new if done else 0
        assert_equals_truth(connection, sandbox)
        again, _ = syncs.request_sync(connection, trigger="manual", now=clock.now())
        with stopwatch() as repeated:
            syncing.run(again.pk, clock=clock.now)
    return [
        Figure("sync.activities", rows, "rows", ACTIVITIES, at_least=True),
        Figure("sync.first", whole(), "s", 30),
        # Of this process, in which the sandbox runs too.
        Figure("sync.first_cpu", spent, "s"),
        Figure("sync.again", repeated(), "s"),
    ]


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
