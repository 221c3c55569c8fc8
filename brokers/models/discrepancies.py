"""What is stored of differences between a broker's figures and the ledger's."""

from __future__ import annotations

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from brokers.domain.discrepancies import DiscrepancyState
from common.fields import MoneyField
from common.models import Timestamped


class Discrepancy(Timestamped):
    """One figure that differs, from the sync that found it to the end of it."""

    connection = models.ForeignKey(
        "brokers.Connection", on_delete=models.CASCADE, related_name="discrepancies"
    )
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    #: `quantity`, `cost` or `cash`.
    measure = models.CharField(max_length=16)
    #: A symbol, or a currency code.
    what = models.CharField(max_length=80)
    theirs = MoneyField(max_digits=28, decimal_places=10)
    #: Null is a cost that the ledger doesn't know.
    ours = MoneyField(max_digits=28, decimal_places=10, null=True)
    #: Empty for cash, and for what only the broker knows.
    instrument_id = models.CharField(max_length=24, blank=True)
    #: What the broker says was traded: `brokers.domain.events.InstrumentName` and its currency.
    named = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    #: What to look for, in words, and the same as `brokers.domain.discrepancies.Suggestion`.
    reason = models.CharField(max_length=500, blank=True)
    suggestion = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    state = models.CharField(
        max_length=16, choices=[(state.value, state.label) for state in DiscrepancyState]
    )
    #: Connection, measure and name while the difference is there, else null: so each is stored
    #: once while it lasts.
    live_for = models.CharField(max_length=140, null=True, blank=True, editable=False)  # noqa: DJ001 - only live ones are unique
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    #: Who put it aside or let the broker's figure hold, and when; of a resolved one only when.
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    #: The ledger's row that was made when the broker's figure was accepted.
    transaction_id = models.CharField(max_length=24, blank=True)

    class Meta:
        verbose_name_plural = "discrepancies"
        constraints = [
            models.UniqueConstraint(fields=["live_for"], name="one_discrepancy_a_figure"),
        ]
        indexes = [
            models.Index(fields=["connection", "state", "-id"], name="discrepancies_by_state"),
            models.Index(fields=["connection", "live_for"], name="discrepancies_live"),
            models.Index(fields=["connection", "-id"], name="discrepancies_newest"),
        ]

    @property
    def currency(self) -> str:
        """Return what its figures are in; empty where they are units."""
        if self.measure == "cash":
            return self.what
        return str(self.named.get("currency", "")) if self.measure == "cost" else ""

    def __str__(self) -> str:
        return f"{self.measure} of {self.what} ({self.pk})"
