"""Generations: an account that is fetched anew, compared, switched to and back."""

from __future__ import annotations

from bson import ObjectId
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.http import AuthedRequest
from brokers import selectors, tasks
from brokers.domain.resyncs import ResyncState
from brokers.models import Connection, Resync
from brokers.services import generations, resyncs
from common import clock
from common.api.bodies import NoFields
from common.api.fields import ObjectIdField
from common.api.pagination import PARAMETERS, page_of, paged

RESYNC_STATES = [state.value for state in ResyncState]


class EffectOutput(serializers.Serializer[object]):
    """What of what is held changes."""

    what = serializers.CharField()
    measure = serializers.ChoiceField(choices=["quantity", "cash"])
    before = serializers.CharField()
    after = serializers.CharField()


class ChangeOutput(serializers.Serializer[object]):
    """One event that is told otherwise; what isn't known of it is empty."""

    change = serializers.ChoiceField(choices=["added", "changed", "removed"])
    kind = serializers.CharField()
    date = serializers.CharField(allow_blank=True)
    what = serializers.CharField(allow_blank=True)
    before = serializers.CharField(allow_blank=True)
    after = serializers.CharField(allow_blank=True)


class DifferenceOutput(serializers.Serializer[object]):
    """What switching does, or did; nothing of it is there before it was looked at."""

    added = serializers.IntegerField(required=False)
    changed = serializers.IntegerField(required=False)
    removed = serializers.IntegerField(required=False)
    kept = serializers.IntegerField(required=False)
    same = serializers.IntegerField(required=False)
    effects = EffectOutput(many=True, required=False)
    lines = ChangeOutput(many=True, required=False)


class ResyncOutput(serializers.Serializer[object]):
    """A generation: where it stands, and what switching to it does."""

    id = ObjectIdField(source="pk")
    sync_id = ObjectIdField()
    state = serializers.ChoiceField(choices=RESYNC_STATES)
    difference = DifferenceOutput()
    error = serializers.CharField()
    created_at = serializers.DateTimeField()
    switched_at = serializers.DateTimeField(allow_null=True)
    undo_until = serializers.DateTimeField(allow_null=True)


def _connection(
    request: AuthedRequest, portfolio_id: ObjectId, connection_id: ObjectId
) -> Connection:
    return selectors.get_connection(
        connection_id, portfolio_id=portfolio_id, owner_id=request.user.pk
    )


def _resync(
    request: AuthedRequest, portfolio_id: ObjectId, connection_id: ObjectId, resync_id: ObjectId
) -> Resync:
    connection = _connection(request, portfolio_id, connection_id)
    return selectors.get_resync(resync_id, connection_id=connection.pk)


class Resyncs(APIView):
    """/portfolios/<id>/connections/<id>/resyncs/"""

    @extend_schema(
        operation_id="portfolios_connections_resyncs_list",
        parameters=[*PARAMETERS],
        responses=paged(ResyncOutput),
    )
    def get(
        self, request: AuthedRequest, portfolio_id: ObjectId, connection_id: ObjectId
    ) -> Response:
        """List a connection's generations, newest first."""
        connection = _connection(request, portfolio_id, connection_id)
        page = page_of(request, selectors.list_resyncs(connection.pk), key=("-id",))
        return Response(page.answer(request, ResyncOutput(page.rows, many=True).data))

    @extend_schema(request=None, responses={202: ResyncOutput})
    def post(
        self, request: AuthedRequest, portfolio_id: ObjectId, connection_id: ObjectId
    ) -> Response:
        """Fetch everything anew beside what is booked, or join the one that is fetched."""
        connection = _connection(request, portfolio_id, connection_id)
        NoFields(data=request.data).is_valid(raise_exception=True)
        resync, is_new = resyncs.begin(connection, now=clock.now())
        if is_new:
            tasks.start_sync(resync.sync)
        return Response(ResyncOutput(resync).data, status=202)


class ResyncDetail(APIView):
    """/portfolios/<id>/connections/<id>/resyncs/<id>/"""

    @extend_schema(responses=ResyncOutput)
    def get(
        self,
        request: AuthedRequest,
        portfolio_id: ObjectId,
        connection_id: ObjectId,
        resync_id: ObjectId,
    ) -> Response:
        """Show a generation; of one that is ready, what switching would do by now."""
        resync = _resync(request, portfolio_id, connection_id, resync_id)
        if resync.state == ResyncState.READY.value:
            resync = generations.look(resync, now=clock.now())
        return Response(ResyncOutput(resync).data)

    @extend_schema(responses={204: None})
    def delete(
        self,
        request: AuthedRequest,
        portfolio_id: ObjectId,
        connection_id: ObjectId,
        resync_id: ObjectId,
    ) -> Response:
        """Leave all as it is booked."""
        resyncs.discard(_resync(request, portfolio_id, connection_id, resync_id), now=clock.now())
        return Response(status=204)


class Switches(APIView):
    """/portfolios/<id>/connections/<id>/resyncs/<id>/switches/"""

    @extend_schema(request=None, responses={201: ResyncOutput})
    def post(
        self,
        request: AuthedRequest,
        portfolio_id: ObjectId,
        connection_id: ObjectId,
        resync_id: ObjectId,
    ) -> Response:
        """Let the ledger say what was fetched anew, in one step."""
        resync = _resync(request, portfolio_id, connection_id, resync_id)
        NoFields(data=request.data).is_valid(raise_exception=True)
        switched = generations.switch(resync, now=clock.now())
        tasks.recalculate_after(switched.connection)
        return Response(ResyncOutput(switched).data, status=201)


class SwitchUndos(APIView):
    """/portfolios/<id>/connections/<id>/resyncs/<id>/undos/"""

    @extend_schema(request=None, responses={201: ResyncOutput})
    def post(
        self,
        request: AuthedRequest,
        portfolio_id: ObjectId,
        connection_id: ObjectId,
        resync_id: ObjectId,
    ) -> Response:
        """Let the ledger say what it said before the switch."""
        resync = _resync(request, portfolio_id, connection_id, resync_id)
        NoFields(data=request.data).is_valid(raise_exception=True)
        undone = generations.undo(resync, now=clock.now())
        tasks.recalculate_after(undone.connection)
        return Response(ResyncOutput(undone).data, status=201)
