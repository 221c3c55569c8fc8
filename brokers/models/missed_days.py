"""What is stored of trading days that a broker can't tell any more."""

from __future__ import annotations

from django.db import models

from brokers.domain.missed_days import MissedDayState
from common.models import Timestamped


class MissedDay(Timestamped):
    """A trading day of which not all was read while the broker told it."""

    connection = models.ForeignKey(
        "brokers.Connection", on_delete=models.CASCADE, related_name="missed_days"
    )
    #: By the clock of the exchange.
    day = models.DateField()
    #: Until when its trades are known; null where none of them is.
    read_until = models.DateTimeField(null=True, blank=True)
    state = models.CharField(
        max_length=16, choices=[(state.value, state.label) for state in MissedDayState]
    )
    settled_at = models.DateTimeField(null=True, blank=True)
    #: The import that brought its trades; empty where its owner says that nothing is missing.
    import_id = models.CharField(max_length=24, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "day"], name="one_missed_day_a_day"),
        ]
        indexes = [
            models.Index(fields=["connection", "-day", "-id"], name="missed_days_of_connection"),
            models.Index(fields=["connection", "state", "-day"], name="missed_days_by_state"),
            models.Index(fields=["import_id"], name="missed_days_by_import"),
        ]

    def __str__(self) -> str:
        return f"{self.day} of {self.connection_id} ({self.pk})"
