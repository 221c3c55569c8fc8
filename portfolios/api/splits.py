"""Splits that a portfolio went through and that its ledger says nothing of."""

from __future__ import annotations

from bson import ObjectId
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.http import AuthedRequest
from common import clock
from common.api.bodies import NoFields
from common.api.fields import DecimalStringField
from portfolios import selectors, tasks
from portfolios.api.serializers import TransactionOutput
from portfolios.selectors.splits import list_unrecorded_splits
from portfolios.services import splits


class SplitOutput(serializers.Serializer[object]):
    """A split of something that was held then, and of which the ledger has no row."""

    action_id = serializers.CharField()
    instrument_id = serializers.CharField()
    symbol = serializers.CharField()
    date = serializers.DateField()
    ratio = DecimalStringField(help_text="New units for each old one.")
    source = serializers.CharField()  # type: ignore[assignment]  # hides what Field calls so
    accounts = serializers.ListField(
        child=serializers.CharField(allow_blank=True),
        help_text="Those that get a row each; an account may have no name.",
    )


class SplitsOutput(serializers.Serializer[object]):
    """Splits that are neither recorded nor put aside, the oldest first."""

    splits = SplitOutput(many=True)


class SplitRecorded(serializers.Serializer[object]):
    """The rows that were written."""

    transactions = TransactionOutput(many=True)


class Splits(APIView):
    """/portfolios/<id>/splits/"""

    @extend_schema(responses=SplitsOutput)
    def get(self, request: AuthedRequest, portfolio_id: ObjectId) -> Response:
        """List the splits that the ledger says nothing of."""
        portfolio = selectors.get_portfolio(portfolio_id, owner_id=request.user.pk)
        found = list_unrecorded_splits(portfolio, today=request.user.day_of(clock.now()))
        return Response(SplitsOutput({"splits": found}).data)


class Split(APIView):
    """/portfolios/<id>/splits/<action id>/"""

    @extend_schema(request=NoFields, responses={201: SplitRecorded})
    def post(self, request: AuthedRequest, portfolio_id: ObjectId, action_id: ObjectId) -> Response:
        """Write a split into the ledger, a row for each account that held units."""
        portfolio = selectors.get_portfolio(portfolio_id, owner_id=request.user.pk)
        body = NoFields(data=request.data)
        body.is_valid(raise_exception=True)
        now = clock.now()
        rows = splits.record_split(
            portfolio.pk, action_id=action_id, today=request.user.day_of(now), now=now
        )
        tasks.request_recalculation(portfolio)
        return Response(SplitRecorded({"transactions": rows}).data, status=201)

    @extend_schema(responses={204: None})
    def delete(
        self, request: AuthedRequest, portfolio_id: ObjectId, action_id: ObjectId
    ) -> Response:
        """Put a split aside: it isn't listed any more."""
        portfolio = selectors.get_portfolio(portfolio_id, owner_id=request.user.pk)
        now = clock.now()
        splits.dismiss_split(
            portfolio.pk, action_id=action_id, today=request.user.day_of(now), now=now
        )
        return Response(status=204)
