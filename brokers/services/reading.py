"""Read a kept file into a preview, row by row, in flat memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice

from bson import ObjectId

from brokers.adapters import payloads
from brokers.adapters.base import StatementFormat
from brokers.adapters.registry import recognize
from brokers.domain.imports import RowState, RunState
from brokers.domain.statements import StatementRow
from brokers.models import ImportRow, ImportRun
from brokers.services import connecting, runs
from brokers.services.matching import Matcher
from common.errors import Failure, InvalidInput
from common.transactions import run_in_transaction

_BATCH = 1_000
_HEAD_BYTES = 65_536


class TooManyRows(InvalidInput):
    """The file has more rows than one import may have."""

    code = "too-many-rows"


class Unreadable(InvalidInput):
    """The file could not be read, for a reason that is ours; it has been recorded."""

    code = "unreadable"


def read(run_id: ObjectId, *, row_limit: int, clock: Callable[[], datetime]) -> ImportRun | None:
    """Make an import's preview; a file that can't be read is refused whole, with the reason.

    Starts from scratch each time, so a worker that died half-way leaves nothing wrong.

    Args:
        row_limit: a file with more rows is refused.
        clock: asked at each batch, because a long file takes minutes.
    """
    run = runs.take_on(run_id, state=RunState.READING, now=clock())
    if run is None:
        return None
    ImportRow.objects.filter(run_id=run.pk).delete()
    try:
        _read_rows(run, row_limit=row_limit, clock=clock)
    except (InvalidInput, payloads.PayloadGone) as error:
        _refuse(run, error, now=clock())
    return run


def give_up(run: ImportRun, *, now: datetime) -> None:
    """Refuse a file on which every worker has failed."""
    _refuse(run, Unreadable(), now=now)


def _read_rows(run: ImportRun, *, row_limit: int, clock: Callable[[], datetime]) -> None:
    statement_format = _recognize(run)
    run.file_format = statement_format.name
    matcher = Matcher(
        run=run, today=clock().date(), accounts=connecting.accounts_by_broker(run.portfolio_id)
    )
    counts: Counter[str] = Counter()
    with payloads.open_payload(run.payload_id) as stream:
        for batch in _batches(statement_format.rows(stream)):
            rows = matcher.match(batch)
            counts.update(row.state for row in rows)
            total = counts.total()
            if total > row_limit:
                raise TooManyRows(
                    f"The file has more than {row_limit:,} rows. Split it and import the parts."
                )
            ImportRow.objects.bulk_create(rows)
            _report(run, counts, state=RunState.READING, now=clock())
    _report(run, counts, state=RunState.PREVIEW, now=clock())


def _recognize(run: ImportRun) -> StatementFormat:
    with payloads.open_payload(run.payload_id) as stream:
        return recognize(stream.read(_HEAD_BYTES), run.file_name)


def _batches(rows: Iterator[StatementRow]) -> Iterator[list[StatementRow]]:
    while batch := list(islice(rows, _BATCH)):
        yield batch


def _report(run: ImportRun, counts: Counter[str], *, state: RunState, now: datetime) -> None:
    runs.report(
        run,
        now=now,
        state=state.value,
        file_format=run.file_format,
        rows_total=counts.total(),
        rows_done=0,
        rows_new=counts[RowState.NEW.value],
        rows_duplicate=counts[RowState.DUPLICATE.value],
        rows_error=counts[RowState.ERROR.value],
    )
    runs.announce(run)


def _refuse(run: ImportRun, error: Failure, *, now: datetime) -> None:
    def refuse() -> None:
        ImportRow.objects.filter(run_id=run.pk).delete()
        runs.report(
            run,
            now=now,
            state=RunState.REFUSED.value,
            error=error.detail[:500],
            rows_total=0,
            rows_new=0,
            rows_duplicate=0,
            rows_error=0,
            finished_at=now,
        )

    run_in_transaction(refuse)
    runs.announce(run)
