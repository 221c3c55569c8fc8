"""What each class of failure means for a run, its connection and its owner: the one table.

`common.remote.errors` says how a call failed; this says what to do about it. Adapters only
classify; nothing else decides whether anything is tried again.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from brokers.domain.connections import ConnectionState
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

#: How often a run is tried again by itself before it counts as failed until the next one is due.
MOST_RETRIES = 5
_FIRST_RETRY, _LONGEST_RETRY = timedelta(seconds=30), timedelta(minutes=15)
_SHORTEST_PAUSE = timedelta(seconds=1)
#: How much longer than the pause that a broker wants, at most.
_LONGEST_SPREAD = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a failure leads to.

    Attributes:
        code: stable, for programs.
        message: for the owner: what happened, and what they can do.
        retry_at: when the run goes on by itself; None when it doesn't.
        ends_run: the other streams needn't be asked.
        connection: the state that the connection gets; None leaves it.
    """

    code: str
    message: str
    retry_at: datetime | None = None
    ends_run: bool = False
    connection: ConnectionState | None = None


#: Failures that the same question would meet again: what is told, whether the other streams can be
#: spared, and the state that the connection gets.
_LASTING: Mapping[type[RemoteFailure], tuple[str, bool, ConnectionState | None]] = {
    AuthExpired: (
        (
            "{broker} doesn't accept the key any more. Give a new one under “Replace the key”; "
            "everything synced so far stays."
        ),
        True,
        ConnectionState.NEEDS_KEY,
    ),
    Forbidden: (
        (
            "{broker} accepts the key, but doesn't let it read this. Check at {broker} what the "
            "key may do and from which addresses it may be used."
        ),
        False,
        ConnectionState.LIMITED,
    ),
    Schema: (
        (
            "{broker} sent something that Livefolio can't read. Nothing of it was booked, and the "
            "next sync asks again."
        ),
        False,
        None,
    ),
    UnknownOutcome: ("Whether {broker} carried the request out isn't known.", False, None),
    BadRequest: (
        (
            "{broker} refuses what Livefolio asks. That is a fault of Livefolio; trying again "
            "won't help."
        ),
        False,
        None,
    ),
}
#: The same where somebody has to log in at the broker every now and then.
_LOGGED_OUT = (
    (
        "{broker} has ended the login, as it does every day. Log in again; everything synced so "
        "far stays."
    ),
    True,
    ConnectionState.NEEDS_LOGIN,
)
_UNFORESEEN = ("{broker} could not be read.", False, None)


def judge(
    failure: RemoteFailure,
    *,
    broker: str,
    retries: int,
    now: datetime,
    has_login: bool = False,
    jitter: Callable[[float, float], float] = random.uniform,
) -> Verdict:
    """Say what a failed call leads to.

    Args:
        broker: its name, as people know it.
        has_login: people log in on the broker's own page.
        retries: how often the run was tried again already.
    """
    if isinstance(failure, RateLimited):
        return _once_it_is_free(failure, broker=broker, now=now, jitter=jitter)
    if isinstance(failure, Transient):
        return _later(failure, broker=broker, retries=retries, now=now, jitter=jitter)
    message, ends_run, connection = _LASTING.get(type(failure), _UNFORESEEN)
    if has_login and isinstance(failure, AuthExpired):
        message, ends_run, connection = _LOGGED_OUT
    return Verdict(
        failure.code, message.format(broker=broker), ends_run=ends_run, connection=connection
    )


def _once_it_is_free(
    failure: RateLimited, *, broker: str, now: datetime, jitter: Callable[[float, float], float]
) -> Verdict:
    pause = max(failure.until - now, _SHORTEST_PAUSE)
    # All who share the limit were told the same moment, and would use it up at once.
    spread = min(pause, _LONGEST_SPREAD).total_seconds()
    return Verdict(
        failure.code,
        f"{broker} has been asked often enough for now. The sync goes on by itself.",
        retry_at=now + pause + timedelta(seconds=jitter(0, spread)),
        ends_run=True,
    )


def _later(
    failure: Transient,
    *,
    broker: str,
    retries: int,
    now: datetime,
    jitter: Callable[[float, float], float],
) -> Verdict:
    message = f"{broker} can't be reached at the moment."
    if retries >= MOST_RETRIES:
        return Verdict(failure.code, f"{message} The next sync tries again.", ends_run=True)
    longest = min(_LONGEST_RETRY, _FIRST_RETRY * 2**retries)
    # Full jitter: connections that failed together would otherwise come back together.
    wait = timedelta(seconds=jitter(_SHORTEST_PAUSE.total_seconds(), longest.total_seconds()))
    return Verdict(
        failure.code,
        f"{message} The sync tries again by itself.",
        retry_at=now + wait,
        ends_run=True,
    )
