"""How a portfolio is spread, its checks, its targets, and the way to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from bson import ObjectId
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.http import AuthedRequest
from common import clock
from portfolios import selectors
from portfolios.api.allocation_serializers import (
    AllocationOutput,
    AllocationQuery,
    ChecksOutput,
    LimitsInput,
    ProposalOutput,
    RebalancingInput,
    TargetsInput,
    TargetsOutput,
)
from portfolios.api.explanations import ExplainQuery, plain_trees
from portfolios.domain.allocation import By
from portfolios.domain.targets import Drift
from portfolios.models import Portfolio
from portfolios.selectors.allocation import Spread, slice_label
from portfolios.selectors.spread_explanations import ExplainedSpread
from portfolios.services import plans


def _portfolio(request: AuthedRequest, portfolio_id: ObjectId) -> Portfolio:
    return selectors.get_portfolio(portfolio_id, owner_id=request.user.pk)


def _spread(portfolio: Portfolio) -> Spread:
    return Spread(portfolio, now=clock.now())


def _explained(portfolio: Portfolio, query: ExplainQuery) -> tuple[Spread, ExplainedSpread | None]:
    """Load a portfolio, with what explains it if that is asked for."""
    if not query.validated_data["explain"]:
        return _spread(portfolio), None
    explained = ExplainedSpread(portfolio, now=clock.now())
    return explained.spread, explained


class Allocation(APIView):
    """/portfolios/<id>/allocation/"""

    @extend_schema(parameters=[AllocationQuery], responses=AllocationOutput)
    def get(self, request: AuthedRequest, portfolio_id: ObjectId) -> Response:
        """Show how a portfolio is spread."""
        portfolio = _portfolio(request, portfolio_id)
        query = AllocationQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        by = By(query.validated_data["by"])
        spread, explained = _explained(portfolio, query)
        found = asdict(spread.allocation(by))
        if explained:
            found["explain"] = plain_trees({"slices": explained.slices(by)})
        for each in found["slices"]:
            each["label"] = slice_label(by, each["key"])
        return Response(AllocationOutput(_framed(spread) | found).data)


class Checks(APIView):
    """/portfolios/<id>/checks/"""

    @extend_schema(parameters=[ExplainQuery], responses=ChecksOutput)
    def get(self, request: AuthedRequest, portfolio_id: ObjectId) -> Response:
        """Check a portfolio against its limits."""
        portfolio = _portfolio(request, portfolio_id)
        query = ExplainQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        spread, explained = _explained(portfolio, query)
        trees = {"explain": plain_trees({"checks": explained.checks()})} if explained else {}
        return self._answer(spread, trees)

    @extend_schema(request=LimitsInput, responses=ChecksOutput)
    def put(self, request: AuthedRequest, portfolio_id: ObjectId) -> Response:
        """Replace the limits, and check against them."""
        portfolio = _portfolio(request, portfolio_id)
        body = LimitsInput(data=request.data)
        body.is_valid(raise_exception=True)
        plans.set_limits(portfolio.pk, **body.validated_data, now=clock.now())
        return self._answer(_spread(portfolio), {})

    def _answer(self, spread: Spread, trees: dict[str, Any]) -> Response:
        found = {"checks": spread.checks()}
        return Response(ChecksOutput(_framed(spread) | found | trees).data)


class Targets(APIView):
    """/portfolios/<id>/targets/"""

    @extend_schema(parameters=[ExplainQuery], responses=TargetsOutput)
    def get(self, request: AuthedRequest, portfolio_id: ObjectId) -> Response:
        """Show the targets of a portfolio, and how far it has drifted from them."""
        portfolio = _portfolio(request, portfolio_id)
        query = ExplainQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        spread, explained = _explained(portfolio, query)
        trees = {"explain": plain_trees({"targets": explained.drifts()})} if explained else {}
        return self._answer(spread, trees)

    @extend_schema(request=TargetsInput, responses=TargetsOutput)
    def put(self, request: AuthedRequest, portfolio_id: ObjectId) -> Response:
        """Replace the targets."""
        portfolio = _portfolio(request, portfolio_id)
        body = TargetsInput(data=request.data)
        body.is_valid(raise_exception=True)
        plans.set_targets(portfolio.pk, **body.wanted(), user_id=request.user.pk, now=clock.now())
        return self._answer(_spread(portfolio), {})

    def _answer(self, spread: Spread, trees: dict[str, Any]) -> Response:
        found = spread.targets()
        shown = {
            "by": found.plan.by.value,
            "bands": asdict(found.plan.bands),
            "targets": _drift_lines(found.drifts, spread),
        }
        return Response(TargetsOutput(_framed(spread) | shown | trees).data)


class Rebalancing(APIView):
    """/portfolios/<id>/rebalancing/"""

    @extend_schema(parameters=[ExplainQuery], request=RebalancingInput, responses=ProposalOutput)
    def post(self, request: AuthedRequest, portfolio_id: ObjectId) -> Response:
        """Propose trades that lead to the targets; nothing is changed."""
        portfolio = _portfolio(request, portfolio_id)
        body = RebalancingInput(data=request.data)
        body.is_valid(raise_exception=True)
        query = ExplainQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        spread, explained = _explained(portfolio, query)
        if explained:
            proposal, trees = explained.proposal(body.wishes())
            shown = asdict(proposal) | {"explain": plain_trees(trees or {})}
        else:
            proposal = spread.proposal(body.wishes())
            shown = asdict(proposal)
        for each in shown["trades"]:
            each["symbol"] = spread.symbol(each["instrument_id"])
        shown["targets_after"] = _drift_lines(proposal.drift_after, spread)
        return Response(ProposalOutput(_framed(spread) | shown).data)


def _framed(spread: Spread) -> dict[str, Any]:
    return {"currency": spread.portfolio.base_currency, "as_of": spread.as_of}


def _drift_lines(found: Iterable[Drift], spread: Spread) -> list[Mapping[str, Any]]:
    members = {each.key: each.members for each in spread.targets().targets}
    return [
        asdict(each) | {"label": spread.target_label(each.key), "members": members[each.key]}
        for each in found
    ]
