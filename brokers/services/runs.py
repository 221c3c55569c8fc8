"""Who works on an import: one worker at a time, and how far it has come."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from bson import ObjectId

from brokers.domain.imports import RunState
from brokers.events import import_progressed
from brokers.models import ImportRun
from brokers.selectors import progress_of
from common.errors import Conflict
from common.transactions import run_in_transaction

#: A file that could not be read so often is refused.
MOST_ATTEMPTS = 5


class WrongState(Conflict):
    """The import isn't in a state in which that can be done."""

    code = "import-in-wrong-state"


class Replaced(Conflict):
    """Another worker has taken this import on."""

    code = "import-taken-over"


def move(
    run_id: ObjectId, *, to: RunState, allowed: Collection[RunState], now: datetime
) -> ImportRun:
    """Put an import into another state, if it is in one of those allowed; return it as it is then.

    Raises:
        WrongState: it is in none of them.
    """

    def change() -> ImportRun:
        run = ImportRun.objects.get(pk=run_id)
        if run.state not in {state.value for state in allowed}:
            raise WrongState(f"The import is {RunState(run.state).label.lower()}.")
        run.state, run.updated_at = to.value, now
        run.save(update_fields=["state", "updated_at"])
        return run

    return run_in_transaction(change)


def take_on(run_id: ObjectId, *, state: RunState, now: datetime) -> ImportRun | None:
    """Become the one worker of an import in a state; None when it isn't in that state (any more).

    Whoever worked on it before notices at its next `report`.
    """

    def take() -> ImportRun | None:
        run = ImportRun.objects.filter(pk=run_id, state=state.value).first()
        if run is not None:
            run.attempt += 1
            run.updated_at = now
            run.save(update_fields=["attempt", "updated_at"])
        return run

    return run_in_transaction(take)


def report(run: ImportRun, *, now: datetime, **changes: Any) -> None:
    """Store an import's progress and tell whoever watches.

    Raises:
        Replaced: another worker has taken it on.
    """
    for name, value in changes.items():
        setattr(run, name, value)
    run.updated_at = now
    stored = ImportRun.objects.filter(pk=run.pk, attempt=run.attempt).update(
        **changes, updated_at=now
    )
    if not stored:
        raise Replaced


def still_mine(run: ImportRun, *, now: datetime) -> None:
    """Sign a life in the caller's transaction, which conflicts with a takeover at the same time.

    Raises:
        Replaced: another worker has taken it on.
    """
    signed = ImportRun.objects.filter(pk=run.pk, attempt=run.attempt).update(updated_at=now)
    if not signed:
        raise Replaced


def announce(run: ImportRun) -> None:
    """Tell whoever watches where an import stands."""
    import_progressed.send_robust(
        sender=ImportRun, run=progress_of(run), owner_id=str(run.owner_id)
    )
