"""What the API says of differences between a broker's figures and the ledger's."""

from __future__ import annotations

from rest_framework import serializers

from brokers.domain.discrepancies import DiscrepancyState
from common.api.bodies import Body
from common.api.fields import DecimalStringField, ObjectIdField

DISCREPANCY_STATES = [state.value for state in DiscrepancyState]
DISCREPANCY_CAUSES = [
    *("removed_here", "split", "opening_balance", "missing_trade", "fee", "missing_cash"),
    *("unknown_cost", "changed_here", "check_cost"),
]
MEASURES = ["quantity", "cost", "cash"]


class DiscrepancyChange(Body):
    """What can be changed of a difference."""

    is_put_aside = serializers.BooleanField()


class AcceptanceInput(Body):
    """The figures that were looked at; they must be those that hold still."""

    theirs = DecimalStringField()
    ours = DecimalStringField(allow_null=True, help_text="Null for a cost that isn't known.")


class SuggestionOutput(serializers.Serializer[object]):
    """What to look for; which of the other fields are there depends on the code."""

    code = serializers.ChoiceField(choices=DISCREPANCY_CAUSES)
    date = serializers.DateField(required=False)
    transaction_id = serializers.CharField(required=False)
    new = serializers.CharField(required=False)
    old = serializers.CharField(required=False)
    quantity = serializers.CharField(required=False)
    amount = serializers.CharField(required=False)
    side = serializers.CharField(required=False)
    before = serializers.DateField(required=False)
    since = serializers.DateField(required=False)
    theirs = serializers.CharField(required=False, help_text="Of a cost: what one unit cost there.")
    ours = serializers.CharField(required=False, help_text="Of a cost: what one unit cost here.")


class DiscrepancyOutput(serializers.Serializer[object]):
    """A figure of the broker's that differs from the ledger's, and what was decided about it."""

    id = ObjectIdField(source="pk")
    measure = serializers.ChoiceField(choices=MEASURES)
    what = serializers.CharField()
    currency = serializers.CharField(help_text="What the figures are in; empty for units.")
    theirs = DecimalStringField()
    ours = DecimalStringField(allow_null=True, help_text="Null for a cost that isn't known.")
    reason = serializers.CharField()
    suggestion = SuggestionOutput()
    state = serializers.ChoiceField(choices=DISCREPANCY_STATES)
    first_seen_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)
    transaction_id = serializers.CharField()
