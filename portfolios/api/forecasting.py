"""What a portfolio may be worth in years to come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any

from bson import ObjectId
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.http import AuthedRequest
from common import clock
from common.api.fields import DecimalStringField
from portfolios import selectors
from portfolios.api.explanations import ExplainedOutput, ExplainQuery, plain_trees
from portfolios.api.performance_serializers import DecimalText, FigureOutput
from portfolios.domain.drawing import MONTHS_A_YEAR
from portfolios.domain.forecast import (
    LEAST_GROWTH,
    MOST_GROWTH,
    MOST_PAYMENT_GROWTH,
    MOST_VOLATILITY,
    MOST_YEARS,
)
from portfolios.domain.status import Status
from portfolios.selectors.forecast_explanations import ExplainedForecast
from portfolios.selectors.forecasting import Assumptions, get_forecast

_ZERO = Decimal(0)
_LEFT_OUT = (None, "")
_ASSUMED = tuple(each.name for each in fields(Assumptions))


class ForecastQuery(ExplainQuery):
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

    month = serializers.IntegerField(
        required=False,
        min_value=0,
        help_text="Whose figures `explain` tells, 0 is the start; without it the last.",
    )

    def assumptions(self) -> Assumptions:
        """Return what was asked for, once it is valid."""
        known = self.validated_data
        return Assumptions(**{name: known[name] for name in _ASSUMED if name in known})

    def problems(self, data: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
        """Find growth without volatility, and the reverse."""
        yield from super().problems(data)
        for name, other in (("growth", "volatility"), ("volatility", "growth")):
            # Empty is what a query says that leaves a number out.
            if data.get(name) not in _LEFT_OUT and data.get(other) in _LEFT_OUT:
                yield other, [f"Is needed along with {name}."]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Make sure that the month isn't after the end."""
        if attrs.get("month", 0) > attrs["years"] * MONTHS_A_YEAR:
            raise serializers.ValidationError({"month": ["Give one up to the end."]})
        return attrs


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


class ForecastOutput(ExplainedOutput):
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
        assumed, day = query.assumptions(), request.user.day_of(now)
        if query.validated_data["explain"]:
            month = query.validated_data.get("month", assumed.months)
            found = _explained(ExplainedForecast(portfolio, assumed, day=day, now=now), month)
        else:
            found = get_forecast(portfolio, assumed, day=day, now=now)
        return Response(ForecastOutput(found).data)


def _explained(explained: ExplainedForecast, month: int) -> dict[str, Any]:
    trees = {
        "history": explained.history,
        "courses": explained.month(month),
        **explained.shares(),
    }
    return explained.report | {"explain": plain_trees(trees)}
