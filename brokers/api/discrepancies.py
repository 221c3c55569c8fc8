"""Differences between a broker's figures and the ledger's."""

from __future__ import annotations

from bson import ObjectId
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.http import AuthedRequest
from brokers import selectors, tasks
from brokers.api.discrepancy_serializers import (
    AcceptanceInput,
    DiscrepancyChange,
    DiscrepancyOutput,
)
from brokers.models import Discrepancy
from brokers.services import discrepancies
from common import clock
from common.api.pagination import PARAMETERS, page_of, paged


def _find(
    request: AuthedRequest,
    portfolio_id: ObjectId,
    connection_id: ObjectId,
    discrepancy_id: ObjectId,
) -> Discrepancy:
    connection = selectors.get_connection(
        connection_id, portfolio_id=portfolio_id, owner_id=request.user.pk
    )
    return selectors.get_discrepancy(discrepancy_id, connection_id=connection.pk)


class Discrepancies(APIView):
    """/portfolios/<id>/connections/<id>/discrepancies/"""

    @extend_schema(
        operation_id="portfolios_connections_discrepancies_list",
        parameters=[*PARAMETERS],
        responses=paged(DiscrepancyOutput),
    )
    def get(
        self, request: AuthedRequest, portfolio_id: ObjectId, connection_id: ObjectId
    ) -> Response:
        """List what differs, or differed, newest first."""
        connection = selectors.get_connection(
            connection_id, portfolio_id=portfolio_id, owner_id=request.user.pk
        )
        page = page_of(request, selectors.list_discrepancies(connection.pk), key=("-id",))
        return Response(page.answer(request, DiscrepancyOutput(page.rows, many=True).data))


class DiscrepancyDetail(APIView):
    """/portfolios/<id>/connections/<id>/discrepancies/<id>/"""

    @extend_schema(responses=DiscrepancyOutput)
    def get(
        self,
        request: AuthedRequest,
        portfolio_id: ObjectId,
        connection_id: ObjectId,
        discrepancy_id: ObjectId,
    ) -> Response:
        """Show a difference."""
        found = _find(request, portfolio_id, connection_id, discrepancy_id)
        return Response(DiscrepancyOutput(found).data)

    @extend_schema(request=DiscrepancyChange, responses=DiscrepancyOutput)
    def patch(
        self,
        request: AuthedRequest,
        portfolio_id: ObjectId,
        connection_id: ObjectId,
        discrepancy_id: ObjectId,
    ) -> Response:
        """Put a difference aside while its numbers stay, or take it up again."""
        found = _find(request, portfolio_id, connection_id, discrepancy_id)
        body = DiscrepancyChange(data=request.data)
        body.is_valid(raise_exception=True)
        is_aside = body.validated_data["is_put_aside"]
        change = discrepancies.put_aside if is_aside else discrepancies.take_up
        changed = change(found, decided_by=request.user.pk, now=clock.now())
        return Response(DiscrepancyOutput(changed).data)


class Acceptances(APIView):
    """/portfolios/<id>/connections/<id>/discrepancies/<id>/acceptances/"""

    @extend_schema(request=AcceptanceInput, responses={201: DiscrepancyOutput})
    def post(
        self,
        request: AuthedRequest,
        portfolio_id: ObjectId,
        connection_id: ObjectId,
        discrepancy_id: ObjectId,
    ) -> Response:
        """Let the broker's figure hold: what is missing is booked as a row of your own."""
        found = _find(request, portfolio_id, connection_id, discrepancy_id)
        body = AcceptanceInput(data=request.data)
        body.is_valid(raise_exception=True)
        accepted = discrepancies.accept(
            found, **body.validated_data, decided_by=request.user.pk, now=clock.now()
        )
        tasks.recalculate_after(accepted.connection)
        return Response(DiscrepancyOutput(accepted).data, status=201)
