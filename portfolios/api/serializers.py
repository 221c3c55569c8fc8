"""What the API says of portfolios, and what it takes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.api.bodies import Body, Query
from common.api.fields import CurrencyField, DecimalStringField, InstantField, ObjectIdField
from portfolios.api.explanations import ExplainedOutput
from portfolios.api.policy_serializers import PolicyOutput
from portfolios.domain.kinds import Kind
from portfolios.domain.status import Status
from portfolios.domain.transactions import Draft
from portfolios.models import Transaction
from portfolios.selectors import TransactionFilter

KINDS = [kind.value for kind in Kind]
#: So many lots one sale may name.
_MOST_LOTS = 500
_STATUSES = [status.value for status in Status]


class PortfolioInput(Body):
    """A portfolio to make."""

    name = serializers.CharField(max_length=80)
    base_currency = CurrencyField()
    tracks_cash = serializers.BooleanField(default=True)


class PortfolioChange(Body):
    """What may be changed of a portfolio."""

    name = serializers.CharField(max_length=80)
    tracks_cash = serializers.BooleanField()


class PortfolioOutput(serializers.Serializer[object]):
    """A portfolio, without what it holds."""

    id = ObjectIdField(source="pk")
    name = serializers.CharField()
    base_currency = serializers.CharField()
    tracks_cash = serializers.BooleanField()
    ledger_revision = serializers.IntegerField()
    computed_revision = serializers.IntegerField()
    is_recalculating = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class NamedLot(Body):
    """Units of a lot that a sale takes, by the transaction that opened the lot."""

    transaction_id = ObjectIdField()
    quantity = DecimalStringField()


class TransactionInput(Body):
    """One row of a ledger; which fields it needs depends on its kind (docs/api.md)."""

    kind = serializers.ChoiceField(choices=KINDS)
    trade_date = serializers.DateField()
    executed_at = InstantField(required=False, allow_null=True)
    instrument_id = ObjectIdField(required=False, allow_null=True)
    quantity = DecimalStringField(required=False, allow_null=True)
    price = DecimalStringField(required=False, allow_null=True)
    amount = DecimalStringField(required=False, allow_null=True)
    ratio = DecimalStringField(required=False, allow_null=True)
    accrued = DecimalStringField(required=False, default=Decimal(0))
    cost_share = DecimalStringField(required=False, allow_null=True)
    lots = serializers.ListField(child=NamedLot(), max_length=_MOST_LOTS, required=False)
    to_instrument_id = ObjectIdField(required=False, allow_null=True)
    to_account = serializers.CharField(max_length=80, required=False, allow_blank=True, default="")
    to_currency = CurrencyField(required=False, allow_null=True)
    to_amount = DecimalStringField(required=False, allow_null=True)
    fee = DecimalStringField(required=False, default=Decimal(0))
    tax = DecimalStringField(required=False, default=Decimal(0))
    currency = CurrencyField()
    fx_rate = DecimalStringField(required=False, allow_null=True)
    account = serializers.CharField(max_length=80, required=False, allow_blank=True, default="")
    note = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")
    sequence = serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=0)

    def draft(self) -> Draft:
        """Return what was sent, once it is valid."""
        known = dict(self.validated_data)
        known.pop("revision", None)
        known["kind"] = Kind(known["kind"])
        known["to_currency"] = known.get("to_currency") or ""
        known["lots"] = tuple(
            (str(lot["transaction_id"]), lot["quantity"]) for lot in known.get("lots", ())
        )
        for name in ("instrument_id", "to_instrument_id"):
            if known.get(name):
                known[name] = str(known[name])
        return Draft(**known)


class TransactionEdit(TransactionInput):
    """A row as it should be, and the revision it was changed from."""

    revision = serializers.IntegerField(min_value=1, max_value=2**31 - 1)


class RevisionQuery(Query):
    """Which revision of a row is meant."""

    revision = serializers.IntegerField(min_value=1, max_value=2**31 - 1)


class RevisionInput(Body, RevisionQuery):
    """Which revision of a row is meant."""


class TransactionOutput(serializers.Serializer[object]):
    """One row of a ledger, as it is known now."""

    id = ObjectIdField(source="pk")
    kind = serializers.ChoiceField(choices=KINDS)
    trade_date = serializers.DateField()
    executed_at = serializers.DateTimeField(allow_null=True)
    instrument_id = ObjectIdField(allow_null=True)
    quantity = DecimalStringField(allow_null=True)
    price = DecimalStringField(allow_null=True)
    amount = DecimalStringField(allow_null=True)
    ratio = DecimalStringField(allow_null=True)
    accrued = DecimalStringField()
    cost_share = DecimalStringField(allow_null=True)
    lots = serializers.SerializerMethodField()
    to_instrument_id = ObjectIdField(allow_null=True)
    to_account = serializers.CharField()
    to_currency = serializers.SerializerMethodField()
    to_amount = DecimalStringField(allow_null=True)
    fee = DecimalStringField()
    tax = DecimalStringField()
    currency = serializers.CharField()
    fx_rate = DecimalStringField(allow_null=True)
    account = serializers.CharField()
    note = serializers.CharField()
    sequence = serializers.IntegerField()
    revision = serializers.IntegerField()
    is_void = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    @extend_schema_field(NamedLot(many=True))
    def get_lots(self, row: Transaction) -> list[dict[str, str]]:
        """Name the lots that a sale takes."""
        return [{"transaction_id": key, "quantity": quantity} for key, quantity in row.lots]

    def get_to_currency(self, row: Transaction) -> str | None:
        """Say which currency was received, if any."""
        return row.to_currency or None


class RevisionOutput(serializers.Serializer[object]):
    """How a row stood before it was changed."""

    revision = serializers.IntegerField()
    state = serializers.DictField(child=serializers.CharField())
    reason = serializers.CharField()
    changed_at = serializers.DateTimeField()
    changed_by = serializers.CharField(source="changed_by.email", default=None, allow_null=True)


class RevisionsOutput(serializers.Serializer[object]):
    """All earlier states of a row, newest first."""

    revisions = RevisionOutput(many=True)


class TransactionsQuery(Query):
    """Which rows are wanted; both days are included."""

    kind = serializers.ChoiceField(choices=KINDS, required=False)
    instrument_id = ObjectIdField(required=False)
    start = serializers.DateField(required=False)
    end = serializers.DateField(required=False)
    text = serializers.CharField(
        required=False, max_length=80, help_text="What notes or accounts hold, in any case."
    )

    def wanted(self) -> TransactionFilter:
        """Return what was asked for, once it is valid."""
        known: dict[str, Any] = dict(self.validated_data)
        if "kind" in known:
            known["kind"] = Kind(known["kind"])
        return TransactionFilter(**known)


class LotsWorthOutput(serializers.Serializer[object]):
    """What lots cost and are worth; `…_base` is in the portfolio's currency, null is unknown."""

    quantity = DecimalStringField()
    cost = DecimalStringField(allow_null=True)
    cost_base = DecimalStringField(allow_null=True)
    value_base = DecimalStringField(allow_null=True)
    unrealized_base = DecimalStringField(allow_null=True)


