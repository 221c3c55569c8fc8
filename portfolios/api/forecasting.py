"""What a portfolio may be worth in years to come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from bson import ObjectId
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.http import AuthedRequest
from common import clock
from common.api.bodies import Query
from common.api.fields import DecimalStringField
from portfolios import selectors
from portfolios.api.performance_serializers import DecimalText, FigureOutput
from portfolios.domain.forecast import (
    LEAST_GROWTH,
    MOST_GROWTH,
    MOST_PAYMENT_GROWTH,
    MOST_VOLATILITY,
    MOST_YEARS,
)
from portfolios.domain.status import Status
from portfolios.selectors.forecasting import Assumptions, get_forecast

_ZERO = Decimal(0)


class ForecastQuery(Query):
    """What is assumed; without growth and volatility the portfolio's own history is drawn from."""

    years = serializers.IntegerField(
        min_value=1, max_value=MOST_YEARS, default=Assumptions().years, help_text="How far ahead."
    )
    payment = DecimalStringField(
        default=_ZERO, help_text="Paid in each month; below zero taken out."
    )
    payment_growth = DecimalStringField(
        min_value=-MOST_PAYMENT_GROWTH,
        max_value=MOST_PAYMENT_GROWTH,
        default=_ZERO,
        help_text="Of the payments, a year: 0.02 for 2 %.",
    )
    target = DecimalStringField(
        required=False, min_value=_ZERO, help_text="What is hoped to be reached."
    )
    growth = DecimalStringField(
        required=False,
        min_value=LEAST_GROWTH,
        max_value=MOST_GROWTH,
        help_text="Compound, a year, that half of the courses exceed: 0.05 for 5 %.",
    )
    volatility = DecimalStringField(
        required=False,
        min_value=_ZERO,
        max_value=MOST_VOLATILITY,
        help_text="Of a year's log returns.",
    )

    def problems(self, data: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
        """Find growth without volatility, and the reverse."""
        yield from super().problems(data)
        for name, other in (("growth", "volatility"), ("volatility", "growth")):
            if data.get(name) is not None and data.get(other) is None:
                yield other, [f"Is needed along with {name}."]


class AssumptionsOutput(serializers.Serializer[object]):
    """What was assumed."""

    years = serializers.IntegerField()
    payment = DecimalText()
    payment_growth = DecimalText()
    target = DecimalText(allow_null=True)
    growth = DecimalText(allow_null=True)
    volatility = DecimalText(allow_null=True)


class CourseOutput(serializers.Serializer[object]):
    """One month: `p5` is what 5 of 100 courses stay below, and so on."""

    date = serializers.DateField()
    paid_in = DecimalText()
    p5 = DecimalText()
    p25 = DecimalText()
    p50 = DecimalText()
    p75 = DecimalText()
    p95 = DecimalText()


class ForecastOutput(serializers.Serializer[object]):
    """How wide the possible lies, month by month; shares are fractions of all courses."""

    currency = serializers.CharField()
    start = serializers.DateField()
    worth = DecimalText(allow_null=True)
    valued_at = serializers.DateTimeField(allow_null=True)
    assumptions = AssumptionsOutput()
    history = serializers.DictField(child=FigureOutput())
    method = serializers.CharField(allow_null=True)
    paths = serializers.IntegerField()
    status = serializers.ChoiceField(choices=[each.value for each in Status])
    reason = serializers.CharField(allow_null=True)
    reaches_target = DecimalText(allow_null=True)
    runs_out = DecimalText(allow_null=True)
    courses = CourseOutput(many=True)


class Forecast(APIView):
    """/portfolios/<id>/forecast/"""

    @extend_schema(parameters=[ForecastQuery], responses=ForecastOutput)
    def get(self, request: AuthedRequest, portfolio_id: ObjectId) -> Response:
        """Show how wide the possible lies that a portfolio may be worth in years to come."""
        portfolio = selectors.get_portfolio(portfolio_id, owner_id=request.user.pk)
        query = ForecastQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        now = clock.now()
        found = get_forecast(
            portfolio,
            Assumptions(**query.validated_data),
            day=request.user.day_of(now),
            now=now,
        )
        return Response(ForecastOutput(found).data)
