"""What is stored of answers and rows that couldn't be read or booked."""

from __future__ import annotations

from django.db import models

from brokers.domain.dead_letters import LetterStage, LetterState
from common.models import Timestamped


class DeadLetter(Timestamped):
    """Something a broker sent that waits for a fault to be mended; `created_at` is its first time.

    Of a stream's answers one at most: the newest that failed, for the stream doesn't go on before
    it can be read.
    """

    connection = models.ForeignKey(
        "brokers.Connection", on_delete=models.CASCADE, related_name="dead_letters"
    )
    #: What it came in; null once that is deleted, after which it can't be replayed.
    payload = models.ForeignKey(
        "brokers.RawPayload", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    broker = models.CharField(max_length=24)
    stream = models.CharField(max_length=16)
    stage = models.CharField(
        max_length=16, choices=[(stage.value, stage.label) for stage in LetterStage]
    )
    #: The broker's id of the row; empty for a whole answer.
    external_id = models.CharField(max_length=100, blank=True)
    #: The class of what was raised, and its words.
    failure = models.CharField(max_length=80)
    error = models.CharField(max_length=500)
    attempts = models.PositiveIntegerField(default=1)
    #: Of the reading that failed last.
    adapter_version = models.PositiveIntegerField()
    last_seen_at = models.DateTimeField()
    state = models.CharField(
        max_length=16, choices=[(state.value, state.label) for state in LetterState]
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "stream", "external_id"], name="one_letter_a_row"
            ),
        ]
        indexes = [
            models.Index(fields=["connection", "stream", "external_id"], name="letters_by_row"),
            models.Index(fields=["state", "-id"], name="letters_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.broker} {self.stream} {self.external_id or 'page'} ({self.pk})"
