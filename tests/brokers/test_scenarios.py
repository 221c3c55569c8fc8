"""The sandbox's stories, synced as they go on and once they are over: the end is as written."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from brokers.domain.connections import ConnectionState, SyncState
from brokers.sandbox import scenarios
from brokers.services import connecting
from common import clock
from tests.brokers.patients import PATIENTS
from tests.brokers.sandboxed import (
    assert_equals_truth,
    forget_pauses,
    log_in_at_kite,
    reloaded,
    shorten_histories,
    sync,
)

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 3, 2)
CREDENTIALS = {each.broker: each.credentials for each in PATIENTS}


NAMES = scenarios.names()
TOLD_LATER = [name for name in NAMES if scenarios.load(name).has_history]
HERE = "http://127.0.0.1/back/"


def connect(portfolio, scenario, *, now):
    return connecting.connect(
        portfolio.pk,
        owner_id=portfolio.owner_id,
        broker_name=scenario.broker,
        environment_name="sandbox",
        credentials=CREDENTIALS[scenario.broker],
        now=now,
    )


def visit(connection, *, now):
    """Sync once; whoever has to log in first does so."""
    forget_pauses()
    if reloaded(connection).state == ConnectionState.NEEDS_LOGIN.value:
        log_in_at_kite(reloaded(connection), now=now)
    return sync(reloaded(connection), now=lambda: now)


def assert_is_at_its_end(connection, sandbox, scenario, done):
    truth, expected = sandbox.truth_of(scenario.account), scenario.expected
    for side in ("positions", "cash"):
        told, written = (
            {name: Decimal(number) for name, number in each[side].items()}
            for each in (truth, expected)
        )
        assert told == written
    assert len(truth["events"]) == expected["events"]
    assert_equals_truth(connection, sandbox, key=scenario.account, booked=scenario.rows)
    assert done.state == SyncState.OK.value, done.error
    assert done.rows_unbooked == 0
    assert {line["outcome"] for line in done.comparison} == {"match"}


@pytest.fixture
def sandbox(sandbox, monkeypatch):
    """A sandbox whose statements nobody has to wait for, and whose coins are no older than it."""
    monkeypatch.setattr("brokers.adapters.ibkr.client._WAITS", (0.0,) * 5)
    shorten_histories(monkeypatch, since=MONDAY)
    return sandbox


@pytest.mark.parametrize("name", NAMES)
def test_a_story_that_is_synced_as_it_goes_on_ends_as_it_is_written(sandbox, portfolio, name):
    scenario = scenarios.load(name)
    midnight = scenario.first_midnight(MONDAY, now=clock.now())
    # Whether a key is good some brokers say by the time of today.
    connection = connect(portfolio, scenario, now=midnight)
    sandbox.order("POST", "reset", scenario=name, begins_on=MONDAY.isoformat())
    if connection.state == ConnectionState.NEEDS_LOGIN.value:
        sandbox.book("register", account=scenario.account, redirect_url=HERE)
    synced = []

    for each in scenario.syncs:
        now = midnight + each.since
        sandbox.set_clock(now.isoformat())
        synced.append(visit(connection, now=now))
        if each.leaves:
            assert reloaded(connection).state == each.leaves

    assert_is_at_its_end(connection, sandbox, scenario, synced[-1])
    assert sum(each.rows_new for each in synced) >= scenario.rows


@pytest.mark.parametrize("name", TOLD_LATER)
def test_a_story_that_is_over_is_there_with_the_first_sync(sandbox, portfolio, name):
    scenario = scenarios.load(name)
    sandbox.order("POST", "reset", scenario=name)
    connection = connect(portfolio, scenario, now=clock.now())

    done = sync(connection)

    assert_is_at_its_end(connection, sandbox, scenario, done)


def test_nothing_of_a_story_happens_before_its_time(sandbox):
    sandbox.order("POST", "reset", scenario="S1", begins_on=MONDAY.isoformat())
    account = scenarios.load("S1").account
    sandbox.set_clock(datetime(2026, 3, 2, 14, 59, tzinfo=UTC).isoformat())
    before = sandbox.truth_of(account)["events"]
    sandbox.order("POST", "clock", now="2026-03-02T15:00:00+00:00")
    on_time = sandbox.truth_of(account)["events"]
    sandbox.order("POST", "clock", now="2026-03-09T15:00:00+00:00")

    assert (len(before), len(on_time)) == (0, 1)
    assert sandbox.truth_of(account)["events"] == on_time


def test_every_story_is_in_the_documentation():
    document = Path(__file__).parents[2] / "docs" / "adding-a-broker.md"
    listed = re.findall(r"^\| (S\d+) \|", document.read_text(), re.MULTILINE)

    assert listed == scenarios.names()


def test_a_story_that_nobody_wrote_is_refused():
    with pytest.raises(ValueError, match="There is no scenario S99; there are S1, S2"):
        scenarios.load("S99")
