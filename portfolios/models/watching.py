"""What is stored of what people watch: their lists, their alerts, and what those have told."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from common.fields import price_field
from common.models import Timestamped
from portfolios.domain.alerts import AlertKind, AlertState

_KINDS = [(kind.value, kind.label) for kind in AlertKind]


class Watchlist(Timestamped):
    """A named list of instruments, in an order of its owner's."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=80)
    #: In order: {"instrument": id as text, "note": text}. One document, so one write each change.
    entries = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="one_watchlist_name_an_owner"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.pk})"


class Alert(Timestamped):
    """A rule about an instrument or a portfolio, and where it stands.

    `firings` counts how often it fired. It is part of the key of each firing, which is written in
    the same transaction: whoever decides twice about one crossing writes nothing the second time.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=16, choices=_KINDS)
    #: What it is about: exactly one of the two.
    instrument = models.ForeignKey(
        "marketdata.Instrument", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    portfolio = models.ForeignKey(
        "portfolios.Portfolio", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    #: A price, a fraction or minutes, as the kind has it.
    limit = price_field()
    #: The price that a move is measured from.
    reference = price_field(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True)
    by_email = models.BooleanField(default=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    is_paused = models.BooleanField(default=False)
    state = models.CharField(
        max_length=8,
        choices=[(state.value, state.value) for state in AlertState],
        default=AlertState.ARMED.value,
        editable=False,
    )
    #: When what it was last moved by was true; nothing older may move it again.
    observed_at = models.DateTimeField(null=True, blank=True, editable=False)
    firings = models.PositiveIntegerField(default=0, editable=False)
    fired_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["owner", "-id"], name="alert_of_owner"),
            models.Index(fields=["owner", "instrument", "-id"], name="alert_of_instrument"),
            models.Index(fields=["is_paused", "kind"], name="alert_at_work"),
            models.Index(fields=["updated_at"], name="alert_changed"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.limit} ({self.pk})"


class Firing(models.Model):
    """One time that an alert fired: a line of its owner's inbox, told to them once."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    #: The alert may be gone by now; what it said stays.
    alert_key = models.CharField(max_length=24)
    #: Which of the alert's firings, from 1.
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=16, choices=_KINDS)
    instrument = models.ForeignKey(
        "marketdata.Instrument", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    portfolio = models.ForeignKey(
        "portfolios.Portfolio", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    #: What was watched for, and what was seen, in words.
    title = models.CharField(max_length=200)
    detail = models.CharField(max_length=200)
    note = models.CharField(max_length=200, blank=True)
    value = price_field()
    observed_at = models.DateTimeField()
    fired_at = models.DateTimeField()
    is_read = models.BooleanField(default=False)
    by_email = models.BooleanField(default=True)
    #: When it was told over the live stream.
    announced_at = models.DateTimeField(null=True, blank=True)
    #: Until when it waits for its delivery, or for the next try; null once that is done.
    deliver_after = models.DateTimeField(null=True, blank=True)
    delivery_failures = models.PositiveSmallIntegerField(default=0)
    emailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["alert_key", "number"], name="one_firing_a_crossing"),
        ]
        indexes = [
            models.Index(fields=["owner", "-id"], name="firing_of_owner"),
            models.Index(fields=["owner", "is_read", "-id"], name="firing_unread"),
            models.Index(fields=["deliver_after"], name="firing_due"),
        ]

    def __str__(self) -> str:
        return f"{self.alert_key} #{self.number}"
