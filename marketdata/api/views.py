"""Instruments and prices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from bson import ObjectId
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.http import AuthedRequest
from common import clock
from common.api.pagination import PARAMETERS, page_of, paged
from marketdata import finding, selectors, services, tasks
from marketdata.adapters.base import Asset, DailyClose
from marketdata.api.serializers import (
    ActionOutput,
    AliasOutput,
    AssetInput,
    BarsOutput,
    BarsQuery,
    InstrumentChange,
    InstrumentInput,
    InstrumentOutput,
    InstrumentsQuery,
    IntradayBarsOutput,
    IntradayBarsQuery,
    MergeInput,
    MergeOutput,
    PriceOutput,
    PricesInput,
    PricesRecorded,
    QuotesOutput,
    QuotesQuery,
    SearchOutput,
    SearchQuery,
    WeightsInput,
    WeightsOutput,
)
from marketdata.domain.classification import WeightsRefused, read_weights
from marketdata.domain.instruments import AssetClass
from marketdata.services import elsewhere

#: How far back closes go, unless told.
_A_YEAR = timedelta(days=366)


class Instruments(APIView):
    """/instruments/"""

    @extend_schema(
        operation_id="instruments_list",
        parameters=[InstrumentsQuery, *PARAMETERS],
        responses=paged(InstrumentOutput),
    )
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


class InstrumentSearch(APIView):
    """/instruments/search/"""

    @extend_schema(parameters=[SearchQuery], responses=SearchOutput)
    def get(self, request: AuthedRequest) -> Response:
        """Find the instruments that somebody may mean who has typed so much, likeliest first."""
        query = SearchQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        found = finding.search_instruments(
            query.validated_data["q"],
            user_id=request.user.pk,
            limit=query.validated_data["limit"],
        )
        known, is_asking = ([], False) if found else _elsewhere(query.validated_data["q"])
        output = {"results": found, "elsewhere": known, "is_asking": is_asking}
        return Response(SearchOutput(output).data)


def _elsewhere(text: str) -> tuple[Sequence[Asset], bool]:
    """Return what sources are known to know of a text, and whether they are being asked."""
    asked, known = finding.search_elsewhere(text)
    if not asked or known is not None:
        return known or [], False
    return [], tasks.ask_elsewhere(asked)


class FoundInstruments(APIView):
    """/instruments/found/"""

    @extend_schema(request=AssetInput, responses={201: InstrumentOutput})
    def post(self, request: AuthedRequest) -> Response:
        """Take in what a source knows, for everybody; what is there already is returned."""
        body = AssetInput(data=request.data)
        body.is_valid(raise_exception=True)
        made = elsewhere.take_in(body.validated_data["identity"], now=clock.now())
        return Response(InstrumentOutput(made).data, status=201)


class InstrumentDetail(APIView):
    """/instruments/<id>/"""

    @extend_schema(responses=InstrumentOutput)
    def get(self, request: AuthedRequest, instrument_id: ObjectId) -> Response:
        """Show one instrument."""
        found = selectors.get_instrument(instrument_id, user_id=request.user.pk)
        return Response(InstrumentOutput(found).data)

    @extend_schema(request=InstrumentChange, responses=InstrumentOutput)
    def patch(self, request: AuthedRequest, instrument_id: ObjectId) -> Response:
        """Change an instrument of the user's own."""
        found = selectors.get_own_instrument(instrument_id, user_id=request.user.pk)
        body = InstrumentChange(data=request.data)
        body.is_valid(raise_exception=True)
        known = dict(body.validated_data)
        if "asset_class" in known:
            known["asset_class"] = AssetClass(known["asset_class"])
        changed = services.change_instrument(
            found.pk, owner_id=request.user.pk, **known, now=clock.now()
        )
        return Response(InstrumentOutput(changed).data)

    @extend_schema(responses={204: None})
    def delete(self, request: AuthedRequest, instrument_id: ObjectId) -> Response:
        """Delete an instrument of the user's own that nothing speaks of."""
        services.delete_own_instrument(instrument_id, owner_id=request.user.pk)
        return Response(status=204)


