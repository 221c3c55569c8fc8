"""How the positions of a portfolio went over a range."""

from __future__ import annotations

from typing import Any

from bson import ObjectId
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.http import AuthedRequest
from common.api.fields import DecimalStringField
from marketdata import selectors as market
from portfolios import selectors
from portfolios.api.explanations import ExplainedOutput, ExplainQuery, plain_trees
from portfolios.api.performance_serializers import DecimalText, FigureOutput, RangeQuery
from portfolios.domain.ranges import RangeName
from portfolios.domain.status import Status
from portfolios.selectors.position_explanations import ExplainedPositions
from portfolios.selectors.positions import get_position_days, get_positions_report

_STATUSES = [each.value for each in Status]


class RestOutput(serializers.Serializer[object]):
    """What isn't of any position: cash, its interest and currencies, and own charges."""

    gain = FigureOutput()
    contribution = FigureOutput()


class PositionReturnOutput(RestOutput):
    """What one position added to the gain; `paid` went into it and `received` came out."""

    instrument_id = serializers.CharField()
    symbol = serializers.CharField()
    name = serializers.CharField()
    time_weighted = FigureOutput()
    opening = FigureOutput()
    closing = FigureOutput()
    paid = FigureOutput()
    received = FigureOutput()


class ComparedOutput(serializers.Serializer[object]):
    """An instrument that stands for a row and a column."""

    instrument_id = serializers.CharField()
    symbol = serializers.CharField()


class CorrelationsOutput(serializers.Serializer[object]):
    """How alike the positions moved that are held at the end, each with each; null is unknown."""

    instruments = ComparedOutput(many=True)
    rows = serializers.ListField(child=serializers.ListField(child=DecimalText(allow_null=True)))
    observations = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField())
    )
    status = serializers.ChoiceField(choices=_STATUSES)
    reason = serializers.CharField(allow_null=True)


class ExplainedRangeQuery(ExplainQuery, RangeQuery):
    """A range, and whether its figures are to be explained."""


class PositionsOutput(ExplainedOutput):
    """The gain of a range, position by position: with `rest` they add up to it."""

    currency = serializers.CharField()
    range = serializers.ChoiceField(choices=[each.value for each in RangeName], allow_null=True)
    start = serializers.DateField()
    end = serializers.DateField()
    measured_from = serializers.DateField()
    status = serializers.ChoiceField(choices=_STATUSES)
    gain = FigureOutput()
    positions = PositionReturnOutput(many=True)
    rest = RestOutput()
    correlations = CorrelationsOutput()
    diversification = FigureOutput()
    concentration = serializers.DictField(child=FigureOutput())


class PositionDayOutput(serializers.Serializer[object]):
    """A position at the end of a day; `value` is in the instrument's currency."""

    date = serializers.DateField()
    quantity = DecimalStringField()
    value = DecimalStringField(allow_null=True)
    value_base = DecimalStringField(allow_null=True)
    inflow = DecimalStringField(allow_null=True)
    outflow = DecimalStringField(allow_null=True)


class PositionDaysOutput(serializers.Serializer[object]):
    """What a position was worth day by day, oldest first; days on which it wasn't held lack."""

    currency = serializers.CharField()
    instrument_currency = serializers.CharField()
    values = PositionDayOutput(many=True)


class Positions(APIView):
    """/portfolios/<id>/positions/"""

    @extend_schema(parameters=[ExplainedRangeQuery], responses=PositionsOutput)
    def get(self, request: AuthedRequest, portfolio_id: ObjectId) -> Response:
        """Show what each position added to the gain of a range of days that have ended."""
        portfolio = selectors.get_portfolio(portfolio_id, owner_id=request.user.pk)
        query = ExplainedRangeQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        if not query.validated_data["explain"]:
            return Response(PositionsOutput(get_positions_report(portfolio, query.wanted())).data)
        explained = ExplainedPositions(portfolio, query.wanted())
        trees = {"explain": plain_trees(explained.trees())}
        return Response(PositionsOutput(explained.report | trees).data)


class PositionDays(APIView):
    """/portfolios/<id>/positions/<id>/values/"""

    @extend_schema(parameters=[RangeQuery], responses=PositionDaysOutput)
    def get(
        self, request: AuthedRequest, portfolio_id: ObjectId, instrument_id: ObjectId
    ) -> Response:
        """List what a position was worth at the end of each day of a range."""
        portfolio = selectors.get_portfolio(portfolio_id, owner_id=request.user.pk)
        query = RangeQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        instrument = market.get_instrument(instrument_id, user_id=request.user.pk)
        found: dict[str, Any] = {
            "currency": portfolio.base_currency,
            "instrument_currency": instrument.currency,
            "values": get_position_days(portfolio, str(instrument_id), query.wanted()),
        }
        return Response(PositionDaysOutput(found).data)
