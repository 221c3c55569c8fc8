"""What is stored of connections to brokers: the connection, its syncs, and what they brought."""

from __future__ import annotations

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from brokers.domain.connections import ConnectionState, SyncState, Trigger
from brokers.domain.events import EventState
from common.models import Timestamped


class Connection(Timestamped):
    """A broker's account that a portfolio is filled from.

    Its secret is sealed by `brokers.adapters.vault`, and gone once the state is `disconnected`.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    portfolio = models.ForeignKey(
        "portfolios.Portfolio", on_delete=models.CASCADE, related_name="connections"
    )
    broker = models.CharField(max_length=24)
    environment = models.CharField(max_length=16)
    #: The broker's own number of the account.
    account_number = models.CharField(max_length=64)
    #: The account that the ledger's rows name.
    account = models.CharField(max_length=80)
    state = models.CharField(
        max_length=16, choices=[(state.value, state.label) for state in ConnectionState]
    )
    secret = models.TextField(blank=True, editable=False)
    #: Which key opens the secret, by which those to be sealed anew are found.
    secret_key_id = models.CharField(max_length=16, blank=True, editable=False)
    #: The last characters of what isn't secret, so that a key can be told from another.
    hint = models.CharField(max_length=16, blank=True)
    #: Stream → how far it has been read; written together with the rows.
    cursors = models.JSONField(default=dict, encoder=DjangoJSONEncoder, editable=False)
    #: Stream → when it was last read to its end.
    good_at = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    #: What waits to be filled, as texts: a list of `brokers.domain.orders.OpenOrder`.
    open_orders = models.JSONField(default=list, encoder=DjangoJSONEncoder, editable=False)
    #: Grows with each worker that takes a sync on; a worker with an older number writes nothing.
    fence = models.PositiveBigIntegerField(default=0, editable=False)
    #: When the broker ends the login by itself; null where there is none.
    login_until = models.DateTimeField(null=True, blank=True)
    #: When the owner was last told that a login is needed.
    told_at = models.DateTimeField(null=True, blank=True, editable=False)
    next_sync_at = models.DateTimeField(null=True, blank=True)
    #: When all streams were last begun anew, because figures differed.
    reread_at = models.DateTimeField(null=True, blank=True, editable=False)
    #: Of the broker's figures that were too small to be believed at once; empty after others.
    doubted = models.CharField(max_length=32, blank=True, editable=False)
    #: Keeps one account from being linked twice to a portfolio; null once disconnected.
    identity = models.CharField(max_length=200, null=True, blank=True, editable=False)  # noqa: DJ001 - only live ones are unique

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["identity"], name="one_connection_an_account"),
        ]
        indexes = [
            models.Index(fields=["portfolio", "-created_at", "-id"], name="connections_of"),
            models.Index(fields=["owner", "-id"], name="connections_of_owner"),
            models.Index(fields=["state", "next_sync_at"], name="connections_due"),
            models.Index(fields=["secret_key_id", "id"], name="connections_by_key"),
        ]

    def __str__(self) -> str:
        return f"{self.broker} {self.account_number} ({self.pk})"


class Sync(Timestamped):
    """One run through a connection's streams."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="syncs")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    trigger = models.CharField(
        max_length=16, choices=[(trigger.value, trigger.label) for trigger in Trigger]
    )
    state = models.CharField(
        max_length=16, choices=[(state.value, state.label) for state in SyncState]
    )
    #: The connection while the sync is open, else null: so a connection has one at most.
    open_for = models.CharField(max_length=24, null=True, blank=True, editable=False)  # noqa: DJ001 - only open ones are unique
    #: The connection's fence when a worker took this on.
    fence = models.PositiveBigIntegerField(default=0, editable=False)
    #: Until when its worker is believed to live.
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    retries = models.PositiveSmallIntegerField(default=0)
    #: How many workers were lost over it.
    lost = models.PositiveSmallIntegerField(default=0, editable=False)
    #: When it goes on by itself.
    retry_at = models.DateTimeField(null=True, blank=True)
    #: A list of `{"stream": …, "state": "ok" | "failed" | "skipped", "pages": 3, "code": …,
    #: "message": …}` in the order in which they were asked; a message isn't always of a failure.
    streams = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    rows_new = models.PositiveIntegerField(default=0)
    rows_changed = models.PositiveIntegerField(default=0)
    rows_known = models.PositiveIntegerField(default=0)
    rows_unbooked = models.PositiveIntegerField(default=0)
    calls = models.PositiveIntegerField(default=0)
    #: For the owner, in words.
    error = models.CharField(max_length=500, blank=True)
    #: What was odd, though nothing failed; in words.
    notice = models.CharField(max_length=500, blank=True)
    #: The broker's figures beside ours: a list of `brokers.domain.reconcile.Line` as texts.
    comparison = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    compared_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["open_for"], name="one_open_sync_a_connection"),
        ]
        indexes = [
            models.Index(fields=["connection", "-created_at", "-id"], name="syncs_of_connection"),
            models.Index(fields=["owner", "-id"], name="syncs_of_owner"),
            models.Index(fields=["state", "updated_at"], name="syncs_open"),
            # The unique index is partial, which look-ups by equality can't use.
            models.Index(fields=["open_for"], name="sync_open_for"),
        ]

    def __str__(self) -> str:
        return f"sync of {self.connection_id} ({self.pk})"


