"""What was gained by sales, and where the whole gain came from."""

from __future__ import annotations

from dataclasses import fields
from functools import partial
from typing import Any

from bson import ObjectId
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.http import AuthedRequest
from common import clock
from common.api.negotiation import ByQuery
from common.api.pagination import PARAMETERS, page_of
from marketdata import selectors as market
from portfolios import gains_export, selectors
from portfolios.api.explanations import ExplainQuery, plain_trees
from portfolios.api.gains_serializers import (
    AttributionOutput,
    AttributionQuery,
    DisposalsOutput,
    DisposalsQuery,
    TaxYearsOutput,
    WhatIfOutput,
    WhatIfQuery,
    YearQuery,
)
from portfolios.domain.attribution import Attribution
from portfolios.domain.policy import Policy
from portfolios.domain.tax_years import LONG_TERM_RULE
from portfolios.models import Portfolio
from portfolios.selectors.attribution import (
    AttributionView,
    PeriodView,
    attribute_now,
    attribute_period,
)
from portfolios.selectors.disposal_explanations import explain_disposals
from portfolios.selectors.disposals import (
    DISPOSAL_KEY,
    DisposalFilter,
    get_gains,
    list_disposals,
)
from portfolios.selectors.gain_explanations import (
    explain_gain,
    explain_period,
    explain_year,
)
from portfolios.selectors.whatif import consider_sale
from portfolios.selectors.whatif_explanations import explain_what_if


def _portfolio(request: AuthedRequest, portfolio_id: ObjectId) -> Portfolio:
    return selectors.get_portfolio(portfolio_id, owner_id=request.user.pk)


class Disposals(APIView):
    """/portfolios/<id>/disposals/"""

    @extend_schema(parameters=[DisposalsQuery, *PARAMETERS], responses=DisposalsOutput)
    def get(self, request: AuthedRequest, portfolio_id: ObjectId) -> Response:
        """List what was sold and what was gained by it, the newest first."""
        portfolio = _portfolio(request, portfolio_id)
        query = DisposalsQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        rows = list_disposals(portfolio.pk, wanted=query.wanted())
        page = page_of(request, rows, key=DISPOSAL_KEY)
        frame: dict[str, Any] = {
            "base_currency": portfolio.base_currency,
            "policy": get_gains(portfolio).policy,
        }
        if query.validated_data["explain"]:
            frame["explain"] = plain_trees(explain_disposals(portfolio, page.rows))
        return Response(DisposalsOutput(page.answer(request, page.rows) | frame).data)


class TaxYears(APIView):
    """/portfolios/<id>/disposals/years/"""

    @extend_schema(parameters=[ExplainQuery], responses=TaxYearsOutput)
    def get(self, request: AuthedRequest, portfolio_id: ObjectId) -> Response:
        """Show what sales brought in each calendar year."""
        portfolio = _portfolio(request, portfolio_id)
        query = ExplainQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        gains = get_gains(portfolio)
        shown: dict[str, Any] = {
            "base_currency": portfolio.base_currency,
            "policy": gains.policy,
            "long_term_rule": LONG_TERM_RULE,
            "years": gains.years,
        }
        if query.validated_data["explain"]:
            shown["explain"] = plain_trees(
                {f"{each.year}": explain_year(portfolio, each.year) for each in gains.years}
            )
        return Response(TaxYearsOutput(shown).data)


class DisposalsExport(APIView):
    """/portfolios/<id>/disposals/export/"""

    content_negotiation_class = ByQuery

    @extend_schema(
        parameters=[YearQuery],
        responses={(200, "text/csv"): OpenApiResponse(OpenApiTypes.BINARY)},
    )
    def get(self, request: AuthedRequest, portfolio_id: ObjectId) -> StreamingHttpResponse:
        """Download the lots that were closed as CSV, the newest first."""
        portfolio = _portfolio(request, portfolio_id)
        query = YearQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        year = query.validated_data.get("year")
        rows = list_disposals(portfolio.pk, wanted=DisposalFilter.of_year(year))
        held = rows.order_by().values_list("instrument_id", flat=True).distinct()
        name = gains_export.file_name(portfolio, year)
        return StreamingHttpResponse(
            gains_export.write(
                portfolio, rows.iterator(), instruments=market.instruments_by_id(set(held))
            ),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )


class Attributions(APIView):
    """/portfolios/<id>/attribution/"""

    @extend_schema(parameters=[AttributionQuery], responses=AttributionOutput)
    def get(self, request: AuthedRequest, portfolio_id: ObjectId) -> Response:
        """Say where the gain came from, since the first row or in a span of days."""
        portfolio = _portfolio(request, portfolio_id)
        query = AttributionQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        now = clock.now()
        period = query.period(today=now.date())
        if period is None:
            view = attribute_now(portfolio, now=now)
            shown, trees = _shown(view), partial(explain_gain, view)
        else:
            days = attribute_period(portfolio, start=period[0], end=period[1])
            shown, trees = _shown_period(portfolio, days), partial(explain_period, portfolio, days)
        if query.validated_data["explain"]:
            shown["explain"] = plain_trees(trees())
        return Response(AttributionOutput(shown).data)


class WhatIf(APIView):
    """/portfolios/<id>/positions/<id>/what-if/"""

    @extend_schema(parameters=[WhatIfQuery], responses=WhatIfOutput)
    def get(
        self, request: AuthedRequest, portfolio_id: ObjectId, instrument_id: ObjectId
    ) -> Response:
        """Say what selling would realize by each cost method; nothing is changed."""
        portfolio = _portfolio(request, portfolio_id)
        query = WhatIfQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        now = clock.now()
        found = consider_sale(
            portfolio,
            instrument_id=instrument_id,
            intention=query.intention(),
            today=request.user.day_of(now),
            now=now,
        )
        shown = {each.name: getattr(found, each.name) for each in fields(found)}
        if query.validated_data["explain"]:
            shown["explain"] = plain_trees(explain_what_if(found))
        return Response(WhatIfOutput(shown).data)


def _shown(view: AttributionView) -> dict[str, Any]:
    return _parts(view.attribution) | {
        "currency": view.portfolio.base_currency,
        "basis": "tax",
        "policy": view.policy,
        "as_of": view.as_of,
        **dict.fromkeys(("start", "end", "opening_value", "realized_tax_basis")),
    }


def _shown_period(portfolio: Portfolio, view: PeriodView) -> dict[str, Any]:
    return _parts(view.report.attribution) | {
        "currency": portfolio.base_currency,
        "basis": "period",
        "policy": Policy.chosen(portfolio.policy),
        "as_of": None,
        "start": view.start,
        "end": view.end,
        "opening_value": view.report.opening_value,
        "realized_tax_basis": view.realized,
    }


def _parts(found: Attribution) -> dict[str, Any]:
    names = (
        "contributed",
        "price",
        "cash_currency",
        "income",
        "fees",
        "taxes",
        "value",
        "gain",
        "residual",
        "is_broken",
        "status",
        "missing",
    )
    return {name: getattr(found, name) for name in names} | {
        "currency_effect": found.currency,
        "positions": list(found.positions.values()),
    }