class Weights(APIView):
    """/instruments/<id>/weights/"""

    @extend_schema(responses=WeightsOutput)
    def get(self, request: AuthedRequest, instrument_id: ObjectId) -> Response:
        """Say what an instrument consists of, as far as that is known."""
        found = selectors.get_instrument(instrument_id, user_id=request.user.pk)
        known = {"weights": read_weights(found.weights), "source": found.weights_source}
        return Response(WeightsOutput(known).data)

    @extend_schema(request=WeightsInput, responses=WeightsOutput)
    def put(self, request: AuthedRequest, instrument_id: ObjectId) -> Response:
        """Say what an instrument of the user's own consists of, in place of what was said."""
        found = selectors.get_own_instrument(instrument_id, user_id=request.user.pk)
        body = WeightsInput(data=request.data)
        body.is_valid(raise_exception=True)
        try:
            services.classify_own_instrument(
                found.pk, owner_id=request.user.pk, **body.validated_data, now=clock.now()
            )
        except WeightsRefused as error:
            raise _under_weights(error) from error
        return self.get(request, instrument_id)


def _under_weights(error: WeightsRefused) -> WeightsRefused:
    """Name dimensions as they stand in the body: `weights.sector`."""
    found = error.errors or {"": [error.detail]}
    names = {field: "source" if field == "source" else f"weights.{field}" for field in found}
    return WeightsRefused(
        error.detail, errors={names[field].rstrip("."): found[field] for field in found}
    )


class Merge(APIView):
    """/instruments/<id>/merge/"""

    @extend_schema(responses=MergeOutput)
    def get(self, request: AuthedRequest, instrument_id: ObjectId) -> Response:
        """Say what an instrument of the user's own turned out to be."""
        found = selectors.get_own_merge(instrument_id, owner_id=request.user.pk)
        return Response(MergeOutput(found).data)

    @extend_schema(request=MergeInput, responses={202: MergeOutput})
    def post(self, request: AuthedRequest, instrument_id: ObjectId) -> Response:
        """Say that an instrument of the user's own is really another one; the rest follows."""
        found = selectors.get_own_instrument(instrument_id, user_id=request.user.pk)
        body = MergeInput(data=request.data)
        body.is_valid(raise_exception=True)
        merge = services.merge_own_instrument(
            found.pk,
            into_id=body.validated_data["into"],
            owner_id=request.user.pk,
            now=clock.now(),
        )
        tasks.start_following(merge)
        return Response(MergeOutput(merge).data, status=202)

    @extend_schema(responses={202: MergeOutput})
    def delete(self, request: AuthedRequest, instrument_id: ObjectId) -> Response:
        """Take it back: they are two again, and what followed goes back."""
        found = selectors.get_own_merge(instrument_id, owner_id=request.user.pk)
        merge = services.undo_merge(found.pk, now=clock.now())
        tasks.start_following(merge)
        return Response(MergeOutput(merge).data, status=202)


class Actions(APIView):
    """/instruments/<id>/actions/"""

    @extend_schema(
        operation_id="instruments_actions_list",
        parameters=[*PARAMETERS],
        responses=paged(ActionOutput),
    )
    def get(self, request: AuthedRequest, instrument_id: ObjectId) -> Response:
        """List the corporate actions of an instrument, newest first."""
        found = selectors.get_instrument(instrument_id, user_id=request.user.pk)
        page = page_of(request, selectors.list_actions(found.pk), key=("-ex_date", "-id"))
        return Response(page.answer(request, ActionOutput(page.rows, many=True).data))


class Aliases(APIView):
    """/instruments/<id>/aliases/"""

    @extend_schema(
        operation_id="instruments_aliases_list",
        parameters=[*PARAMETERS],
        responses=paged(AliasOutput),
    )
    def get(self, request: AuthedRequest, instrument_id: ObjectId) -> Response:
        """List what an instrument is called elsewhere."""
        found = selectors.get_instrument(instrument_id, user_id=request.user.pk)
        aliases = selectors.list_aliases(found.pk, user_id=request.user.pk)
        page = page_of(request, aliases, key=("id",))
        return Response(page.answer(request, AliasOutput(page.rows, many=True).data))


