"""Background jobs of imports: reading, committing, undoing, and taking on lost ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import structlog
from bson import ObjectId
from celery import Task, shared_task
from django.conf import settings
from kombu.exceptions import OperationalError

from brokers import selectors
from brokers.domain.imports import RunState
from brokers.models import ImportRun
from brokers.services import committing, reading, runs
from common import clock
from portfolios import selectors as portfolios
from portfolios.tasks import request_recalculation

log = structlog.get_logger(__name__)


@shared_task(name="brokers.tasks.read_import")
def read_import(*, run_id: str, **_later: Any) -> None:
    """Make the preview of an uploaded file."""
    _work(run_id, partial(reading.read, row_limit=settings.IMPORT_MAX_ROWS))


@shared_task(name="brokers.tasks.commit_import")
def commit_import(*, run_id: str, **_later: Any) -> None:
    """Write a checked preview into the ledger."""
    _recalculate(_work(run_id, committing.commit))


@shared_task(name="brokers.tasks.undo_import")
def undo_import(*, run_id: str, **_later: Any) -> None:
    """Take a committed import out of the ledger again."""
    _recalculate(_work(run_id, committing.undo))


@shared_task(name="brokers.tasks.resume_imports")
def resume_imports(**_later: Any) -> None:
    """Take on the imports whose worker was lost."""
    now = clock.now()
    for run in selectors.list_lost(now=now):
        if run.attempt >= runs.MOST_ATTEMPTS and run.state == RunState.READING.value:
            # It has brought down a worker each time; nothing is lost by refusing it.
            reading.give_up(run, now=now)
        else:
            log.info("import.resumed", run_id=str(run.pk), state=run.state)
            start_job(run)


def start_job(run: ImportRun) -> None:
    """Queue the job that an import's state calls for; called by interfaces.

    With the queue out of reach, `resume_imports` starts it later.
    """
    try:
        _JOBS[RunState(run.state)].apply_async(kwargs={"run_id": str(run.pk)}, retry=False)
    except OperationalError:
        log.warning("import.not_queued", run_id=str(run.pk))


_JOBS: Mapping[RunState, Task[Any, None]] = {
    RunState.READING: read_import,
    RunState.COMMITTING: commit_import,
    RunState.UNDOING: undo_import,
}


def _work(run_id: str, step: Callable[..., ImportRun | None]) -> ImportRun | None:
    """Do one step of an import, unless somebody else does or has done it."""
    try:
        run = step(ObjectId(run_id), clock=clock.now)
    except runs.Replaced:
        log.info("import.taken_over", run_id=run_id)
        return None
    if run is not None:
        log.info("import.moved_on", run_id=run_id, state=run.state, rows=run.rows_done)
    return run


def _recalculate(run: ImportRun | None) -> None:
    if run is None:
        return
    portfolio = portfolios.find_portfolio_for(str(run.owner_id), str(run.portfolio_id))
    if portfolio is not None:
        request_recalculation(portfolio)
