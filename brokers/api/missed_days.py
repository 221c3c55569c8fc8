"""Trading days of which a broker can't tell the trades any more."""

from __future__ import annotations

from bson import ObjectId
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.http import AuthedRequest
from brokers import selectors
from brokers.domain.missed_days import MissedDayState
from brokers.services import missed_days
from common import clock
from common.api.bodies import Body
from common.api.fields import ObjectIdField
from common.api.pagination import PARAMETERS, page_of, paged

MISSED_DAY_STATES = [state.value for state in MissedDayState]


class MissedDayChange(Body):
    """What can be changed of a missed day."""

    is_settled = serializers.BooleanField(help_text="Nothing of the day is missing any more.")


class MissedDayOutput(serializers.Serializer[object]):
    """A trading day of which not all was read while the broker told it."""

    id = ObjectIdField(source="pk")
    day = serializers.DateField()
    read_until = serializers.DateTimeField(
        allow_null=True, help_text="Until when its trades are known; null where none of them is."
    )
    state = serializers.ChoiceField(choices=MISSED_DAY_STATES)
    settled_at = serializers.DateTimeField(allow_null=True)
    import_id = serializers.CharField(help_text="The import that brought its trades, or empty.")


class MissedDays(APIView):
    """/portfolios/<id>/connections/<id>/missed-days/"""

    @extend_schema(
        operation_id="portfolios_connections_missed_days_list",
        parameters=[*PARAMETERS],
        responses=paged(MissedDayOutput),
    )
    def get(
        self, request: AuthedRequest, portfolio_id: ObjectId, connection_id: ObjectId
    ) -> Response:
        """List the days on which trades may be missing, or were, newest first."""
        connection = selectors.get_connection(
            connection_id, portfolio_id=portfolio_id, owner_id=request.user.pk
        )
        page = page_of(request, selectors.list_missed_days(connection.pk), key=("-day", "-id"))
        return Response(page.answer(request, MissedDayOutput(page.rows, many=True).data))


class MissedDayDetail(APIView):
    """/portfolios/<id>/connections/<id>/missed-days/<id>/"""

    @extend_schema(request=MissedDayChange, responses=MissedDayOutput)
    def patch(
        self,
        request: AuthedRequest,
        portfolio_id: ObjectId,
        connection_id: ObjectId,
        missed_day_id: ObjectId,
    ) -> Response:
        """Say that nothing of a day is missing any more, or that something is."""
        connection = selectors.get_connection(
            connection_id, portfolio_id=portfolio_id, owner_id=request.user.pk
        )
        found = selectors.get_missed_day(missed_day_id, connection_id=connection.pk)
        body = MissedDayChange(data=request.data)
        body.is_valid(raise_exception=True)
        change = missed_days.settle if body.validated_data["is_settled"] else missed_days.reopen
        return Response(MissedDayOutput(change(found, now=clock.now())).data)
