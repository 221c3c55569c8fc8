"""What is stored of prices within days, and how far sources have told them."""

from __future__ import annotations

from django.db import models

from marketdata.domain.intraday import Interval
from marketdata.models.instruments import Instrument

#: What is stored; the others are merged from these when they are read.
_STORED = (Interval.MINUTE, Interval.HOUR)


class BarPack(models.Model):
    """An instrument's bars of one source: an hour of minutes, or a day of hours, unadjusted.

    `marketdata.services.intraday` is the one place that writes it, and says how.
    """

    instrument = models.ForeignKey(
        Instrument, on_delete=models.CASCADE, related_name="bar_packs", db_index=False
    )
    interval = models.CharField(
        max_length=2, choices=[(each.value, each.value) for each in _STORED]
    )
    #: When the hour or the day begins.
    start = models.DateTimeField()
    source = models.CharField(max_length=32)
    #: `{"b05": {"first": {"at": …, "price": …}, "high": …, "low": …, "last": {…}, "final": true}}`,
    #: by the minute of the hour or the hour of the day.
    bars = models.JSONField(default=dict)

    class Meta:
        constraints = [
            # Charts read a span of one instrument in order.
            models.UniqueConstraint(
                fields=["instrument", "interval", "start", "source"], name="one_bar_pack"
            ),
        ]
        indexes = [
            # What is out of its window is found by its age, and what is being sampled by its youth.
            models.Index(fields=["interval", "start"], name="bar_packs_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.instrument_id} {self.interval} {self.start:%Y-%m-%d %H:%M} {self.source}"


class MinuteFill(models.Model):
    """How far sources have told the minutes of an instrument."""

    instrument = models.OneToOneField(Instrument, on_delete=models.CASCADE, related_name="+")
    #: The first minute that nobody was asked for.
    asked_until = models.DateTimeField()
    asked_at = models.DateTimeField("last asked")
    #: Who told the newest of them, and how many were told in all.
    source = models.CharField(max_length=32, blank=True, default="")
    written = models.PositiveBigIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["-asked_at", "id"], name="fills_by_moment")]

    def __str__(self) -> str:
        return f"{self.instrument_id} until {self.asked_until:%Y-%m-%d %H:%M}"
