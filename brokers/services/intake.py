"""Take a file in: keep it, and open an import for it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bson import ObjectId

from brokers.adapters import payloads
from brokers.domain.imports import RunState
from brokers.models import ImportRow, ImportRun
from brokers.services import runs
from common.errors import InvalidInput
from common.texts import without_hidden
from common.transactions import run_in_transaction


class EmptyFile(InvalidInput):
    """The file is empty."""

    code = "empty-file"


def open_import(
    portfolio_id: ObjectId,
    *,
    owner_id: ObjectId,
    file_name: str,
    chunks: Iterable[bytes],
    creates_instruments: bool,
    now: datetime,
) -> ImportRun:
    """Keep an uploaded file and open an import for it; reading it is a job of its own.

    Args:
        creates_instruments: rows with symbols nobody knows make instruments of the owner's own
            instead of errors.

    Raises:
        EmptyFile: the file has no content.
    """
    payload = payloads.store(chunks, file_name=file_name)
    if payload.size == 0:
        payloads.delete(payload.id)
        raise EmptyFile
    run = ImportRun(
        portfolio_id=portfolio_id,
        owner_id=owner_id,
        file_name=without_hidden(file_name)[-200:],
        payload_id=payload.id,
        payload_size=payload.size,
        payload_sha256=payload.sha256,
        creates_instruments=creates_instruments,
        state=RunState.READING.value,
        started_at=now,
        created_at=now,
        updated_at=now,
    )
    run_in_transaction(lambda: run.save(force_insert=True))
    return run


def discard(run: ImportRun, *, now: datetime) -> None:
    """Throw an import away that was not committed, with its rows and its file.

    Raises:
        WrongState: it is being committed or undone, or has been.
    """
    runs.move(
        run.pk,
        to=RunState.DISCARDED,
        allowed=(RunState.READING, RunState.PREVIEW, RunState.REFUSED),
        now=now,
    )
    ImportRow.objects.filter(run_id=run.pk).delete()
    payloads.delete(run.payload_id)
