"""What is stored of imports: the run, its rows, and where the file is kept."""

from __future__ import annotations

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from brokers.domain.imports import RowState, RunState
from common.models import Timestamped


class ImportRun(Timestamped):
    """One file on its way into a ledger: read, previewed, committed, perhaps undone."""

    portfolio = models.ForeignKey(
        "portfolios.Portfolio", on_delete=models.CASCADE, related_name="import_runs"
    )
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    file_name = models.CharField(max_length=200)
    #: Key of the file in GridFS, kept as it came.
    payload_id = models.CharField(max_length=24)
    payload_size = models.PositiveBigIntegerField()
    payload_sha256 = models.CharField(max_length=64)
    file_format = models.CharField(max_length=24, blank=True)
    creates_instruments = models.BooleanField(default=False)
    state = models.CharField(
        max_length=16,
        choices=[(state.value, state.label) for state in RunState],
        default=RunState.READING.value,
    )
    rows_total = models.PositiveIntegerField(default=0)
    rows_new = models.PositiveIntegerField(default=0)
    rows_duplicate = models.PositiveIntegerField(default=0)
    rows_error = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    #: Grows each time a worker takes the run on; a worker with an older one has been replaced.
    attempt = models.PositiveIntegerField(default=0, editable=False)
    #: The last row that is committed, from which a restarted worker goes on.
    committed_through = models.PositiveIntegerField(default=0, editable=False)
    #: Why the whole file was refused, in words.
    error = models.CharField(max_length=500, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["portfolio", "-created_at", "-id"], name="imports_of_portfolio"),
            models.Index(fields=["owner", "-created_at"], name="imports_of_owner"),
            models.Index(fields=["state", "updated_at"], name="imports_unfinished"),
        ]

    def __str__(self) -> str:
        return f"{self.file_name} ({self.pk})"


class ImportRow(models.Model):
    """One row of a file, and what committing it would do."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="rows")
    #: The line of a CSV file, the position in a JSON list; counts from 1.
    number = models.PositiveIntegerField()
    state = models.CharField(
        max_length=16, choices=[(state.value, state.label) for state in RowState]
    )
    #: The normalised transaction, decimals as texts; empty for a row that can't be read.
    content = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    #: The row as the file has it, for the preview.
    raw = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    #: A list of `{"field": …, "message": …}`.
    errors = models.JSONField(default=list)
    fingerprint = models.CharField(max_length=32, blank=True)
    #: The how-manieth equal row of the file this is; counts from 1.
    copy = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="one_row_a_number"),
        ]
        indexes = [models.Index(fields=["run", "state", "number"], name="import_rows_by_state")]

    def __str__(self) -> str:
        return f"{self.run_id} row {self.number}"
