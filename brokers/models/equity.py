"""What is stored of what accounts were worth, day by day."""

from __future__ import annotations

from django.db import models

from common.fields import MoneyField
from common.models import Timestamped


class EquityDay(Timestamped):
    """What a broker says that an account was worth at the end of a day, beside our own figure."""

    connection = models.ForeignKey(
        "brokers.Connection", on_delete=models.CASCADE, related_name="equity_days"
    )
    #: By the clock of the broker's market.
    day = models.DateField()
    currency = models.CharField(max_length=3)
    theirs = MoneyField(max_digits=28, decimal_places=10)
    #: Of the account's rows as they were when this was compared; null where a price is unknown.
    ours = MoneyField(max_digits=28, decimal_places=10, null=True)
    compared_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "day"], name="one_equity_a_day"),
        ]
        indexes = [
            models.Index(fields=["connection", "-day", "-id"], name="equity_of_connection"),
        ]

    def __str__(self) -> str:
        return f"{self.day} of {self.connection_id} ({self.pk})"
