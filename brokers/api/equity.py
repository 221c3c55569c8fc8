"""What accounts were worth, day by day."""

from __future__ import annotations

from bson import ObjectId
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.http import AuthedRequest
from brokers import selectors
from brokers.domain.equity import differs
from brokers.models import EquityDay
from common.api.fields import DecimalStringField
from common.api.pagination import PARAMETERS, page_of, paged


class EquityDayOutput(serializers.Serializer[object]):
    """What a broker says that an account was worth at the end of a day, beside our own figure."""

    day = serializers.DateField()
    currency = serializers.CharField()
    theirs = DecimalStringField()
    ours = DecimalStringField(
        allow_null=True, help_text="Of the account's rows alone; null where a price is unknown."
    )
    differs = serializers.SerializerMethodField(
        help_text="By more than a hundredth; null where that isn't known."
    )
    compared_at = serializers.DateTimeField()

    def get_differs(self, row: EquityDay) -> bool | None:
        """Say whether both differ by more than other hours and prices explain."""
        return differs(row.theirs, row.ours)


class Equity(APIView):
    """/portfolios/<id>/connections/<id>/equity/"""

    @extend_schema(
        operation_id="portfolios_connections_equity_list",
        parameters=[*PARAMETERS],
        responses=paged(EquityDayOutput),
    )
    def get(
        self, request: AuthedRequest, portfolio_id: ObjectId, connection_id: ObjectId
    ) -> Response:
        """List what the broker says that the account was worth, newest day first."""
        connection = selectors.get_connection(
            connection_id, portfolio_id=portfolio_id, owner_id=request.user.pk
        )
        page = page_of(request, selectors.list_equity(connection.pk), key=("-day", "-id"))
        return Response(page.answer(request, EquityDayOutput(page.rows, many=True).data))
