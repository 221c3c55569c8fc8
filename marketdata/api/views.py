"""Instruments and prices."""

from __future__ import annotations

from datetime import date

from bson import ObjectId
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.http import AuthedRequest
from common import clock
from common.api.pagination import PARAMETERS, page_of, paged
from common.errors import InvalidInput
from common.ids import parse_object_id
from marketdata import selectors, services
from marketdata.api.serializers import (
    BarsOutput,
    BarsQuery,
    InstrumentInput,
    InstrumentOutput,
    InstrumentsQuery,
    QuotesOutput,
    QuotesQuery,
)
from marketdata.domain.instruments import AssetClass

_MOST_QUOTES = 500


class TooManyQuotes(InvalidInput):
    """More quotes were asked for than one answer gives."""

    code = "too-many-quotes"


class Instruments(APIView):
    """/instruments/"""

    @extend_schema(parameters=[InstrumentsQuery, *PARAMETERS], responses=paged(InstrumentOutput))
    def get(self, request: AuthedRequest) -> Response:
        """List the instruments that the user may see, by symbol."""
        query = InstrumentsQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        found = selectors.list_instruments(request.user.pk, **query.validated_data)
        page = page_of(request, found, key=("symbol", "id"))
        return Response(page.answer(request, InstrumentOutput(page.rows, many=True).data))

    @extend_schema(request=InstrumentInput, responses={201: InstrumentOutput})
    def post(self, request: AuthedRequest) -> Response:
        """Make an instrument of the user's own."""
        body = InstrumentInput(data=request.data)
        body.is_valid(raise_exception=True)
        known = body.validated_data
        made = services.create_instrument(
            request.user.pk,
            **(known | {"asset_class": AssetClass(known["asset_class"])}),
            now=clock.now(),
        )
        return Response(InstrumentOutput(made).data, status=201)


class InstrumentDetail(APIView):
    """/instruments/<id>/"""

    @extend_schema(responses=InstrumentOutput)
    def get(self, request: AuthedRequest, instrument_id: ObjectId) -> Response:
        """Show one instrument."""
        found = selectors.get_instrument(instrument_id, user_id=request.user.pk)
        return Response(InstrumentOutput(found).data)


class Bars(APIView):
    """/instruments/<id>/bars/"""

    @extend_schema(parameters=[BarsQuery], responses=BarsOutput)
    def get(self, request: AuthedRequest, instrument_id: ObjectId) -> Response:
        """List an instrument's daily closes, oldest first; a year unless told."""
        query = BarsQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        found = selectors.get_instrument(instrument_id, user_id=request.user.pk)
        end: date = query.validated_data.get("end") or clock.now().date()
        start: date = query.validated_data.get("start") or _a_year_before(end)
        closes = selectors.closes_between([str(found.pk)], start=start, end=end)
        bars = [{"date": day, "close": close} for day, close in closes.get(str(found.pk), [])]
        return Response(BarsOutput({"bars": bars}).data)


class Quotes(APIView):
    """/quotes/"""

    @extend_schema(parameters=[QuotesQuery], responses=QuotesOutput)
    def get(self, request: AuthedRequest) -> Response:
        """Show the newest prices of several instruments."""
        query = QuotesQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        wanted = [each.strip() for each in query.validated_data["ids"].split(",") if each.strip()]
        if len(wanted) > _MOST_QUOTES:
            raise TooManyQuotes(f"Ask for {_MOST_QUOTES} quotes at most.")
        seen = selectors.visible_ids(
            [parse_object_id(each) for each in wanted], user_id=request.user.pk
        )
        quotes = selectors.latest_prices(seen)
        return Response(QuotesOutput({"quotes": list(quotes.values())}).data)


def _a_year_before(day: date) -> date:
    return date(max(day.year - 1, 1), day.month, min(day.day, 28))
