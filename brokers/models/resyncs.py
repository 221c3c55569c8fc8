"""What is stored of generations: an account read anew, to be compared and switched to."""

from __future__ import annotations

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from brokers.domain.resyncs import ResyncState
from common.models import Timestamped


class Resync(Timestamped):
    """A whole history that was fetched anew beside what is booked; `sync` fetched it."""

    connection = models.ForeignKey(
        "brokers.Connection", on_delete=models.CASCADE, related_name="resyncs"
    )
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    sync = models.ForeignKey("brokers.Sync", on_delete=models.CASCADE, related_name="+")
    state = models.CharField(
        max_length=16, choices=[(state.value, state.label) for state in ResyncState]
    )
    #: What switching does, or did: `brokers.domain.resyncs.Difference` as texts.
    difference = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    error = models.CharField(max_length=500, blank=True)
    switched_at = models.DateTimeField(null=True, blank=True)
    undo_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["connection", "-id"], name="resyncs_of_connection"),
        ]

    def __str__(self) -> str:
        return f"resync of {self.connection_id} ({self.pk})"


class ResyncChange(models.Model):
    """One broker's row as it was before a switch, by which the switch is undone."""

    resync = models.ForeignKey(Resync, on_delete=models.CASCADE, related_name="changes")
    row_id = models.CharField(max_length=24)
    #: The fields of the row; empty where there was none.
    before = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    #: What it had booked was in the ledger, and not deleted there.
    was_present = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["resync", "id"], name="resync_changes")]

    def __str__(self) -> str:
        return f"{self.row_id} before {self.resync_id}"
