"""What is stored of daily closes: where they come from, how they get in, and what is doubtful."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from common.fields import price_field
from common.models import Timestamped
from marketdata.domain.backfills import BackfillState, Trigger
from marketdata.domain.doubts import Doubt, Verdict
from marketdata.domain.sources import Need
from marketdata.models.instruments import Instrument


class PriceBar(models.Model):
    """One day's close of one instrument, unadjusted."""

    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="bars")
    date = models.DateField()
    close = price_field()
    source = models.CharField(max_length=32)
    #: The unit that the source quotes in, such as `GBp`, where the close was brought from it into
    #: the currency of the instrument.
    told_in = models.CharField(max_length=5, blank=True, default="")
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["instrument", "date"], name="one_bar_a_day"),
        ]
        indexes = [models.Index(fields=["date", "instrument"], name="bar_date")]

    def __str__(self) -> str:
        return f"{self.instrument_id} {self.date}"


class CloseYear(models.Model):
    """An instrument's closes of one year as `marketdata.domain.packing` packs them.

    Whoever values years of days reads these; `marketdata.services.bars` keeps them with the bars.
    """

    instrument = models.ForeignKey(
        Instrument, on_delete=models.CASCADE, related_name="close_years", db_index=False
    )
    year = models.PositiveSmallIntegerField()
    days = models.TextField()
    closes = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["instrument", "year"], name="one_pack_a_year"),
        ]

    def __str__(self) -> str:
        return f"{self.instrument_id} {self.year}"


class SourceRun(models.Model):
    """How a source of market data was last asked for one need, and what came of it."""

    OK, PARTIAL, FAILED = "ok", "partial", "failed"

    source = models.CharField(max_length=32)
    need = models.CharField(max_length=16, choices=[(each.value, each.label) for each in Need])
    state = models.CharField(
        max_length=8, choices=[(OK, "OK"), (PARTIAL, "Partly read"), (FAILED, "Failed")]
    )
    ran_at = models.DateTimeField()
    #: When it last answered, what was written then, and the newest day it has given so far.
    last_good_at = models.DateTimeField(null=True, blank=True)
    written = models.PositiveIntegerField(null=True, blank=True)
    newest_date = models.DateField(null=True, blank=True)
    #: Why it failed, and what could not be read.
    detail = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "need"], name="one_run_a_source"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.need}"


class Backfill(Timestamped):
    """The closes of one instrument from a day to another on their way in, chunk by chunk."""

    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="backfills")
    trigger = models.CharField(
        max_length=8, choices=[(each.value, each.label) for each in Trigger], editable=False
    )
    start = models.DateField("first day")
    end = models.DateField("last day")
    #: The first day that hasn't been asked for; after the last day once all have.
    next_date = models.DateField("reached", editable=False)
    state = models.CharField(
        max_length=8,
        choices=[(each.value, each.label) for each in BackfillState],
        default=BackfillState.QUEUED.value,
        editable=False,
    )
    #: The instrument while this is open, else null: so an instrument has one at most.
    open_for = models.CharField(max_length=24, null=True, blank=True, editable=False)  # noqa: DJ001 - only open ones are unique
    #: Grows with each worker that takes this on; one with an older number writes nothing.
    fence = models.PositiveBigIntegerField(default=0, editable=False)
    #: Until when its worker is believed to live.
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    #: How many workers were lost over it, and how often the present chunk has failed.
    lost = models.PositiveSmallIntegerField(default=0, editable=False)
    retries = models.PositiveSmallIntegerField(default=0, editable=False)
    #: When it goes on by itself.
    retry_at = models.DateTimeField(null=True, blank=True, editable=False)
    #: Who told the newest of its closes, and how many are new with it.
    source = models.CharField(max_length=32, blank=True, default="", editable=False)
    written = models.PositiveIntegerField(default=0, editable=False)
    #: The earliest day that got a close; what hangs on closes is out of date from there on.
    changed_from = models.DateField(null=True, blank=True, editable=False)
    error = models.CharField(max_length=500, blank=True, default="", editable=False)
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["open_for"], name="one_open_backfill"),
        ]
        indexes = [
            models.Index(fields=["instrument", "-id"], name="backfills_of"),
            models.Index(fields=["state", "updated_at"], name="backfills_open"),
            # The unique index is partial, which look-ups by equality can't use.
            models.Index(fields=["open_for"], name="backfill_open_for"),
        ]

    def __str__(self) -> str:
        return f"{self.instrument_id} {self.start} to {self.end}"


class HistoryCheck(models.Model):
    """What the last look at an instrument's closes found to be missing."""

    instrument = models.OneToOneField(Instrument, on_delete=models.CASCADE, related_name="+")
    checked_at = models.DateTimeField()
    #: Of all closes that were looked at: when one of them changes, all are looked at again.
    digest = models.CharField(max_length=32, editable=False)
    first_date = models.DateField("first close")
    last_date = models.DateField("last close")
    closes = models.PositiveIntegerField()
    #: How many sessions have no close; null where nobody knows when it is traded.
    missing = models.PositiveIntegerField("sessions without a close", null=True, blank=True)
    #: Where they are, as `marketdata.domain.gaps` stores it.
    gaps = models.JSONField(default=list, blank=True)

    class Meta:
        indexes = [models.Index(fields=["-missing", "id"], name="checks_by_missing")]

    def __str__(self) -> str:
        return f"{self.instrument_id} {self.first_date} to {self.last_date}"


class CloseDoubt(Timestamped):
    """A stored close that looks wrong, and what staff say of it; the close itself stays."""

    instrument = models.ForeignKey(
        Instrument, on_delete=models.CASCADE, related_name="doubts", db_index=False
    )
    date = models.DateField()
    doubt = models.CharField(max_length=8, choices=[(each.value, each.label) for each in Doubt])
    sentence = models.CharField(max_length=300)
    verdict = models.CharField(
        max_length=10,
        choices=[(each.value, each.label) for each in Verdict],
        default=Verdict.OPEN.value,
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["instrument", "date", "doubt"], name="one_doubt_a_close"
            ),
        ]
        indexes = [
            models.Index(fields=["verdict", "-date", "id"], name="doubts_by_verdict"),
            models.Index(fields=["-date", "id"], name="doubts_by_date"),
        ]

    def __str__(self) -> str:
        return f"{self.instrument_id} {self.date} {self.doubt}"
