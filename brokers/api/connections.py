"""Connections to brokers, and their syncs."""

from __future__ import annotations

from bson import ObjectId
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.http import AuthedRequest
from brokers import selectors, tasks
from brokers.adapters.brokers import BROKERS
from brokers.api.connection_serializers import (
    AccountOutput,
    BrokerOutput,
    ConnectionChange,
    ConnectionInput,
    ConnectionOutput,
    CredentialsInput,
    DisconnectQuery,
    SyncOutput,
    UnbookedOutput,
)
from brokers.models import Connection
from brokers.services import connecting, syncs
from common import clock
from common.api.bodies import NoFields
from common.api.pagination import PARAMETERS, page_of, paged
from portfolios import selectors as portfolios


def _connection(
    request: AuthedRequest, portfolio_id: ObjectId, connection_id: ObjectId
) -> Connection:
    return selectors.get_connection(
        connection_id, portfolio_id=portfolio_id, owner_id=request.user.pk
    )


class Brokers(APIView):
    """/brokers/"""

    @extend_schema(operation_id="brokers_list", responses=BrokerOutput(many=True))
    def get(self, request: AuthedRequest) -> Response:
        """List the brokers that can be connected, and what each tells."""
        return Response(BrokerOutput(list(BROKERS.values()), many=True).data)


class Connections(APIView):
    """/portfolios/<id>/connections/"""

    @extend_schema(
        operation_id="portfolios_connections_list",
        parameters=[*PARAMETERS],
        responses=paged(ConnectionOutput),
    )
    def get(self, request: AuthedRequest, portfolio_id: ObjectId) -> Response:
        """List a portfolio's connections, newest first."""
        portfolio = portfolios.get_portfolio(portfolio_id, owner_id=request.user.pk)
        found = selectors.list_connections(portfolio.pk)
        page = page_of(request, found, key=("-created_at", "-id"))
        return Response(page.answer(request, ConnectionOutput(page.rows, many=True).data))

    @extend_schema(request=ConnectionInput, responses={201: ConnectionOutput})
    def post(self, request: AuthedRequest, portfolio_id: ObjectId) -> Response:
        """Connect an account, once its key has opened it, and sync it for the first time.

        Where `has_login` is true for the broker, the connection waits until its owner has logged
        in, on the page of the connection.
        """
        portfolio = portfolios.get_portfolio(portfolio_id, owner_id=request.user.pk)
        body = ConnectionInput(data=request.data)
        body.is_valid(raise_exception=True)
        now = clock.now()
        connection = connecting.connect(
            portfolio.pk,
            owner_id=request.user.pk,
            broker_name=body.validated_data["broker"],
            environment_name=body.validated_data["environment"],
            credentials=body.validated_data["credentials"],
            now=now,
        )
        tasks.start_first_sync(connection)
        return Response(ConnectionOutput(connection).data, status=201)


class ConnectionDetail(APIView):
    """/portfolios/<id>/connections/<id>/"""

    @extend_schema(responses=ConnectionOutput)
    def get(
        self, request: AuthedRequest, portfolio_id: ObjectId, connection_id: ObjectId
    ) -> Response:
        """Show where a connection stands."""
        return Response(ConnectionOutput(_connection(request, portfolio_id, connection_id)).data)

    @extend_schema(request=ConnectionChange, responses=ConnectionOutput)
    def patch(
        self, request: AuthedRequest, portfolio_id: ObjectId, connection_id: ObjectId
    ) -> Response:
        """Pause a connection, or resume it."""
        connection = _connection(request, portfolio_id, connection_id)
        body = ConnectionChange(data=request.data)
        body.is_valid(raise_exception=True)
        change = connecting.pause if body.validated_data["is_paused"] else connecting.resume
        return Response(ConnectionOutput(change(connection, now=clock.now())).data)

    @extend_schema(parameters=[DisconnectQuery], responses=ConnectionOutput)
    def delete(
        self, request: AuthedRequest, portfolio_id: ObjectId, connection_id: ObjectId
    ) -> Response:
        """Disconnect: destroy the key, and keep or take out what the connection brought."""
        connection = _connection(request, portfolio_id, connection_id)
        query = DisconnectQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        keeps = query.validated_data["ledger"] == "keep"
        ended = connecting.disconnect(connection, keep_ledger=keeps, now=clock.now())
        if not keeps:
            tasks.start_removal(ended)
        return Response(ConnectionOutput(ended).data)