class LotOutput(LotsWorthOutput):
    """An open lot."""

    opened_on = serializers.DateField()


class LotsOutput(ExplainedOutput):
    """The open lots of a position, oldest first, and all of them together."""

    as_of = serializers.DateTimeField()
    lots = LotOutput(many=True)
    total = LotsWorthOutput()


class PositionOutput(serializers.Serializer[object]):
    """What is held of one instrument; `…_base` is in the portfolio's currency, null is unknown."""

    instrument_id = serializers.CharField(source="instrument.id")
    symbol = serializers.CharField(source="instrument.symbol")
    name = serializers.CharField(source="instrument.name")
    currency = serializers.CharField(source="instrument.currency")
    quantity = DecimalStringField()
    average_cost = DecimalStringField(allow_null=True)
    cost = DecimalStringField(allow_null=True)
    cost_base = DecimalStringField(allow_null=True)
    price = DecimalStringField(source="worth.price", allow_null=True)
    price_at = serializers.DateTimeField(source="quote.at", default=None, allow_null=True)
    price_source = serializers.CharField(source="quote.source", default=None, allow_null=True)
    value = DecimalStringField(source="worth.value", allow_null=True)
    value_base = DecimalStringField(source="worth.value_base", allow_null=True)
    day_change_base = DecimalStringField(source="worth.day_change_base", allow_null=True)
    unrealized_base = DecimalStringField(source="worth.unrealized_base", allow_null=True)
    unrealized_rate = DecimalStringField(source="worth.unrealized_rate", allow_null=True)
    realized_base = DecimalStringField(allow_null=True)
    income_base = DecimalStringField(allow_null=True)
    weight = DecimalStringField(source="worth.weight", allow_null=True)
    status = serializers.ChoiceField(choices=_STATUSES)
    lots_count = serializers.IntegerField()


class ProblemOutput(serializers.Serializer[object]):
    """A row that could not be taken into account as it stands, and why."""

    transaction_id = serializers.CharField()
    date = serializers.DateField()
    code = serializers.CharField()
    reason = serializers.CharField()
    instrument_id = serializers.CharField(allow_null=True)
    symbol = serializers.CharField(allow_null=True)


class SummaryOutput(ExplainedOutput):
    """A portfolio's worth at one moment, in its own currency; null is unknown."""

    portfolio_id = ObjectIdField(source="portfolio.pk")
    currency = serializers.CharField(source="portfolio.base_currency")
    revision = serializers.IntegerField(source="portfolio.computed_revision")
    is_recalculating = serializers.BooleanField(source="portfolio.is_recalculating")
    as_of = serializers.DateTimeField()
    status = serializers.ChoiceField(choices=_STATUSES)
    missing = serializers.ListField(child=serializers.CharField(), source="valuation.missing")
    total = DecimalStringField(source="valuation.total", allow_null=True)
    holdings_value = DecimalStringField(source="valuation.holdings_value", allow_null=True)
    cash_value = DecimalStringField(source="valuation.cash", allow_null=True)
    cash = serializers.DictField(child=DecimalStringField(), allow_null=True)
    day_change = DecimalStringField(source="valuation.day_change", allow_null=True)
    day_change_rate = DecimalStringField(source="valuation.day_change_rate", allow_null=True)
    unrealized = DecimalStringField(source="valuation.unrealized", allow_null=True)
    realized = DecimalStringField(allow_null=True)
    income = DecimalStringField(allow_null=True)
    fees = DecimalStringField(allow_null=True)
    taxes = DecimalStringField(allow_null=True)
    positions = PositionOutput(many=True)
    problems = ProblemOutput(many=True)
    policy = PolicyOutput()


class IntradayQuery(Query):
    """How far back."""

    hours = serializers.IntegerField(min_value=1, max_value=24 * 35, default=24)


class MinuteOutput(serializers.Serializer[object]):
    """What a portfolio was worth at a minute; partial where something had no price."""

    at = serializers.DateTimeField()
    value = DecimalStringField()
    status = serializers.ChoiceField(choices=_STATUSES)


class IntradayOutput(serializers.Serializer[object]):
    """What a portfolio was worth minute by minute, oldest first."""

    currency = serializers.CharField()
    values = MinuteOutput(many=True)


class DailyValueOutput(serializers.Serializer[object]):
    """What a portfolio was worth at the end of a day."""

    date = serializers.DateField()
    value = DecimalStringField(allow_null=True)
    cash = DecimalStringField(allow_null=True)
    inflow = DecimalStringField(allow_null=True)
    outflow = DecimalStringField(allow_null=True)
    status = serializers.ChoiceField(choices=_STATUSES)
    missing = serializers.ListField(child=serializers.CharField())


class DailyValuesOutput(serializers.Serializer[object]):
    """Values of days, oldest first."""

    currency = serializers.CharField()
    values = DailyValueOutput(many=True)


class ValuesQuery(Query):
    """Which days are wanted; a year unless told."""

    start = serializers.DateField(required=False)
