"""What failures lead to, as a table."""

from datetime import UTC, datetime, timedelta

import pytest

from brokers.domain.connections import ConnectionState
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
SOON, DAY = NOW + timedelta(seconds=40), timedelta(days=1)


def longest(_least, most):
    return most


@pytest.mark.parametrize(
    ("failure", "retries", "retry_at", "ends_run", "state"),
    [
        # At most as long again as the broker wants, and a minute more.
        (RateLimited(until=SOON), 99, SOON + timedelta(seconds=40), True, None),
        (RateLimited(until=NOW), 0, NOW + timedelta(seconds=2), True, None),
        (
            RateLimited(until=NOW + timedelta(days=1)),
            0,
            NOW + timedelta(days=1, minutes=1),
            True,
            None,
        ),
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


def test_what_waits_for_one_moment_does_not_come_at_one_moment():
    failure = RateLimited(until=SOON)
    moments = {judge(failure, broker="Alpaca", retries=0, now=NOW).retry_at for _ in range(50)}

    assert len(moments) > 40
    assert all(SOON <= each <= SOON + timedelta(seconds=40) for each in moments)
