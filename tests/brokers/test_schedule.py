"""Syncs that come due: by whose hours, who is told, and that nobody waits for ever."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from brokers.services import connecting, syncing, syncs
from tests.brokers.sandboxed import connect, reloaded

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("ended", "earliest", "last"),
    [
        # A Tuesday in New York: open, short before the bell, and the evening.
        ("2026-03-03T16:00", "2026-03-03T16:24", "2026-03-03T16:36"),
        ("2026-03-03T20:50", "2026-03-03T21:15", "2026-03-03T21:45"),
        ("2026-03-03T22:00", "2026-03-04T01:12", "2026-03-04T02:48"),
    ],
)
def test_a_sync_and_its_start_both_set_when_the_next_one_is(
    portfolio, sandbox, ended, earliest, last
):
    now, *span = (
        datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (ended, earliest, last)
    )
    sandbox.order("POST", "clock", now=now.isoformat())
    connection = connect(portfolio, now=now)
    asked, _ = syncs.request_sync(connection, trigger="schedule", now=now)

    syncing.run(asked.pk, clock=lambda: now)

    after = reloaded(connection).next_sync_at
    connecting.postpone(connection, now=now)
    assert span[0] <= after <= span[1]
    assert span[0] <= reloaded(connection).next_sync_at <= span[1]


def test_page_and_api_say_when_the_next_sync_is(browser_of, program_of, ada, portfolio, sandbox):
    connection = connect(portfolio)
    ids = [portfolio.pk, connection.pk]

    page = browser_of(ada).get(reverse("connection", args=ids)).content.decode()
    told = program_of(ada).get(reverse("api-connection", args=ids)).json()
    offers = program_of(ada).get(reverse("api-brokers")).json()

    assert "Next sync about" in page
    assert "while the New York Stock Exchange trades" in page
    assert datetime.fromisoformat(told["next_sync_at"]) == reloaded(connection).next_sync_at
    rhythms = {each["name"]: each["rhythm"] for each in offers}
    assert rhythms["ibkr"] == "once a day, after 04:30 in New York"
    assert rhythms["binance"] == "about every half an hour, day and night"
