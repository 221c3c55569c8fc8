"""Transactions that are tried again when another one got in their way."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import DatabaseError, connections
from django_mongodb_backend.transaction import atomic
from pymongo.errors import PyMongoError

from common.errors import Unavailable

Result = TypeVar("Result")

_WRITE_CONFLICT = 112
_FIRST_DELAY_SECONDS = 0.005
_LONGEST_DELAY_SECONDS = 0.5
_JITTER = random.SystemRandom()
_log = logging.getLogger("common.transactions")


class TransactionNotDone(Unavailable):
    """The database was too busy to store the change; nothing was stored, so try again."""

    code = "transaction-not-done"


class Contended(TransactionNotDone):
    """Others kept changing the same rows; nothing was stored, so try again."""


def run_in_transaction(
    fn: Callable[[], Result], *, using: str = "default", attempts: int = 12, seconds: float = 10
) -> Result:
    """Call `fn` in a transaction, again and again while others conflict with it.

    Each attempt starts from nothing, so `fn` reads all it needs inside itself and has no effects
    but those on the database and `on_commit`. Don't catch an `IntegrityError` inside it: the
    server has ended the transaction by then. Called within another transaction it becomes part of
    that one, and only the outermost call tries again.

    Args:
        fn: what to do; its answer is passed on.
        using: the database.
        attempts: how often `fn` is called at most.
        seconds: when to stop trying again; an attempt that runs is not cut short.

    Raises:
        Contended: the last attempt conflicted with another transaction too.
        TransactionNotDone: the last attempt failed in passing for another reason.
    """
    connection = connections[using]
    if connection.in_atomic_block_mongo:  # type: ignore[attr-defined]
        return fn()
    deadline = time.monotonic() + seconds
    for attempt in range(1, attempts + 1):
        commit = _Commit()
        try:
            with atomic(using):
                connection.on_commit(commit.note)
                return fn()
        except (DatabaseError, PyMongoError) as error:
            # What fails after the commit, in somebody's on_commit, must not store it twice.
            if commit.is_done or not _passes(error):
                raise
            delay = _delay_seconds(attempt)
            if attempt == attempts or time.monotonic() + delay > deadline:
                _report("transaction.given_up", error, attempt=attempt, conflict_level=logging.INFO)
                raise (Contended if _is_conflict(error) else TransactionNotDone) from error
            _report("transaction.retried", error, attempt=attempt, conflict_level=logging.DEBUG)
        time.sleep(delay)
    raise ValueError("At least one attempt is needed.")


class _Commit:
    """Whether a transaction is stored."""

    def __init__(self) -> None:
        self.is_done = False

    def note(self) -> None:
        self.is_done = True


def driver_error(error: BaseException | None) -> PyMongoError | None:
    """Return the driver's error that Django's was raised from; its labels say what to do."""
    while error is not None and not isinstance(error, PyMongoError):
        error = error.__cause__
    return error


def _passes(error: BaseException) -> bool:
    cause = driver_error(error)
    return cause is not None and cause.has_error_label("TransientTransactionError")


def _is_conflict(error: BaseException) -> bool:
    return getattr(driver_error(error), "code", None) == _WRITE_CONFLICT


def _delay_seconds(attempt: int) -> float:
    # Full jitter: those who collided once would otherwise meet again.
    longest = min(_LONGEST_DELAY_SECONDS, _FIRST_DELAY_SECONDS * 2 ** (attempt - 1))
    return _JITTER.uniform(0, longest)


def _report(event: str, error: BaseException, *, attempt: int, conflict_level: int) -> None:
    cause = driver_error(error)
    # That two meet at one row is the ordinary way of things, and whoever gave up is told.
    _log.log(
        conflict_level if _is_conflict(error) else logging.WARNING,
        event,
        extra={
            "attempt": attempt,
            "error": type(cause).__name__,
            "error_code": getattr(cause, "code", None),
        },
    )
