"""What is stored of portfolios: the ledger, and the read models computed from it."""

from __future__ import annotations

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from common.fields import amount_field, price_field, quantity_field
from common.models import Timestamped
from portfolios.domain.kinds import Kind


class Portfolio(Timestamped):
    """A ledger with a name, an owner and the currency it is valued in.

    `ledger_revision` grows with each change of the ledger; `computed_revision` is the one the
    read models stand for. Where they differ, a recalculation is due: this pair, written in the
    ledger's own transaction, is the outbox from which lost jobs are started again.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="portfolios"
    )
    name = models.CharField(max_length=80)
    base_currency = models.CharField(max_length=5)
    #: Off for ledgers without deposits, whose cash would only be the negative of what was bought.
    tracks_cash = models.BooleanField(default=True)
    #: What was chosen otherwise than `portfolios.domain.policy.Policy` does by itself.
    policy = models.JSONField(default=dict, blank=True)
    ledger_revision = models.PositiveBigIntegerField(default=0, editable=False)
    computed_revision = models.PositiveBigIntegerField(default=0, editable=False)
    is_recalculating = models.BooleanField(default=False, editable=False)
    #: When a recalculation that is still due is started again, and how often one has failed.
    recalculate_after = models.DateTimeField(null=True, blank=True, editable=False)
    recalculation_failures = models.PositiveSmallIntegerField(default=0, editable=False)
    #: Written along with each checkpoint, so that it meets every change of the ledger.
    checkpointed_at = models.DateTimeField(null=True, blank=True, editable=False)
    #: The first day whose values the ledger's changes have touched since they were computed.
    stale_from = models.DateField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="one_name_an_owner"),
        ]
        indexes = [
            models.Index(fields=["is_recalculating", "recalculate_after"], name="portfolio_due"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.pk})"


class Transaction(Timestamped):
    """One row of the ledger, as it is known now.

    An edit replaces the row and keeps the one before it as a `TransactionRevision`; a delete only
    voids it. Which fields a kind needs is said in `portfolios.domain.transactions`.
    """

    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="transactions")
    kind = models.CharField(max_length=32, choices=[(kind.value, kind.label) for kind in Kind])
    instrument = models.ForeignKey(
        "marketdata.Instrument", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    account = models.CharField(max_length=80, blank=True)
    #: The day it counts for, in the account's own time zone.
    trade_date = models.DateField()
    executed_at = models.DateTimeField(null=True, blank=True)
    #: The broker's own order of rows within one instant.
    sequence = models.PositiveIntegerField(default=0)
    quantity = quantity_field(null=True, blank=True)
    price = price_field(null=True, blank=True)
    #: Gross cash of the kinds that have no quantity and price.
    amount = amount_field(null=True, blank=True)
    #: New units for each old one, of a split.
    ratio = quantity_field(null=True, blank=True)
    #: Interest bought or sold along with a bond.
    accrued = amount_field(default=0)
    fee = amount_field(default=0)
    tax = amount_field(default=0)
    #: The fraction of the cost that goes over to what was spun off.
    cost_share = quantity_field(null=True, blank=True)
    #: Which lots a sale takes: the row that opened each, and how many units of it, as texts.
    lots = models.JSONField(default=list, blank=True)
    to_instrument = models.ForeignKey(
        "marketdata.Instrument", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    to_account = models.CharField(max_length=80, blank=True, default="")
    to_currency = models.CharField(max_length=5, blank=True, default="")
    to_amount = amount_field(null=True, blank=True)
    currency = models.CharField(max_length=5)
    #: The rate really booked: portfolio currency for one unit of `currency`.
    fx_rate = price_field(null=True, blank=True)
    note = models.CharField(max_length=500, blank=True)

    revision = models.PositiveIntegerField(default=1, editable=False)
    is_void = models.BooleanField(default=False, editable=False)
    #: Equal rows have equal fingerprints, whichever file or form they came from.
    fingerprint = models.CharField(max_length=32, editable=False)
    #: The import that brought it, and its row there; together they make a repeated commit harmless.
    import_run_id = models.CharField(max_length=24, null=True, blank=True, editable=False)  # noqa: DJ001 - unknown differs from empty: only real runs are unique
    import_row = models.PositiveIntegerField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["import_run_id", "import_row"], name="one_transaction_an_import_row"
            ),
        ]
        indexes = [
            models.Index(
                fields=["portfolio", "is_void", "-trade_date", "-id"], name="ledger_by_date"
            ),
            models.Index(
                fields=["portfolio", "is_void", "instrument", "-trade_date", "-id"],
                name="ledger_by_instrument",
            ),
            models.Index(
                fields=["portfolio", "is_void", "kind", "-trade_date", "-id"],
                name="ledger_by_kind",
            ),
            # Of each instrument the first row that counts is read from it, past all others.
            models.Index(fields=["is_void", "instrument", "trade_date"], name="ledger_first_days"),
            models.Index(fields=["portfolio", "fingerprint"], name="ledger_by_fingerprint"),
            # The unique index is partial, which look-ups by equality can't use.
            models.Index(fields=["import_run_id", "import_row"], name="ledger_by_import"),
            models.Index(fields=["-created_at"], name="transaction_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.trade_date} ({self.pk})"


class TransactionRevision(models.Model):
    """How a transaction stood before it was changed, voided or restored."""

    #: The reason that ends a state in which the row was void.
    RESTORED = "restored"

    transaction = models.ForeignKey(Transaction, on_delete=models.CASCADE, related_name="revisions")
    revision = models.PositiveIntegerField()
    #: The row's fields as texts.
    state = models.JSONField(encoder=DjangoJSONEncoder)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    changed_at = models.DateTimeField()
    reason = models.CharField(max_length=80)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["transaction", "revision"], name="one_state_a_revision")
        ]

    def __str__(self) -> str:
        return f"{self.transaction_id} r{self.revision}"


class Position(Timestamped):
    """What a portfolio holds of one instrument; it was last written at the ledger's `revision`."""

    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="positions")
    instrument = models.ForeignKey(
        "marketdata.Instrument", on_delete=models.PROTECT, related_name="+"
    )
    revision = models.PositiveBigIntegerField()
    quantity = quantity_field()
    currency = models.CharField(max_length=5)
    #: Cost of the open lots in the instrument's currency, and in the portfolio's; null is unknown.
    cost = amount_field(null=True, blank=True)
    cost_base = amount_field(null=True, blank=True)
    realized_base = amount_field(null=True, blank=True)
    #: What of the realized gain prices and exchange rates made, before charges.
    price_gain_base = amount_field(null=True, blank=True)
    currency_gain_base = amount_field(null=True, blank=True)
    income_base = amount_field(null=True, blank=True)
    fees_base = amount_field(null=True, blank=True)
    taxes_base = amount_field(null=True, blank=True)
    opened_on = models.DateField(null=True, blank=True)
    #: How many units are in each account, decimals as texts.
    accounts = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    #: The open lots, oldest first, decimals as texts.
    lots = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    status = models.CharField(max_length=16)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["portfolio", "instrument"], name="one_position_an_instrument"
            ),
        ]
        indexes = [models.Index(fields=["instrument", "portfolio"], name="position_holders")]

    def __str__(self) -> str:
        return f"{self.portfolio_id}/{self.instrument_id}"


