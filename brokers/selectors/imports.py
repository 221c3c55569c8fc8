"""Ask about imports."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from django.db.models import Q, QuerySet

from brokers.domain.imports import RowState, RunState
from brokers.models import ImportRow, ImportRun
from common.errors import NotFound

#: A worker that has said nothing for this long is taken for dead.
LOST_AFTER = timedelta(seconds=60)
_UNFINISHED = [RunState.READING.value, RunState.COMMITTING.value, RunState.UNDOING.value]


class ImportNotFound(NotFound):
    """There is no such import."""

    code = "import-not-found"


def get_import(run_id: ObjectId, *, portfolio_id: ObjectId, owner_id: ObjectId) -> ImportRun:
    """Load one import of an owner's portfolio.

    Raises:
        ImportNotFound: there is none, or it is somebody else's.
    """
    run = ImportRun.objects.filter(pk=run_id, portfolio_id=portfolio_id, owner_id=owner_id).first()
    if run is None:
        raise ImportNotFound
    return run


def list_imports(portfolio_id: ObjectId) -> QuerySet[ImportRun]:
    """List a portfolio's imports, newest first, without those thrown away."""
    return (
        ImportRun.objects.filter(portfolio_id=portfolio_id)
        .exclude(state=RunState.DISCARDED.value)
        .order_by("-created_at", "-id")
    )


def list_rows(run_id: ObjectId, *, state: RowState | None = None) -> QuerySet[ImportRow]:
    """List the rows of an import in the file's order."""
    rows = ImportRow.objects.filter(run_id=run_id)
    if state is not None:
        rows = rows.filter(state=state.value)
    return rows.order_by("number")


def list_lost(*, now: datetime) -> QuerySet[ImportRun]:
    """List the imports whose worker has said nothing for too long."""
    return ImportRun.objects.filter(
        state__in=_UNFINISHED, updated_at__lte=now - LOST_AFTER
    ).order_by("updated_at")


def progress_of(run: ImportRun) -> Mapping[str, Any]:
    """Describe where an import stands, as it goes over the socket."""
    return {
        "id": str(run.pk),
        "kind": "import",
        "portfolio": str(run.portfolio_id),
        "state": run.state,
        "done": run.rows_done,
        "total": run.rows_total,
        "counts": {
            "new": run.rows_new,
            "duplicate": run.rows_duplicate,
            "error": run.rows_error,
        },
        "error": run.error or None,
    }


def count_waiting(instrument_id: ObjectId) -> int:
    """Count the rows of imports that may still be committed and that speak of an instrument."""
    waiting = [RunState.READING.value, RunState.PREVIEW.value, RunState.COMMITTING.value]
    runs = list(ImportRun.objects.filter(state__in=waiting).values_list("pk", flat=True))
    key = str(instrument_id)
    rows = ImportRow.objects.filter(run_id__in=runs, state=RowState.NEW.value)
    return rows.filter(Q(content__instrument_id=key) | Q(content__to_instrument_id=key)).count()
