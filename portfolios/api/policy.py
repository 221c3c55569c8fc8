"""The choices that a portfolio's results depend on."""

from __future__ import annotations

from bson import ObjectId
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.http import AuthedRequest
from common import clock
from portfolios import selectors, tasks
from portfolios.api.policy_serializers import PolicyInput, PolicyOutput
from portfolios.domain.policy import Policy
from portfolios.services import portfolios


class PolicyDetail(APIView):
    """/portfolios/<id>/policy/"""

    @extend_schema(responses=PolicyOutput)
    def get(self, request: AuthedRequest, portfolio_id: ObjectId) -> Response:
        """Show all choices that results depend on."""
        portfolio = selectors.get_portfolio(portfolio_id, owner_id=request.user.pk)
        return Response(PolicyOutput(Policy.chosen(portfolio.policy)).data)

    @extend_schema(request=PolicyInput, responses=PolicyOutput)
    def put(self, request: AuthedRequest, portfolio_id: ObjectId) -> Response:
        """Replace the choices; another one has everything computed anew."""
        portfolio = selectors.get_portfolio(portfolio_id, owner_id=request.user.pk)
        body = PolicyInput(data=request.data)
        body.is_valid(raise_exception=True)
        changed = portfolios.set_policy(
            portfolio.pk, policy=body.policy(), changed_by=request.user.pk, now=clock.now()
        )
        if changed.is_recalculating:
            tasks.request_recalculation(changed)
        return Response(PolicyOutput(Policy.chosen(changed.policy)).data)
