"""What the API says of watchlists, alerts and the inbox, and what it takes."""

from __future__ import annotations

from rest_framework import serializers

from common.api.bodies import Body
from common.api.fields import DecimalStringField, InstantField, ObjectIdField
from marketdata.api.serializers import QuoteOutput
from portfolios.domain.alerts import AlertKind, AlertState, Rule
from portfolios.models import Alert
from portfolios.services import alerts, watchlists
from portfolios.services.alerts import Wanted

KINDS = [kind.value for kind in AlertKind]


class WatchlistInput(Body):
    """The name of a watchlist."""

    name = serializers.CharField(max_length=80)


class WatchlistOutput(serializers.Serializer[object]):
    """A watchlist without what is on it."""

    id = ObjectIdField(source="pk")
    name = serializers.CharField()
    count = serializers.SerializerMethodField()

    def get_count(self, watchlist: object) -> int:
        """Count its instruments."""
        return len(getattr(watchlist, "entries", ()))


class EntryInput(Body):
    """How an instrument stands on a watchlist; what is left out stays."""

    note = serializers.CharField(
        max_length=watchlists.LONGEST_NOTE, allow_blank=True, required=False
    )
    place = serializers.IntegerField(
        min_value=0, max_value=watchlists.MOST_ENTRIES - 1, required=False
    )


class EntryOutput(serializers.Serializer[object]):
    """One instrument of a watchlist; `quote` is null where its price isn't known."""

    instrument_id = serializers.CharField()
    symbol = serializers.CharField()
    name = serializers.CharField()
    currency = serializers.CharField()
    note = serializers.CharField()
    quote = QuoteOutput(allow_null=True)


class WatchlistDetailOutput(serializers.Serializer[object]):
    """A watchlist with what is on it, in order."""

    id = ObjectIdField()
    name = serializers.CharField()
    entries = EntryOutput(many=True)


class AlertInput(Body):
    """What is to be told: exactly one of the two subjects, as the kind has it."""

    kind = serializers.ChoiceField(choices=KINDS)
    instrument_id = ObjectIdField(required=False)
    portfolio_id = ObjectIdField(required=False)
    limit = DecimalStringField()
    reference = DecimalStringField(required=False)
    note = serializers.CharField(
        max_length=alerts.LONGEST_NOTE, allow_blank=True, required=False, default=""
    )
    by_email = serializers.BooleanField(required=False, default=True)
    expires_at = InstantField(required=False)

    def wanted(self) -> Wanted:
        """Return it as the services take it, once it is valid."""
        known = dict(self.validated_data)
        rule = Rule(AlertKind(known.pop("kind")), known.pop("limit"), known.pop("reference", None))
        return Wanted(rule=rule, **known)


class AlertChange(Body):
    """What is to be changed of an alert; what is left out stays. Else make another one."""

    limit = DecimalStringField(required=False)
    reference = DecimalStringField(required=False)
    note = serializers.CharField(max_length=alerts.LONGEST_NOTE, allow_blank=True, required=False)
    by_email = serializers.BooleanField(required=False)
    expires_at = InstantField(required=False, allow_null=True)
    is_paused = serializers.BooleanField(required=False)


class AlertOutput(serializers.Serializer[object]):
    """An alert, and where it stands."""

    id = ObjectIdField(source="pk")
    kind = serializers.ChoiceField(choices=KINDS)
    title = serializers.SerializerMethodField()
    instrument_id = ObjectIdField(allow_null=True)
    portfolio_id = ObjectIdField(allow_null=True)
    limit = DecimalStringField()
    reference = DecimalStringField(allow_null=True)
    note = serializers.CharField()
    by_email = serializers.BooleanField()
    expires_at = serializers.DateTimeField(allow_null=True)
    is_paused = serializers.BooleanField()
    state = serializers.ChoiceField(choices=[state.value for state in AlertState])
    firings = serializers.IntegerField()
    fired_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()

    def get_title(self, alert: Alert) -> str:
        """Say in words what it watches for."""
        return alerts.title(alert)


class FiringOutput(serializers.Serializer[object]):
    """One message of the inbox."""

    id = ObjectIdField(source="pk")
    alert_id = serializers.CharField(source="alert_key")
    number = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=KINDS)
    instrument_id = ObjectIdField(allow_null=True)
    portfolio_id = ObjectIdField(allow_null=True)
    title = serializers.CharField()
    detail = serializers.CharField()
    note = serializers.CharField()
    value = DecimalStringField()
    observed_at = serializers.DateTimeField()
    fired_at = serializers.DateTimeField()
    is_read = serializers.BooleanField()


class ReadingInput(Body):
    """Which message was read; all of them unless told."""

    id = ObjectIdField(required=False)


class ReadingOutput(serializers.Serializer[object]):
    """How many were not read before, and how many are not read now."""

    marked = serializers.IntegerField()
    unread = serializers.IntegerField()
