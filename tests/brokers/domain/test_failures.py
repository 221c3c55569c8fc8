"""What failures lead to, as a table."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from brokers.domain.connections import ConnectionState, OnceADay, next_sync_at
from brokers.domain.failures import MOST_RETRIES, judge
from common.remote.errors import (
    AuthExpired,
    BadRequest,
    Forbidden,
    RateLimited,
    RemoteFailure,
    Schema,
    Transient,
    UnknownOutcome,
)

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SOON = NOW + timedelta(seconds=40)


def longest(_least, most):
    return most


@pytest.mark.parametrize(
    ("failure", "retries", "retry_at", "ends_run", "state"),
    [
        (RateLimited(until=SOON), 99, SOON, True, None),
        (RateLimited(until=NOW), 0, NOW + timedelta(seconds=1), True, None),
        (Transient(), 0, NOW + timedelta(seconds=30), True, None),
        (Transient(), 3, NOW + timedelta(minutes=4), True, None),
        (Transient(), MOST_RETRIES, None, True, None),
        (AuthExpired(), 0, None, True, ConnectionState.NEEDS_KEY),
        (Forbidden(), 0, None, False, ConnectionState.LIMITED),
        (BadRequest(), 0, None, False, None),
        (Schema(), 0, None, False, None),
        (UnknownOutcome(), 0, None, False, None),
        (RemoteFailure(), 0, None, False, None),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_each_class_of_failure_has_one_answer(failure, retries, retry_at, ends_run, state):
    verdict = judge(failure, broker="Alpaca", retries=retries, now=NOW, jitter=longest)

    assert (verdict.retry_at, verdict.ends_run, verdict.connection) == (retry_at, ends_run, state)
    assert verdict.code == failure.code
    assert "Alpaca" in verdict.message


def test_what_failed_together_does_not_come_back_together():
    waits = {judge(Transient(), broker="Alpaca", retries=2, now=NOW).retry_at for _ in range(50)}

    assert len(waits) > 40
    assert all(NOW < each <= NOW + timedelta(minutes=2) for each in waits)


@pytest.mark.parametrize(
    ("day", "always_open", "minutes"), [(2, False, 30), (7, False, 240), (7, True, 30)]
)
def test_connections_are_due_more_often_while_their_market_may_be_open(day, always_open, minutes):
    at = datetime(2026, 3, day, 12, 0, tzinfo=UTC)

    due = next_sync_at(at, is_always_open=always_open, jitter=lambda *_: 1.0)

    assert due - at == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-03-02T03:00", "2026-03-02T09:30"),
        ("2026-03-02T09:30", "2026-03-03T09:30"),
        # The clocks go forward on the 8th.
        ("2026-03-07T20:00", "2026-03-08T08:30"),
    ],
)
def test_who_tells_something_new_once_a_day_is_asked_once_a_day(now, due):
    daily = OnceADay(ZoneInfo("America/New_York"), time(4, 30))
    at = datetime.fromisoformat(f"{now}+00:00")

    first = next_sync_at(at, is_always_open=False, once_a_day=daily, jitter=lambda *_: 0.0)
    last = next_sync_at(at, is_always_open=False, once_a_day=daily, jitter=lambda *_: 1.0)
    failed = next_sync_at(
        at, is_always_open=False, once_a_day=daily, has_failed=True, jitter=lambda *_: 1.0
    )

    assert first == datetime.fromisoformat(f"{due}+00:00")
    assert last - first == timedelta(hours=2)
    assert failed - at == timedelta(hours=4)
