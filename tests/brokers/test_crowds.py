"""Two hundred accounts that are due at once, on real workers, against what brokers count."""

import os
import subprocess
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import timedelta

import pytest
from bson import ObjectId
from django.conf import settings
from django.db import connection as database

from brokers import tasks
from brokers.adapters.brokers import get_broker
from brokers.domain.connections import OPEN, SyncState
from brokers.models import Connection, Sync
from brokers.services import connecting
from common import clock
from config.celery import app
from portfolios.models import Transaction
from tests import factories
from tests.brokers.sandboxed import forget_pauses
from tests.brokers.sync_workers import MINUTE_SECONDS

pytestmark = [pytest.mark.django_db, pytest.mark.chaos]
_GIVE_UP_AFTER = 240


@dataclass(frozen=True)
class Crowd:
    """The accounts of a broker's, and in how many portfolios each of them is.

    Attributes:
        fields: what opens an account.
        allowed, seconds: what the broker answers in such a time.
        counts_site: it counts all that comes from here, not by account.
        op: what happened in each account.
    """

    broker: str
    accounts: int
    portfolios: int
    fields: tuple[str, str]
    allowed: int
    seconds: float
    op: dict[str, str]
    counts_site: bool = False


_QUARTER = 4
CROWDS = (
    Crowd(
        "alpaca", 5, 12, ("key_id", "secret_key"), 200 // _QUARTER, MINUTE_SECONDS,
        {"op": "pay", "kind": "CSD", "amount": "10"},
    ),
    # 6,000 by weight, of which each question has 20 at most.
    Crowd(
        "binance", 20, 1, ("api_key", "secret_key"), 300 // _QUARTER, MINUTE_SECONDS,
        {"op": "deposit", "coin": "USDT", "amount": "10"}, counts_site=True,
    ),
    Crowd(
        "kite", 60, 1, ("api_key", "api_secret"), 10, 1,
        {"op": "trade", "symbol": "INFY", "side": "BUY", "qty": "1", "price": "1500"},
    ),
    Crowd(
        "ibkr", 60, 1, ("query_id", "token"), 10, 60,
        {"op": "pay", "kind": "Deposits/Withdrawals", "amount": "10"},
    ),
)  # fmt: skip


@pytest.fixture
def workers(sandbox, tmp_path):
    """Workers of their own, which take from the queue that the test's own tasks go to."""
    app.conf.task_always_eager = False
    names = {
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "MONGODB_NAME": database.settings_dict["NAME"],
        "REDIS_URL": settings.REDIS_URL,
        "BROKER_SANDBOX_URL": sandbox.url,
        "BROKER_SANDBOX_KITE_URL": sandbox.kite_url,
    }
    with (tmp_path / "workers.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.brokers.sync_workers"],
            env=os.environ | names,
            stdout=log,
            stderr=log,
        )
        try:
            yield process
        finally:
            app.conf.task_always_eager = True
            process.terminate()
            process.wait(timeout=60)
    # Recalculations were asked for as well, and nobody is there to do them.
    forget_pauses()


def open_accounts(sandbox, crowd):
    """Open a crowd's accounts, in each of which something happened; return what opens each."""
    keys = {
        f"crowd-{crowd.broker}-{place:04}": f"secret-{place}" for place in range(crowd.accounts)
    }
    sandbox.order("POST", "accounts", house=crowd.broker, accounts=keys)
    opened = []
    for key, secret in keys.items():
        days_ago = 0 if crowd.broker == "kite" else 3
        at = (clock.now() - timedelta(days=days_ago)).isoformat()
        sandbox.book(**crowd.op, account=key, at=at)
        known = dict(zip(crowd.fields, (key, secret), strict=True))
        opened.append(
            known | (sandbox.book("log_in", account=key) if crowd.broker == "kite" else {})
        )
    return opened


def link(crowd, secret, owner, *, place, due):
    """Link an account to a portfolio without asking the broker, which would count."""
    number = secret[crowd.fields[0]]
    connection = Connection(
        pk=ObjectId(),
        owner=owner,
        portfolio=factories.make_portfolio(owner, name=f"{number} {place}"),
        broker=crowd.broker,
        environment="sandbox",
        account_number=number,
        account=number,
        state="active",
        next_sync_at=due,
        created_at=due,
        updated_at=due,
    )
    connecting.seal(connection, get_broker(crowd.broker), secret)
    return connection


def most_in(moments, seconds):
    """Return how many of these moments, in order, lie within such a time of each other."""
    most = first = 0
    for last, moment in enumerate(moments):
        while moment - moments[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


def test_two_hundred_that_are_due_at_once_are_all_synced_within_every_limit(sandbox, workers, ada):
    now = clock.now()
    due = now - timedelta(minutes=10)
    Connection.objects.bulk_create(
        # Those of one account one after the other, which is the worst for its limit.
        link(crowd, secret, ada, place=place, due=due + timedelta(seconds=number))
        for crowd in CROWDS
        for number, secret in enumerate(open_accounts(sandbox, crowd))
        for place in range(crowd.portfolios)
    )
    assert Connection.objects.count() == 200

    tasks.sync_due()
    deadline = time.monotonic() + _GIVE_UP_AFTER
    while Sync.objects.filter(state__in=[state.value for state in OPEN]).exists():
        assert workers.poll() is None, "the workers are gone"
        assert time.monotonic() < deadline, Counter(Sync.objects.values_list("state", flat=True))
        tasks.resume_syncs()
        time.sleep(0.5)

    ended = Counter(Sync.objects.values_list("state", "rows_new"))
    assert ended == {(SyncState.OK.value, 1): 200}
    assert Transaction.objects.values("portfolio_id").distinct().count() == 200
    assert not Connection.objects.filter(next_sync_at__lte=now).exists()
    asked = defaultdict(list)
    for each in sandbox.asked:
        asked[each["house"], each["key"]].append(each["at"])
    for crowd in CROWDS:
        by_key = {key: moments for (house, key), moments in asked.items() if house == crowd.broker}
        if crowd.counts_site:
            by_key = {"all": sorted(moment for each in by_key.values() for moment in each)}
        else:
            assert len(by_key) == crowd.accounts
        worst = max(most_in(moments, crowd.seconds) for moments in by_key.values())
        # Adapters take four fifths; of what each worker has on its way one question comes on top.
        assert worst <= crowd.allowed, crowd.broker
