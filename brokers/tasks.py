"""Background jobs of imports and syncs, and of taking on those that were lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import structlog
from bson import ObjectId
from celery import Task, shared_task
from django.conf import settings
from django.urls import reverse
from kombu.exceptions import OperationalError

from accounts import services as accounts
from brokers import selectors
from brokers.adapters import login_mail
from brokers.adapters.brokers import get_broker
from brokers.domain.imports import RunState
from brokers.models import Connection, ImportRun, Sync
from brokers.services import (
    booking,
    committing,
    connecting,
    generations,
    logins,
    missed_days,
    payloads,
    reading,
    runs,
    syncing,
    syncs,
)
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


@shared_task(name="brokers.tasks.run_sync")
def run_sync(*, sync_id: str, **_later: Any) -> None:
    """Do a sync, or go on with one whose worker was lost."""
    try:
        sync = syncing.run(ObjectId(sync_id), clock=clock.now)
    except booking.Replaced:
        log.info("sync.taken_over", sync_id=sync_id)
        return
    if sync is None:
        return
    log.info(
        "sync.moved_on",
        sync_id=sync_id,
        connection_id=str(sync.connection_id),
        state=sync.state,
        new=sync.rows_new,
        changed=sync.rows_changed,
        unbooked=sync.rows_unbooked,
        calls=sync.calls,
    )
    recalculate_after(sync.connection)
    _tell_to_log_in(sync.connection)


@shared_task(name="brokers.tasks.remove_connection_rows")
def remove_connection_rows(*, connection_id: str, **_later: Any) -> None:
    """Take what a connection brought out of the ledger."""
    connection = connecting.remove_rows(ObjectId(connection_id), now=clock.now())
    if connection is not None:
        recalculate_after(connection)


@shared_task(name="brokers.tasks.resume_syncs")
def resume_syncs(**_later: Any) -> None:
    """Go on with the syncs that wait no longer, and take on those whose worker was lost."""
    now = clock.now()
    for sync in selectors.list_startable(now=now):
        if syncs.queue_again(sync, now=now):
            start_sync(sync)
    for connection in selectors.list_removing():
        start_removal(connection)


@shared_task(name="brokers.tasks.sync_due")
def sync_due(**_later: Any) -> None:
    """Start the syncs that are due."""
    now = clock.now()
    for connection in selectors.list_due(now=now):
        connecting.postpone(connection, now=now)
        try:
            sync, is_new = syncs.request_sync(connection, trigger="schedule", now=now)
        except connecting.NotNow:
            continue
        if is_new:
            start_sync(sync)


@shared_task(name="brokers.tasks.note_missed_days")
def note_missed_days(**_later: Any) -> None:
    """Note the trading days that brokers can't tell any more."""
    now = clock.now()
    for connection in selectors.list_watched():
        if get_broker(connection.broker).capabilities.tells_day_of is not None:
            missed_days.note_of(connection, now=now)


@shared_task(name="brokers.tasks.forget_payloads")
def forget_payloads(**_later: Any) -> None:
    """Delete the brokers' answers whose time is up."""
    now = clock.now()
    payloads.forget(now=now)
    generations.forget_changes(now=now)


def recalculate_after(connection: Connection) -> None:
    """Have figures follow what a connection's ledger says now; called by interfaces."""
    portfolio = portfolios.find_portfolio_for(
        str(connection.owner_id), str(connection.portfolio_id)
    )
    if portfolio is not None and portfolio.is_recalculating:
        request_recalculation(portfolio)


def start_sync(sync: Sync) -> None:
    """Queue a sync; called by interfaces. With the queue out of reach it starts later."""
    _queue(run_sync, sync_id=str(sync.pk))


def start_first_sync(connection: Connection) -> None:
    """Queue the sync of a connection that can be synced from now on; called by interfaces."""
    try:
        sync, _ = syncs.request_sync(connection, trigger="connect", now=clock.now())
    except connecting.NotNow:
        # It waits for its owner to log in, or is paused.
        return
    start_sync(sync)


def start_removal(connection: Connection) -> None:
    """Queue taking a connection's rows out of the ledger; called by interfaces."""
    _queue(remove_connection_rows, connection_id=str(connection.pk))


def _tell_to_log_in(connection: Connection) -> None:
    """Mail the owner of a connection that waits for a login, unless that was done not long ago."""
    claimed = logins.claim_notice(ObjectId(str(connection.pk)), now=clock.now())
    address = accounts.confirmed_address(claimed.owner) if claimed is not None else None
    if claimed is None or address is None:
        return
    path = reverse("connection", args=[claimed.portfolio_id, claimed.pk])
    label = get_broker(claimed.broker).capabilities.label
    try:
        login_mail.send_log_in(address, account=claimed.account, broker=label, path=path)
    except OSError as failure:
        log.warning("login.not_mailed", reason=type(failure).__name__)


def _queue(task: Task[Any, None], **names: str) -> None:
    try:
        task.apply_async(kwargs=names, retry=False)
    except OperationalError:
        log.warning("job.not_queued", task=task.name, **names)