class Disposal(models.Model):
    """Units sold, or covered, and what was gained by it; computed, like positions."""

    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="disposals")
    transaction_id = models.CharField(max_length=24)
    #: Which of the disposals that one transaction makes.
    place = models.PositiveSmallIntegerField(default=0)
    instrument = models.ForeignKey(
        "marketdata.Instrument", on_delete=models.PROTECT, related_name="+"
    )
    revision = models.PositiveBigIntegerField()
    date = models.DateField()
    account = models.CharField(max_length=80, blank=True)
    is_short = models.BooleanField(default=False)
    currency = models.CharField(max_length=5)
    quantity = quantity_field()
    proceeds = amount_field(null=True, blank=True)
    cost = amount_field(null=True, blank=True)
    gain = amount_field(null=True, blank=True)
    proceeds_base = amount_field(null=True, blank=True)
    cost_base = amount_field(null=True, blank=True)
    gain_base = amount_field(null=True, blank=True)
    price_gain_base = amount_field(null=True, blank=True)
    currency_gain_base = amount_field(null=True, blank=True)
    charges_base = amount_field(null=True, blank=True)
    #: The parts of lots that went, decimals as texts.
    lots = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    #: Of all that was computed, to find out quickly whether it still is the same.
    digest = models.CharField(max_length=32, blank=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["portfolio", "transaction_id", "place"], name="one_disposal_a_place"
            ),
        ]
        # By transaction and not by id: a recalculation writes all of them anew, and a page that is
        # asked for afterwards must go on where the one before it ended.
        indexes = [
            models.Index(
                fields=["portfolio", "-date", "-transaction_id", "-place"], name="disposal_by_date"
            ),
            models.Index(
                fields=["portfolio", "instrument", "-date", "-transaction_id", "-place"],
                name="disposal_by_instrument",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.portfolio_id} {self.date} {self.transaction_id}"


class CheckpointPart(models.Model):
    """Part of how a ledger stood before a day, to go on from instead of from its beginning.

    The part without an instrument, its head, holds everything but the positions, and their lines of
    the snapshot; each other part holds one position with its lots. It belongs to the head of the
    same day and revision, and is nothing without it. A checkpoint stands as long as nothing changes
    in the ledger before its day.
    """

    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="checkpoints")
    #: The instrument's id, or nothing.
    part = models.CharField(max_length=24, blank=True)
    #: All events of earlier days are in it.
    date = models.DateField()
    #: The ledger's when it was made.
    revision = models.PositiveBigIntegerField()
    #: See `portfolios.domain.keeping`.
    content = models.JSONField(encoder=DjangoJSONEncoder)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["portfolio", "part", "date", "revision"], name="one_checkpoint_part"
            ),
        ]
        indexes = [models.Index(fields=["portfolio", "date"], name="checkpoint_by_date")]

    def __str__(self) -> str:
        return f"{self.portfolio_id} {self.date} {self.part}"


