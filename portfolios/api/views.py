"""Portfolios, their ledgers, and what they are worth."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from bson import ObjectId
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.http import AuthedRequest
from common import clock
from common.api.pagination import PARAMETERS, page_of, paged
from marketdata import selectors as market
from portfolios import selectors, tasks
from portfolios.api.explanations import ExplainQuery, plain_trees
from portfolios.api.serializers import (
    DailyValuesOutput,
    IntradayOutput,
    IntradayQuery,
    LotsOutput,
    PortfolioChange,
    PortfolioInput,
    PortfolioOutput,
    RevisionInput,
    RevisionQuery,
    RevisionsOutput,
    SummaryOutput,
    TransactionEdit,
    TransactionInput,
    TransactionOutput,
    TransactionsQuery,
    ValuesQuery,
)
from portfolios.api.summaries import summary_fields
from portfolios.domain.transactions import Draft
from portfolios.models import Portfolio
from portfolios.selectors.explanations import explain_summary
from portfolios.selectors.lots import OpenLots
from portfolios.services import ledger, portfolios

#: How far back daily values go, unless told.
_A_YEAR = timedelta(days=366)


def _portfolio(request: AuthedRequest, portfolio_id: ObjectId) -> Portfolio:
    return selectors.get_portfolio(portfolio_id, owner_id=request.user.pk)


def _of_seen_instruments(request: AuthedRequest, draft: Draft) -> Draft:
    """Refuse an instrument that the user may not see as one that doesn't exist.

    One that turned out to be another one is named as that.
    """
    errors: dict[str, list[str]] = {}
    found: dict[str, str | None] = {"instrument_id": None, "to_instrument_id": None}
    for field in found:
        instrument_id = getattr(draft, field)
        if instrument_id is None:
            continue
        try:
            seen = market.get_instrument(ObjectId(instrument_id), user_id=request.user.pk)
            found[field] = str(seen.pk)
        except market.InstrumentNotFound as error:
            errors[field] = [error.detail]
    if errors:
        raise ledger.TransactionRefused(errors=errors)
    return replace(
        draft,
        instrument_id=found.get("instrument_id"),
        to_instrument_id=found.get("to_instrument_id"),
    )


class Portfolios(APIView):
    """/portfolios/"""

    @extend_schema(
        operation_id="portfolios_list",
        parameters=[*PARAMETERS],
        responses=paged(PortfolioOutput),
    )
    def get(self, request: AuthedRequest) -> Response:
        """List the user's portfolios by name."""
        found = selectors.list_portfolios(request.user.pk)
        page = page_of(request, found, key=("name",))
        return Response(page.answer(request, PortfolioOutput(page.rows, many=True).data))

    @extend_schema(request=PortfolioInput, responses={201: PortfolioOutput})
    def post(self, request: AuthedRequest) -> Response:
        """Make an empty portfolio."""
        body = PortfolioInput(data=request.data)
        body.is_valid(raise_exception=True)
        made = portfolios.create_portfolio(request.user.pk, **body.validated_data, now=clock.now())
        return Response(PortfolioOutput(made).data, status=201)


class PortfolioDetail(APIView):
    """/portfolios/<id>/"""

    @extend_schema(responses=PortfolioOutput)
    def get(self, request: AuthedRequest, portfolio_id: ObjectId) -> Response:
        """Show one portfolio."""
        return Response(PortfolioOutput(_portfolio(request, portfolio_id)).data)

    @extend_schema(request=PortfolioChange, responses=PortfolioOutput)
    def put(self, request: AuthedRequest, portfolio_id: ObjectId) -> Response:
        """Rename a portfolio, or change whether it keeps cash."""
        portfolio = _portfolio(request, portfolio_id)
        body = PortfolioChange(data=request.data)
        body.is_valid(raise_exception=True)
        changed = portfolios.change_portfolio(portfolio.pk, **body.validated_data, now=clock.now())
        if changed.is_recalculating:
            tasks.request_recalculation(changed)
        return Response(PortfolioOutput(changed).data)

    @extend_schema(responses={204: None})
    def delete(self, request: AuthedRequest, portfolio_id: ObjectId) -> Response:
        """Delete a portfolio with its whole ledger."""
        portfolios.delete_portfolio(_portfolio(request, portfolio_id).pk)
        return Response(status=204)


class Transactions(APIView):
    """/portfolios/<id>/transactions/"""

    @extend_schema(
        operation_id="portfolios_transactions_list",
        parameters=[TransactionsQuery, *PARAMETERS],
        responses=paged(TransactionOutput),
    )
    def get(self, request: AuthedRequest, portfolio_id: ObjectId) -> Response:
        """List a ledger, newest first."""
        portfolio = _portfolio(request, portfolio_id)
        query = TransactionsQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        rows = selectors.list_transactions(portfolio.pk, wanted=query.wanted())
        page = page_of(request, rows, key=("-trade_date", "-id"))
        return Response(page.answer(request, TransactionOutput(page.rows, many=True).data))

    @extend_schema(request=TransactionInput, responses={201: TransactionOutput})
    def post(self, request: AuthedRequest, portfolio_id: ObjectId) -> Response:
        """Record one transaction."""
        portfolio = _portfolio(request, portfolio_id)
        body = TransactionInput(data=request.data)
        body.is_valid(raise_exception=True)
        draft = _of_seen_instruments(request, body.draft())
        row = ledger.record_transaction(portfolio.pk, draft=draft, now=clock.now())
        tasks.request_recalculation(portfolio)
        return Response(TransactionOutput(row).data, status=201)


class TransactionDetail(APIView):
    """/portfolios/<id>/transactions/<id>/"""

    @extend_schema(responses=TransactionOutput)
    def get(
        self, request: AuthedRequest, portfolio_id: ObjectId, transaction_id: ObjectId
    ) -> Response:
        """Show one row, void or not."""
        row = selectors.get_transaction(
            _portfolio(request, portfolio_id).pk, transaction_id=transaction_id
        )
        return Response(TransactionOutput(row).data)

    @extend_schema(request=TransactionEdit, responses=TransactionOutput)
    def put(
        self, request: AuthedRequest, portfolio_id: ObjectId, transaction_id: ObjectId
    ) -> Response:
        """Replace a row; 409 when it has changed since the revision named."""
        portfolio = _portfolio(request, portfolio_id)
        body = TransactionEdit(data=request.data)
        body.is_valid(raise_exception=True)
        draft = _of_seen_instruments(request, body.draft())
        row = ledger.edit_transaction(
            portfolio.pk,
            transaction_id=transaction_id,
            draft=draft,
            revision=body.validated_data["revision"],
            changed_by=request.user.pk,
            now=clock.now(),
        )
        tasks.request_recalculation(portfolio)
        return Response(TransactionOutput(row).data)

    @extend_schema(parameters=[RevisionQuery], responses={204: None})
    def delete(
        self, request: AuthedRequest, portfolio_id: ObjectId, transaction_id: ObjectId
    ) -> Response:
        """Void a row, unless it has changed since the revision named; its history is kept."""
        portfolio = _portfolio(request, portfolio_id)
        query = RevisionQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        ledger.void_transaction(
            portfolio.pk,
            transaction_id=transaction_id,
            revision=query.validated_data["revision"],
            changed_by=request.user.pk,
            now=clock.now(),
        )
        tasks.request_recalculation(portfolio)
        return Response(status=204)


class Restorations(APIView):
    """/portfolios/<id>/transactions/<id>/restorations/"""

    @extend_schema(request=RevisionInput, responses={201: TransactionOutput})
    def post(
        self, request: AuthedRequest, portfolio_id: ObjectId, transaction_id: ObjectId
    ) -> Response:
        """Take a void row into the ledger again."""
        portfolio = _portfolio(request, portfolio_id)
        body = RevisionInput(data=request.data)
        body.is_valid(raise_exception=True)
        row = ledger.restore_transaction(
            portfolio.pk,
            transaction_id=transaction_id,
            revision=body.validated_data["revision"],
            changed_by=request.user.pk,
            now=clock.now(),
        )
        tasks.request_recalculation(portfolio)
        return Response(TransactionOutput(row).data, status=201)


class TransactionHistory(APIView):
    """/portfolios/<id>/transactions/<id>/history/"""

    @extend_schema(responses=RevisionsOutput)
    def get(
        self, request: AuthedRequest, portfolio_id: ObjectId, transaction_id: ObjectId
    ) -> Response:
        """Show how a row stood before each of its changes, newest first."""
        row = selectors.get_transaction(
            _portfolio(request, portfolio_id).pk, transaction_id=transaction_id
        )
        revisions = list(selectors.list_revisions(row.pk))
        return Response(RevisionsOutput({"revisions": revisions}).data)


class Summary(APIView):
    """/portfolios/<id>/summary/"""

    @extend_schema(parameters=[ExplainQuery], responses=SummaryOutput)
    def get(self, request: AuthedRequest, portfolio_id: ObjectId) -> Response:
        """Show what a portfolio is worth now, position by position."""
        portfolio = _portfolio(request, portfolio_id)
        query = ExplainQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        if not query.validated_data["explain"]:
            return Response(summary_fields(selectors.summarize(portfolio, now=clock.now())))
        summary, trees = explain_summary(portfolio, now=clock.now())
        return Response(summary_fields(summary) | {"explain": plain_trees(trees)})


class Lots(APIView):
    """/portfolios/<id>/positions/<id>/lots/"""

    @extend_schema(parameters=[ExplainQuery], responses=LotsOutput)
    def get(
        self, request: AuthedRequest, portfolio_id: ObjectId, instrument_id: ObjectId
    ) -> Response:
        """List the open lots of one position, oldest first."""
        portfolio, now = _portfolio(request, portfolio_id), clock.now()
        query = ExplainQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        found = OpenLots(portfolio, instrument_id=instrument_id, now=now)
        shown: dict[str, Any] = {"as_of": now, "lots": found.lots, "total": found.total}
        if query.validated_data["explain"]:
            shown["explain"] = plain_trees(found.trees())
        return Response(LotsOutput(shown).data)


class DailyValues(APIView):
    """/portfolios/<id>/values/"""

    @extend_schema(parameters=[ValuesQuery], responses=DailyValuesOutput)
    def get(self, request: AuthedRequest, portfolio_id: ObjectId) -> Response:
        """List what a portfolio was worth at the end of each day, oldest first."""
        portfolio = _portfolio(request, portfolio_id)
        query = ValuesQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        start = query.validated_data.get("start") or request.user.day_of(clock.now()) - _A_YEAR
        values = selectors.list_daily_values(portfolio.pk, start=start)
        found = {"currency": portfolio.base_currency, "values": values}
        return Response(DailyValuesOutput(found).data)


class IntradayValues(APIView):
    """/portfolios/<id>/values/intraday/"""

    @extend_schema(parameters=[IntradayQuery], responses=IntradayOutput)
    def get(self, request: AuthedRequest, portfolio_id: ObjectId) -> Response:
        """List what a portfolio was worth minute by minute, oldest first."""
        portfolio = _portfolio(request, portfolio_id)
        query = IntradayQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        since = clock.now() - timedelta(hours=query.validated_data["hours"])
        values = selectors.list_intraday_values(portfolio.pk, since=since)
        found = {"currency": portfolio.base_currency, "values": list(values)}
        return Response(IntradayOutput(found).data)
