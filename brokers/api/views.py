"""Imports into a portfolio, and its export."""

from __future__ import annotations

from bson import ObjectId
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.http import AuthedRequest
from brokers import exports, selectors, tasks
from brokers.api.serializers import (
    ExportQuery,
    ImportOutput,
    ImportRowOutput,
    RowsQuery,
    UploadInput,
)
from brokers.domain.imports import RowState
from brokers.models import ImportRun
from brokers.services import committing, intake
from common import clock
from common.api.bodies import NoFields
from common.api.negotiation import ByQuery
from common.api.pagination import PARAMETERS, page_of, paged
from portfolios import selectors as portfolios


def _run(request: AuthedRequest, portfolio_id: ObjectId, run_id: ObjectId) -> ImportRun:
    return selectors.get_import(run_id, portfolio_id=portfolio_id, owner_id=request.user.pk)


class Imports(APIView):
    """/portfolios/<id>/imports/"""

    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="portfolios_imports_list",
        parameters=[*PARAMETERS],
        responses=paged(ImportOutput),
    )
    def get(self, request: AuthedRequest, portfolio_id: ObjectId) -> Response:
        """List a portfolio's imports, newest first."""
        portfolio = portfolios.get_portfolio(portfolio_id, owner_id=request.user.pk)
        found = selectors.list_imports(portfolio.pk)
        page = page_of(request, found, key=("-created_at", "-id"))
        return Response(page.answer(request, ImportOutput(page.rows, many=True).data))

    @extend_schema(request={"multipart/form-data": UploadInput}, responses={202: ImportOutput})
    def post(self, request: AuthedRequest, portfolio_id: ObjectId) -> Response:
        """Take a file in; its preview is ready when the state is `preview`."""
        portfolio = portfolios.get_portfolio(portfolio_id, owner_id=request.user.pk)
        body = UploadInput(data=request.data)
        body.is_valid(raise_exception=True)
        upload = body.validated_data["file"]
        run = intake.open_import(
            portfolio.pk,
            owner_id=request.user.pk,
            file_name=upload.name,
            chunks=upload.chunks(),
            creates_instruments=body.validated_data["creates_instruments"],
            now=clock.now(),
        )
        tasks.start_job(run)
        return Response(ImportOutput(run).data, status=202)


class ImportDetail(APIView):
    """/portfolios/<id>/imports/<id>/"""

    @extend_schema(responses=ImportOutput)
    def get(self, request: AuthedRequest, portfolio_id: ObjectId, run_id: ObjectId) -> Response:
        """Show where an import stands."""
        return Response(ImportOutput(_run(request, portfolio_id, run_id)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: AuthedRequest, portfolio_id: ObjectId, run_id: ObjectId) -> Response:
        """Throw a preview away."""
        intake.discard(_run(request, portfolio_id, run_id), now=clock.now())
        return Response(status=204)


class ImportRows(APIView):
    """/portfolios/<id>/imports/<id>/rows/"""

    @extend_schema(
        operation_id="portfolios_imports_rows_list",
        parameters=[RowsQuery, *PARAMETERS],
        responses=paged(ImportRowOutput),
    )
    def get(self, request: AuthedRequest, portfolio_id: ObjectId, run_id: ObjectId) -> Response:
        """List the rows of an import in the file's order."""
        run = _run(request, portfolio_id, run_id)
        query = RowsQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        state = query.validated_data.get("state")
        rows = selectors.list_rows(run.pk, state=RowState(state) if state else None)
        page = page_of(request, rows, key=("number",))
        return Response(page.answer(request, ImportRowOutput(page.rows, many=True).data))


class Commits(APIView):
    """/portfolios/<id>/imports/<id>/commits/"""

    @extend_schema(request=None, responses={202: ImportOutput})
    def post(self, request: AuthedRequest, portfolio_id: ObjectId, run_id: ObjectId) -> Response:
        """Write the new rows of a preview into the ledger."""
        NoFields(data=request.data).is_valid(raise_exception=True)
        run = committing.request_commit(_run(request, portfolio_id, run_id), now=clock.now())
        tasks.start_job(run)
        return Response(ImportOutput(run).data, status=202)


class Undos(APIView):
    """/portfolios/<id>/imports/<id>/undos/"""

    @extend_schema(request=None, responses={202: ImportOutput})
    def post(self, request: AuthedRequest, portfolio_id: ObjectId, run_id: ObjectId) -> Response:
        """Take a committed import out of the ledger again."""
        NoFields(data=request.data).is_valid(raise_exception=True)
        run = committing.request_undo(_run(request, portfolio_id, run_id), now=clock.now())
        tasks.start_job(run)
        return Response(ImportOutput(run).data, status=202)


class Export(APIView):
    """/portfolios/<id>/export/"""

    content_negotiation_class = ByQuery

    @extend_schema(
        parameters=[ExportQuery],
        responses={
            (200, "application/json"): OpenApiResponse(OpenApiTypes.BINARY),
            (200, "text/csv"): OpenApiResponse(OpenApiTypes.BINARY),
        },
    )
    def get(self, request: AuthedRequest, portfolio_id: ObjectId) -> StreamingHttpResponse:
        """Download a whole ledger in a form that imports again to the same ledger."""
        portfolio = portfolios.get_portfolio(portfolio_id, owner_id=request.user.pk)
        query = ExportQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        form = query.validated_data["file"]
        name = exports.file_name(portfolio, form)
        return StreamingHttpResponse(
            exports.write(portfolio, form=form),
            content_type=exports.CONTENT_TYPES[form],
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )
