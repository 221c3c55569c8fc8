"""What the API says of gains, and what it takes."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.api.bodies import Query
from common.api.fields import CurrencyField, DecimalStringField, ObjectIdField
from common.money import plain
from portfolios.api.explanations import ExplainedOutput, ExplainQuery
from portfolios.api.policy_serializers import PolicyOutput
from portfolios.domain.status import Status
from portfolios.models import Disposal
from portfolios.selectors.disposals import DisposalFilter, closed_lots, return_of
from portfolios.selectors.whatif import Intention

_STATUSES = [status.value for status in Status]
_ZERO = Decimal(0)
#: The finest quantity that a ledger keeps.
_FINEST = Decimal("0.0000000001")
_FIRST_DATE = date(1970, 1, 1)
_FIRST_YEAR, _LAST_YEAR = 1970, 9998


class YearQuery(Query):
    """Which calendar year is wanted; all unless told."""

    year = serializers.IntegerField(min_value=_FIRST_YEAR, max_value=_LAST_YEAR, required=False)


class DisposalsQuery(ExplainQuery, YearQuery):
    """Which disposals are wanted."""

    instrument_id = ObjectIdField(required=False)

    def wanted(self) -> DisposalFilter:
        """Return what was asked for, once it is valid."""
        known = self.validated_data
        return DisposalFilter.of_year(known.get("year"), instrument_id=known.get("instrument_id"))


class ClosedLotOutput(serializers.Serializer[object]):
    """The part of a lot that was sold; amounts in the instrument's and the portfolio's currency."""

    opened_on = serializers.DateField()
    transaction_id = serializers.CharField()
    held_days = serializers.IntegerField()
    quantity = DecimalStringField()
    proceeds = DecimalStringField(allow_null=True)
    cost = DecimalStringField(allow_null=True)
    gain = DecimalStringField(allow_null=True)
    proceeds_base = DecimalStringField(allow_null=True)
    cost_base = DecimalStringField(allow_null=True)
    gain_base = DecimalStringField(allow_null=True)


class ComputedLotOutput(ClosedLotOutput):
    """The same of a lot that would be sold."""

    transaction_id = serializers.CharField(source="event_id")


class DisposalOutput(serializers.Serializer[object]):
    """Units sold, or covered; `…_base` is in the portfolio's currency, null is unknown."""

    transaction_id = serializers.CharField()
    place = serializers.IntegerField()
    instrument_id = ObjectIdField()
    date = serializers.DateField()
    account = serializers.CharField()
    is_short = serializers.BooleanField()
    currency = serializers.CharField()
    quantity = DecimalStringField()
    proceeds = DecimalStringField(allow_null=True)
    cost = DecimalStringField(allow_null=True)
    gain = DecimalStringField(allow_null=True)
    proceeds_base = DecimalStringField(allow_null=True)
    cost_base = DecimalStringField(allow_null=True)
    gain_base = DecimalStringField(allow_null=True)
    price_gain_base = DecimalStringField(allow_null=True)
    currency_gain_base = DecimalStringField(allow_null=True)
    charges_base = DecimalStringField(allow_null=True)
    return_rate = serializers.SerializerMethodField(
        help_text="`gain_base` as a fraction of what it cost or, sold short, brought."
    )
    lots = serializers.SerializerMethodField()

    @extend_schema_field(DecimalStringField(allow_null=True))
    def get_return_rate(self, disposal: Disposal) -> str | None:
        """Write the return of the trade."""
        rate = return_of(disposal).value
        return None if rate is None else plain(rate)

    @extend_schema_field(ClosedLotOutput(many=True))
    def get_lots(self, disposal: Disposal) -> Any:
        """Write the lots that it closed."""
        return ClosedLotOutput(closed_lots(disposal), many=True).data


class DisposalsOutput(ExplainedOutput):
    """A page of disposals, the newest first."""

    base_currency = serializers.CharField()
    policy = PolicyOutput()
    results = DisposalOutput(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


class CurrencyGainOutput(serializers.Serializer[object]):
    """The sales of a year in instruments of one currency, in it."""

    currency = serializers.CharField()
    proceeds = DecimalStringField(allow_null=True)
    cost = DecimalStringField(allow_null=True)
    gain = DecimalStringField(allow_null=True)


class TaxYearOutput(serializers.Serializer[object]):
    """The sales of one calendar year, in the portfolio's currency."""

    year = serializers.IntegerField()
    disposals = serializers.IntegerField()
    proceeds = DecimalStringField(allow_null=True)
    cost = DecimalStringField(allow_null=True)
    gain = DecimalStringField(allow_null=True)
    short_term = DecimalStringField(allow_null=True)
    long_term = DecimalStringField(allow_null=True)
    other = DecimalStringField(allow_null=True)
    by_currency = CurrencyGainOutput(many=True)
    status = serializers.ChoiceField(choices=_STATUSES)


class TaxYearsOutput(ExplainedOutput):
    """Every year in which something was sold, the newest first."""

    base_currency = serializers.CharField()
    policy = PolicyOutput()
    long_term_rule = serializers.CharField()
    years = TaxYearOutput(many=True)


class AttributionQuery(ExplainQuery):
    """Which days are wanted, both included; everything until now without them."""

    start = serializers.DateField(required=False)
    end = serializers.DateField(required=False)

    def period(self, *, today: date) -> tuple[date, date] | None:
        """Return the days that are asked for, of which the last must have ended."""
        start, end = self.validated_data.get("start"), self.validated_data.get("end")
        if start is None and end is None:
            return None
        if start is None:
            raise serializers.ValidationError({"start": ["Give the first day, too."]})
        end = end or today - timedelta(days=1)
        if not _FIRST_DATE <= start <= end:
            raise serializers.ValidationError({"start": ["Give a day from 1970 up to the end."]})
        if end >= today:
            raise serializers.ValidationError({"end": ["Give a day that has ended."]})
        return start, end


class PositionGainOutput(serializers.Serializer[object]):
    """What one position gained, in the portfolio's currency."""

    instrument_id = serializers.CharField()
    value = DecimalStringField(allow_null=True)
    realized_price = DecimalStringField(allow_null=True)
    realized_currency = DecimalStringField(allow_null=True)
    unrealized_price = DecimalStringField(allow_null=True)
    unrealized_currency = DecimalStringField(allow_null=True)
    income = DecimalStringField(allow_null=True)
    fees = DecimalStringField(allow_null=True)
    taxes = DecimalStringField(allow_null=True)
    total = DecimalStringField(allow_null=True)


class AttributionOutput(ExplainedOutput):
    """Where a gain came from: contributed + the parts − fees − taxes = value.

    `residual` is what is left over: zero, or `is_broken` says so. `basis` is `tax`, from what was
    paid, or `period`, from what everything was worth at the start; then `opening_value` is that
    worth, and `realized_tax_basis` what the sales of these days brought on the tax basis.
    """

    currency = serializers.CharField()
    basis = serializers.ChoiceField(choices=["tax", "period"])
    policy = PolicyOutput()
    as_of = serializers.DateTimeField(allow_null=True)
    start = serializers.DateField(allow_null=True)
    end = serializers.DateField(allow_null=True)
    opening_value = DecimalStringField(allow_null=True)
    realized_tax_basis = DecimalStringField(allow_null=True)
    contributed = DecimalStringField(allow_null=True)
    price = DecimalStringField(allow_null=True)
    currency_effect = DecimalStringField(allow_null=True)
    cash_currency = DecimalStringField(allow_null=True)
    income = DecimalStringField(allow_null=True)
    fees = DecimalStringField(allow_null=True)
    taxes = DecimalStringField(allow_null=True)
    value = DecimalStringField(allow_null=True)
    gain = DecimalStringField(allow_null=True)
    residual = DecimalStringField(allow_null=True)
    is_broken = serializers.BooleanField()
    status = serializers.ChoiceField(choices=_STATUSES)
    missing = serializers.ListField(child=serializers.CharField())
    positions = PositionGainOutput(many=True)


class WhatIfQuery(ExplainQuery):
    """What somebody thinks of selling."""

    quantity = DecimalStringField(min_value=_FINEST)
    price = DecimalStringField(
        min_value=_ZERO, required=False, help_text="The newest price without it."
    )
    fee = DecimalStringField(min_value=_ZERO, default=_ZERO)
    currency = CurrencyField(
        required=False, help_text="Of price and fee; the instrument's without it."
    )
    account = serializers.CharField(max_length=80, required=False, default="")

    def intention(self) -> Intention:
        """Return what was asked for, once it is valid."""
        known = dict(self.validated_data)
        known.pop("explain")
        return Intention(**known)


class AlternativeOutput(serializers.Serializer[object]):
    """What one cost method makes of the sale."""

    method = serializers.CharField()
    is_chosen = serializers.BooleanField()
    proceeds = DecimalStringField(source="disposal.proceeds", allow_null=True)
    cost = DecimalStringField(source="disposal.cost", allow_null=True)
    gain = DecimalStringField(source="disposal.gain", allow_null=True)
    proceeds_base = DecimalStringField(source="disposal.proceeds_base", allow_null=True)
    cost_base = DecimalStringField(source="disposal.cost_base", allow_null=True)
    gain_base = DecimalStringField(source="disposal.gain_base", allow_null=True)
    short_term = DecimalStringField(allow_null=True)
    long_term = DecimalStringField(allow_null=True)
    lots = ComputedLotOutput(source="disposal.lots", many=True)


class WhatIfOutput(ExplainedOutput):
    """What a sale would realize; nothing is changed."""

    instrument_id = ObjectIdField(source="instrument.pk")
    instrument_currency = serializers.CharField(source="instrument.currency")
    base_currency = serializers.CharField(source="portfolio.base_currency")
    policy = PolicyOutput()
    date = serializers.DateField(source="sale.trade_date")
    quantity = DecimalStringField(source="sale.quantity")
    price = DecimalStringField(source="sale.price")
    fee = DecimalStringField(source="sale.fee")
    currency = serializers.CharField(source="sale.currency")
    alternatives = AlternativeOutput(many=True)
