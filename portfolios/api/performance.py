"""How a portfolio performed over a range, how risky it was, and what each month brought."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bson import ObjectId
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.http import AuthedRequest
from common import clock
from marketdata import selectors as market
from portfolios import selectors
from portfolios.api.explanations import plain_trees
from portfolios.api.performance_serializers import (
    ComparisonQuery,
    PerformanceOutput,
    ReturnsOutput,
    ReturnsQuery,
    RiskOutput,
)
from portfolios.selectors.performance import get_report
from portfolios.selectors.range_explanations import RangeTrees, explain_report


def _report(
    request: AuthedRequest,
    portfolio_id: ObjectId,
    query: ComparisonQuery | ReturnsQuery,
    explained: Callable[[RangeTrees], Mapping[str, Any]],
) -> dict[str, Any]:
    portfolio = selectors.get_portfolio(portfolio_id, owner_id=request.user.pk)
    query.is_valid(raise_exception=True)
    blend = query.blend()
    for instrument_id in blend.weights if blend else ():
        market.get_instrument(ObjectId(instrument_id), user_id=request.user.pk)
    now = clock.now()
    wanted, day = query.wanted(), request.user.day_of(now)
    if not query.validated_data["explain"]:
        return get_report(portfolio, wanted, day=day, now=now, blend=blend)
    report, trees = explain_report(portfolio, wanted, day=day, now=now, blend=blend)
    return report | {"explain": plain_trees(explained(trees))}


class Performance(APIView):
    """/portfolios/<id>/performance/"""

    @extend_schema(parameters=[ComparisonQuery], responses=PerformanceOutput)
    def get(self, request: AuthedRequest, portfolio_id: ObjectId) -> Response:
        """Show what a portfolio earned over a range, beside a benchmark if one is named."""
        query = ComparisonQuery(data=request.query_params)
        return Response(PerformanceOutput(_report(request, portfolio_id, query, _performance)).data)


class Risk(APIView):
    """/portfolios/<id>/risk/"""

    @extend_schema(parameters=[ComparisonQuery], responses=RiskOutput)
    def get(self, request: AuthedRequest, portfolio_id: ObjectId) -> Response:
        """Show how much a portfolio's returns varied, beside a benchmark if one is named."""
        query = ComparisonQuery(data=request.query_params)
        return Response(RiskOutput(_report(request, portfolio_id, query, _risk)).data)


class Returns(APIView):
    """/portfolios/<id>/returns/"""

    @extend_schema(parameters=[ReturnsQuery], responses=ReturnsOutput)
    def get(self, request: AuthedRequest, portfolio_id: ObjectId) -> Response:
        """List what each calendar month or year returned, oldest first."""
        query = ReturnsQuery(data=request.query_params)
        report = _report(request, portfolio_id, query, lambda trees: trees.periods)
        by = query.validated_data["by"]
        shown = {"by": by, "returns": report["months" if by == "month" else "years"]}
        return Response(ReturnsOutput(report | shown).data)


def _performance(trees: RangeTrees) -> dict[str, Any]:
    return {"figures": trees.performance, "benchmark": trees.benchmark}


def _risk(trees: RangeTrees) -> dict[str, Any]:
    return {"figures": trees.risk, "drawdown": trees.drawdown, "benchmark": trees.benchmark}