class Checks(APIView):
    """/portfolios/<id>/connections/<id>/checks/"""

    @extend_schema(request=None, responses=AccountOutput)
    def post(
        self, request: AuthedRequest, portfolio_id: ObjectId, connection_id: ObjectId
    ) -> Response:
        """Ask the broker whether the stored key works."""
        connection = _connection(request, portfolio_id, connection_id)
        NoFields(data=request.data).is_valid(raise_exception=True)
        account = connecting.test_connection(connection, now=clock.now())
        return Response(AccountOutput(account).data)


class Credentials(APIView):
    """/portfolios/<id>/connections/<id>/credentials/"""

    @extend_schema(request=CredentialsInput, responses=ConnectionOutput)
    def put(
        self, request: AuthedRequest, portfolio_id: ObjectId, connection_id: ObjectId
    ) -> Response:
        """Put another key of the same account in the place of the stored one."""
        connection = _connection(request, portfolio_id, connection_id)
        body = CredentialsInput(data=request.data)
        body.is_valid(raise_exception=True)
        changed = connecting.replace_key(
            connection, credentials=body.validated_data["credentials"], now=clock.now()
        )
        return Response(ConnectionOutput(changed).data)


class Syncs(APIView):
    """/portfolios/<id>/connections/<id>/syncs/"""

    @extend_schema(
        operation_id="portfolios_connections_syncs_list",
        parameters=[*PARAMETERS],
        responses=paged(SyncOutput),
    )
    def get(
        self, request: AuthedRequest, portfolio_id: ObjectId, connection_id: ObjectId
    ) -> Response:
        """List a connection's syncs, newest first."""
        connection = _connection(request, portfolio_id, connection_id)
        found = selectors.list_syncs(connection.pk)
        page = page_of(request, found, key=("-created_at", "-id"))
        return Response(page.answer(request, SyncOutput(page.rows, many=True).data))

    @extend_schema(request=None, responses={202: SyncOutput})
    def post(
        self, request: AuthedRequest, portfolio_id: ObjectId, connection_id: ObjectId
    ) -> Response:
        """Sync now, or join the sync that runs."""
        connection = _connection(request, portfolio_id, connection_id)
        NoFields(data=request.data).is_valid(raise_exception=True)
        sync, is_new = syncs.request_sync(connection, trigger="manual", now=clock.now())
        if is_new:
            tasks.start_sync(sync)
        return Response(SyncOutput(sync).data, status=202)


class SyncDetail(APIView):
    """/portfolios/<id>/connections/<id>/syncs/<id>/"""

    @extend_schema(responses=SyncOutput)
    def get(
        self,
        request: AuthedRequest,
        portfolio_id: ObjectId,
        connection_id: ObjectId,
        sync_id: ObjectId,
    ) -> Response:
        """Show how a sync goes or went."""
        connection = _connection(request, portfolio_id, connection_id)
        return Response(SyncOutput(selectors.get_sync(sync_id, connection_id=connection.pk)).data)


class Unbooked(APIView):
    """/portfolios/<id>/connections/<id>/unbooked/"""

    @extend_schema(
        operation_id="portfolios_connections_unbooked_list",
        parameters=[*PARAMETERS],
        responses=paged(UnbookedOutput),
    )
    def get(
        self, request: AuthedRequest, portfolio_id: ObjectId, connection_id: ObjectId
    ) -> Response:
        """List what the broker told and couldn't be booked, oldest first."""
        connection = _connection(request, portfolio_id, connection_id)
        page = page_of(request, selectors.list_unbooked(connection.pk), key=("id",))
        return Response(page.answer(request, UnbookedOutput(page.rows, many=True).data))
