"""What the API says of connections to brokers and of their syncs; never a secret."""

from __future__ import annotations

from rest_framework import serializers

from brokers.adapters.brokers import BROKERS
from brokers.adapters.contract import Broker
from brokers.api.discrepancy_serializers import MEASURES
from brokers.domain.connections import ConnectionState, SyncState, Trigger
from brokers.domain.events import Stream
from brokers.domain.orders import Side
from brokers.domain.reconcile import Outcome
from common.api.bodies import Body, Query
from common.api.fields import ObjectIdField

CONNECTION_STATES = [state.value for state in ConnectionState]
SYNC_STATES = [state.value for state in SyncState]
STREAMS = [stream.value for stream in Stream]
OUTCOMES = [outcome.value for outcome in Outcome]
STREAM_STATES = ["waiting", "running", "ok", "failed", "skipped"]
TRIGGERS = [trigger.value for trigger in Trigger]
LEDGER_CHOICES = ["keep", "remove"]


class CredentialsInput(Body):
    """Another key; which fields it has is said by the broker."""

    credentials = serializers.DictField(child=serializers.CharField(max_length=200))


class ConnectionInput(CredentialsInput):
    """An account to connect."""

    broker = serializers.ChoiceField(choices=sorted(BROKERS))
    environment = serializers.CharField(max_length=16)


class ConnectionChange(Body):
    """What can be changed of a connection."""

    is_paused = serializers.BooleanField()


class DisconnectQuery(Query):
    """What becomes of what the connection brought."""

    ledger = serializers.ChoiceField(choices=LEDGER_CHOICES)


class CredentialOutput(serializers.Serializer[object]):
    """Something that must be given to connect."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # hides DRF's own
    is_secret = serializers.BooleanField()


class EnvironmentOutput(serializers.Serializer[object]):
    """A kind of account."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # hides DRF's own


class BrokerOutput(serializers.Serializer[object]):
    """A broker that can be connected, and what it tells."""

    name = serializers.CharField()
    label = serializers.CharField(source="capabilities.label")  # type: ignore[assignment]
    environments = EnvironmentOutput(many=True, source="capabilities.environments")
    credentials = CredentialOutput(many=True, source="capabilities.credentials")
    streams = serializers.ListField(
        child=serializers.ChoiceField(choices=STREAMS), source="capabilities.streams"
    )
    tells = serializers.ListField(child=serializers.CharField(), source="capabilities.tells")
    conceals = serializers.ListField(child=serializers.CharField(), source="capabilities.conceals")
    rhythm = serializers.CharField(
        source="capabilities.hours.rhythm", help_text="How often its accounts are synced, in words."
    )
    has_login = serializers.SerializerMethodField(
        help_text="Its owner also has to log in on the broker's own page, from the connection's."
    )

    def get_has_login(self, broker: Broker) -> bool:
        """Say whether people have to log in on the broker's own page."""
        return broker.login is not None


class OpenOrderOutput(serializers.Serializer[object]):
    """An order that waits at the broker; without a quantity, `amount` says for how much money."""

    id = serializers.CharField(source="external_id")
    symbol = serializers.CharField()
    side = serializers.ChoiceField(choices=[side.value for side in Side])
    kind = serializers.CharField()
    quantity = serializers.CharField(allow_null=True)
    amount = serializers.CharField(allow_null=True)
    filled = serializers.CharField()
    limit = serializers.CharField(allow_null=True)
    stop = serializers.CharField(allow_null=True)
    currency = serializers.CharField(allow_blank=True)
    placed_at = serializers.DateTimeField()


class ConnectionOutput(serializers.Serializer[object]):
    """A connection: where it stands, and when each stream was last read to its end."""

    id = ObjectIdField(source="pk")
    portfolio_id = ObjectIdField()
    broker = serializers.CharField()
    environment = serializers.CharField()
    account_number = serializers.CharField()
    account = serializers.CharField()
    state = serializers.ChoiceField(choices=CONNECTION_STATES)
    hint = serializers.CharField()
    good_at = serializers.DictField(child=serializers.DateTimeField())
    open_orders = OpenOrderOutput(many=True)
    next_sync_at = serializers.DateTimeField(
        allow_null=True, help_text="About when the next sync begins; null while none may."
    )
    login_until = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class AccountOutput(serializers.Serializer[object]):
    """The account that a key opens."""

    number = serializers.CharField()
    currency = serializers.CharField()


class StreamOutput(serializers.Serializer[object]):
    """How one stream of a sync went."""

    stream = serializers.ChoiceField(choices=STREAMS)
    state = serializers.ChoiceField(choices=STREAM_STATES)
    pages = serializers.IntegerField(default=0)
    code = serializers.CharField(default="")
    message = serializers.CharField(default="")


class ComparisonOutput(serializers.Serializer[object]):
    """A figure of the broker's beside that of the ledger."""

    what = serializers.CharField()
    measure = serializers.ChoiceField(choices=MEASURES)
    currency = serializers.CharField(default="", help_text="What a cost is in.")
    theirs = serializers.CharField(help_text="Null where the broker doesn't tell.", allow_null=True)
    ours = serializers.CharField(
        allow_null=True, help_text="Null for a cost that isn't known in the ledger."
    )
    outcome = serializers.ChoiceField(choices=OUTCOMES)
    reason = serializers.CharField(allow_blank=True)


class SyncOutput(serializers.Serializer[object]):
    """A sync: where it stands, what it brought, and how both sides compare after it."""

    id = ObjectIdField(source="pk")
    connection_id = ObjectIdField()
    trigger = serializers.ChoiceField(choices=TRIGGERS)
    state = serializers.ChoiceField(choices=SYNC_STATES)
    streams = StreamOutput(many=True)
    rows_new = serializers.IntegerField()
    rows_changed = serializers.IntegerField()
    rows_known = serializers.IntegerField()
    rows_unbooked = serializers.IntegerField()
    calls = serializers.IntegerField()
    error = serializers.CharField()
    notice = serializers.CharField()
    retry_at = serializers.DateTimeField(allow_null=True)
    comparison = ComparisonOutput(many=True)
    compared_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class UnbookedOutput(serializers.Serializer[object]):
    """Something the broker told that isn't booked, and why."""

    id = ObjectIdField(source="pk")
    external_id = serializers.CharField()
    kind = serializers.CharField()
    problem = serializers.CharField()
    content = serializers.JSONField()
    updated_at = serializers.DateTimeField()
