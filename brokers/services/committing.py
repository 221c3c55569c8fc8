"""Write a preview into the ledger, or take a whole import out of it again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import product

from bson import ObjectId

from brokers.domain.imports import RowState, RunState
from brokers.models import ImportRow, ImportRun
from brokers.services import missed_days, runs
from brokers.services.lots import restore_lots
from brokers.services.matching import (
    PREFIXES,
    is_to_be_made,
    stored_draft,
    wanted_instrument,
)
from common.transactions import run_in_transaction
from marketdata import selectors as market
from marketdata import services as market_services
from portfolios import selectors as portfolios
from portfolios.domain.transactions import fingerprint
from portfolios.services import ledger
from portfolios.services.ledger import ImportOrigin

_BATCH = 500


def request_commit(run: ImportRun, *, now: datetime) -> ImportRun:
    """Decide that a preview is committed; the rows are written by a job.

    Raises:
        WrongState: the import is not waiting to be checked.
    """
    return runs.move(run.pk, to=RunState.COMMITTING, allowed=(RunState.PREVIEW,), now=now)


def request_undo(run: ImportRun, *, now: datetime) -> ImportRun:
    """Decide that a committed import is taken out again; the rows are voided by a job.

    Raises:
        WrongState: the import is not committed.
    """
    return runs.move(run.pk, to=RunState.UNDOING, allowed=(RunState.COMMITTED,), now=now)


def commit(run_id: ObjectId, *, clock: Callable[[], datetime]) -> ImportRun | None:
    """Write an import's new rows into the ledger, batch by batch.

    Each batch is a transaction that also stores how far the import has come, so a worker that
    takes over goes on exactly there. Rows that got into the ledger by another way since the
    preview are left out as duplicates.
    """
    run = runs.take_on(run_id, state=RunState.COMMITTING, now=clock())
    if run is None:
        return None
    while rows := _next_rows(run):
        now = clock()
        _make_instruments(run, rows, now=now)
        _follow_merges(rows)
        progress = run_in_transaction(partial(_commit_batch, run, rows, now=now))
        for name, value in progress.items():
            setattr(run, name, value)
        runs.announce(run)
    restore_lots(run, now=clock())
    now = clock()
    missed_days.settle_by_import(run, now=now)
    runs.report(run, now=now, state=RunState.COMMITTED.value, finished_at=now)
    runs.announce(run)
    return run


def undo(run_id: ObjectId, *, clock: Callable[[], datetime]) -> ImportRun | None:
    """Void every row that an import brought into the ledger."""
    run = runs.take_on(run_id, state=RunState.UNDOING, now=clock())
    if run is None:
        return None
    while ledger.void_imported(
        run.portfolio_id,
        run_id=str(run.pk),
        limit=_BATCH,
        changed_by=run.owner_id,
        now=clock(),
    ):
        runs.report(run, now=clock())
    now = clock()
    missed_days.reopen_by_import(run, now=now)
    runs.report(run, now=now, state=RunState.UNDONE.value, finished_at=now)
    runs.announce(run)
    return run


def _next_rows(run: ImportRun) -> list[ImportRow]:
    return list(
        ImportRow.objects.filter(
            run_id=run.pk, state=RowState.NEW.value, number__gt=run.committed_through
        ).order_by("number")[:_BATCH]
    )


def _make_instruments(run: ImportRun, rows: Sequence[ImportRow], *, now: datetime) -> None:
    """Make the instruments that these rows lack; those made earlier are found again."""
    for row, prefix in product(rows, PREFIXES):
        if is_to_be_made(row.content.get(f"{prefix}instrument_id")):
            wanted = wanted_instrument(row.content, prefix)
            found = market.find_own_instrument(
                user_id=run.owner_id, symbol=wanted["symbol"], currency=wanted["currency"]
            ) or market_services.create_instrument(run.owner_id, **wanted, now=now)
            row.content[f"{prefix}instrument_id"] = str(found.pk)


def _follow_merges(rows: Sequence[ImportRow]) -> None:
    """Name what instruments have turned out to be since the preview."""
    names = [f"{prefix}instrument_id" for prefix in PREFIXES]
    ids = {row.content[name] for row in rows for name in names if row.content.get(name)}
    merged = market.current_ids(ids)
    for row in rows:
        for name in names:
            if row.content.get(name) in merged:
                row.content[name] = merged[row.content[name]]


def _commit_batch(run: ImportRun, rows: Sequence[ImportRow], *, now: datetime) -> dict[str, int]:
    runs.still_mine(run, now=now)
    drafts = [(row, stored_draft(row.content)) for row in rows]
    marks = {row.pk: fingerprint(draft) for row, draft in drafts}
    known = portfolios.count_fingerprints(
        run.portfolio_id, fingerprints=list(marks.values()), excluding_run=str(run.pk)
    )
    fresh = [(row, draft) for row, draft in drafts if row.copy > known.get(marks[row.pk], 0)]
    ledger.record_imported(
        run.portfolio_id,
        # Which lots a sale takes can only be said once all rows have become transactions.
        drafts=[
            (replace(draft, lots=()), ImportOrigin(str(run.pk), row.number)) for row, draft in fresh
        ],
        now=now,
    )
    written = {row.pk for row, _ in fresh}
    late = [row.pk for row in rows if row.pk not in written]
    if late:
        ImportRow.objects.filter(pk__in=late).update(state=RowState.DUPLICATE.value)
    progress = {
        "committed_through": rows[-1].number,
        "rows_done": run.rows_done + len(fresh),
        "rows_new": run.rows_new - len(late),
        "rows_duplicate": run.rows_duplicate + len(late),
    }
    ImportRun.objects.filter(pk=run.pk).update(**progress)
    return progress