class Prices(APIView):
    """/instruments/<id>/prices/"""

    @extend_schema(
        operation_id="instruments_prices_list",
        parameters=[*PARAMETERS],
        responses=paged(PriceOutput),
    )
    def get(self, request: AuthedRequest, instrument_id: ObjectId) -> Response:
        """List an instrument's closes with their sources, newest first."""
        found = selectors.get_instrument(instrument_id, user_id=request.user.pk)
        page = page_of(request, selectors.list_prices(found.pk), key=("-date",))
        return Response(page.answer(request, PriceOutput(page.rows, many=True).data))

    @extend_schema(request=PricesInput, responses={201: PricesRecorded})
    def post(self, request: AuthedRequest, instrument_id: ObjectId) -> Response:
        """Record prices of an instrument of the user's own; a day's earlier one is replaced."""
        found = selectors.get_own_instrument(instrument_id, user_id=request.user.pk)
        body = PricesInput(data=request.data)
        body.is_valid(raise_exception=True)
        prices = [DailyClose(**each) for each in body.validated_data["prices"]]
        services.record_prices(found.pk, owner_id=request.user.pk, prices=prices, now=clock.now())
        return Response(PricesRecorded({"recorded": len(prices)}).data, status=201)


class PriceDetail(APIView):
    """/instruments/<id>/prices/<day>/"""

    @extend_schema(
        parameters=[OpenApiParameter("day", date, OpenApiParameter.PATH)], responses={204: None}
    )
    def delete(self, request: AuthedRequest, instrument_id: ObjectId, day: date) -> Response:
        """Take the price of a day back."""
        services.delete_price(instrument_id, owner_id=request.user.pk, day=day, now=clock.now())
        return Response(status=204)


class Bars(APIView):
    """/instruments/<id>/bars/"""

    @extend_schema(parameters=[BarsQuery], responses=BarsOutput)
    def get(self, request: AuthedRequest, instrument_id: ObjectId) -> Response:
        """List an instrument's daily closes, oldest first; a year unless told."""
        found = selectors.get_instrument(instrument_id, user_id=request.user.pk)
        query = BarsQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        end: date = query.validated_data.get("end") or clock.now().date()
        start: date = query.validated_data.get("start") or max(end, services.FIRST_DAY) - _A_YEAR
        closes = selectors.closes_between([str(found.pk)], start=start, end=end)
        bars = [{"date": day, "close": close} for day, close in closes.get(str(found.pk), [])]
        return Response(BarsOutput({"bars": bars}).data)


class IntradayBars(APIView):
    """/instruments/<id>/bars/intraday/"""

    @extend_schema(parameters=[IntradayBarsQuery], responses=IntradayBarsOutput)
    def get(self, request: AuthedRequest, instrument_id: ObjectId) -> Response:
        """List an instrument's prices within days, oldest first; a day of minutes unless told."""
        instrument = selectors.get_instrument(instrument_id, user_id=request.user.pk)
        query = IntradayBarsQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        known = query.validated_data
        end = known.get("until") or clock.now()
        start = end - timedelta(hours=known["hours"])
        bars = selectors.list_intraday_bars(instrument.pk, known["interval"], start=start, end=end)
        found = {"currency": instrument.currency, "interval": known["interval"], "bars": bars}
        return Response(IntradayBarsOutput(found).data)


class Quotes(APIView):
    """/quotes/"""

    @extend_schema(parameters=[QuotesQuery], responses=QuotesOutput)
    def get(self, request: AuthedRequest) -> Response:
        """Show the newest prices of several instruments."""
        query = QuotesQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        seen = selectors.visible_ids(query.validated_data["ids"], user_id=request.user.pk)
        quotes = selectors.latest_prices(seen)
        return Response(QuotesOutput({"quotes": list(quotes.values())}).data)