class RawPayload(models.Model):
    """One answer of a broker's exactly as it came, from which it can be read again."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="payloads")
    sync = models.ForeignKey(Sync, on_delete=models.CASCADE, related_name="payloads")
    stream = models.CharField(max_length=16)
    #: What was asked, without anything secret.
    request = models.CharField(max_length=500)
    body = models.BinaryField()
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    fetched_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["connection", "stream", "id"], name="payloads_of_connection"),
            models.Index(fields=["expires_at"], name="payloads_expired"),
        ]

    def __str__(self) -> str:
        return f"{self.stream} {self.sha256[:12]} ({self.pk})"


class BrokerRow(Timestamped):
    """One event of a broker's and what became of it in the ledger.

    Unique by connection, the broker's id and the kind, whatever page it comes on how often.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="rows")
    external_id = models.CharField(max_length=100)
    #: A `portfolios.domain.kinds.Kind`, or `unmapped` or `unreadable`.
    kind = models.CharField(max_length=32)
    alias = models.CharField(max_length=100, blank=True)
    #: The id or alias of the event that this one corrects or cancels.
    replaces = models.CharField(max_length=100, blank=True)
    state = models.CharField(
        max_length=16, choices=[(state.value, state.label) for state in EventState]
    )
    #: Why it isn't booked, or what to look at, in words.
    problem = models.CharField(max_length=500, blank=True)
    #: The event as `brokers.domain.events.as_content` writes it, or a row that can't be read.
    content = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    digest = models.CharField(max_length=32)
    payload = models.ForeignKey(RawPayload, null=True, on_delete=models.SET_NULL, related_name="+")
    #: The ledger's row, and the revision of it that came from here: a higher one is a person's.
    transaction_id = models.CharField(max_length=24, blank=True)
    transaction_revision = models.PositiveIntegerField(default=0)
    #: The ledger's row was there before, from a file or a form.
    is_claimed = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "external_id", "kind"], name="one_row_an_event"
            ),
        ]
        indexes = [
            models.Index(fields=["connection", "external_id"], name="rows_by_external_id"),
            models.Index(fields=["connection", "alias"], name="rows_by_alias"),
            models.Index(fields=["connection", "replaces"], name="rows_by_replaced"),
            models.Index(fields=["connection", "state", "id"], name="rows_by_state"),
            models.Index(fields=["transaction_id"], name="rows_by_transaction"),
            models.Index(fields=["connection", "-updated_at", "-id"], name="rows_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.external_id} ({self.pk})"