class RecalculationRun(models.Model):
    """One recalculation: how long it took, of how much, and how it ended."""

    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="runs")
    revision = models.PositiveBigIntegerField()
    started_at = models.DateTimeField()
    #: In milliseconds.
    duration_ms = models.PositiveIntegerField()
    #: The first day whose events were gone through again; null is from the beginning.
    continued_from = models.DateField(null=True, blank=True)
    events = models.PositiveIntegerField(default=0)
    days = models.PositiveIntegerField(default=0)
    outcome = models.CharField(max_length=16)

    class Meta:
        indexes = [
            models.Index(fields=["portfolio", "-started_at"], name="run_of_portfolio"),
            models.Index(fields=["-started_at"], name="run_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.portfolio_id} {self.started_at:%Y-%m-%d %H:%M:%S} {self.outcome}"


class Snapshot(Timestamped):
    """One prepared document a portfolio: everything its summary needs but the live prices."""

    portfolio = models.OneToOneField(Portfolio, on_delete=models.CASCADE, related_name="snapshot")
    revision = models.PositiveBigIntegerField()
    #: See `portfolios.selectors.Holdings`, which reads it.
    content = models.JSONField(encoder=DjangoJSONEncoder)

    def __str__(self) -> str:
        return f"{self.portfolio_id} r{self.revision}"


class DailyValue(models.Model):
    """What a portfolio was worth at the end of one day."""

    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="values")
    date = models.DateField()
    revision = models.PositiveBigIntegerField()
    #: In the portfolio's currency; null is unknown.
    value = amount_field(null=True, blank=True)
    cash = amount_field(null=True, blank=True)
    #: What came from outside on that day, and what went there; null is unknown.
    inflow = amount_field(null=True, blank=True)
    outflow = amount_field(null=True, blank=True)
    status = models.CharField(max_length=16)
    missing = models.JSONField(default=list)
    computed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["portfolio", "date"], name="one_value_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.portfolio_id} {self.date}"


class IntradayValue(models.Model):
    """What a portfolio was worth at one minute, kept for some weeks for charts of a day."""

    portfolio = models.ForeignKey(
        Portfolio, on_delete=models.CASCADE, related_name="intraday_values"
    )
    at = models.DateTimeField()
    #: In the portfolio's currency, over what has a price.
    value = amount_field()
    status = models.CharField(max_length=16)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["portfolio", "at"], name="one_value_a_minute"),
        ]
        indexes = [models.Index(fields=["at"], name="intraday_oldest")]

    def __str__(self) -> str:
        return f"{self.portfolio_id} {self.at:%Y-%m-%d %H:%M}"


class Plan(Timestamped):
    """What the owner of a portfolio aims at: targets, and the limits that it is checked against."""

    portfolio = models.OneToOneField(Portfolio, on_delete=models.CASCADE, related_name="plan")
    #: See `portfolios.domain.plans`, which reads and writes it.
    content = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    def __str__(self) -> str:
        return f"{self.portfolio_id}"


class Dismissal(models.Model):
    """A finding that the owner has looked at and put aside."""

    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="dismissals")
    #: What the finding is called, see `portfolios.selectors.anomalies`.
    finding = models.CharField(max_length=64)
    dismissed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["portfolio", "finding"], name="one_dismissal_a_finding"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.portfolio_id} {self.finding}"
