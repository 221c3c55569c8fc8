"""What of a portfolio is unlike its own history, and what its owner has put aside of it."""

from __future__ import annotations

from bson import ObjectId
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.http import AuthedRequest
from common import clock
from common.anomalies import Kind
from common.api.bodies import NoFields
from portfolios import selectors
from portfolios.api.explanations import ExplainedOutput, ExplainQuery, plain_trees
from portfolios.api.performance_serializers import DecimalText
from portfolios.domain.status import Status
from portfolios.selectors.anomalies import FindingId, list_anomalies
from portfolios.selectors.flag_explanations import explain_anomalies
from portfolios.services import dismissals


class FindingOutput(serializers.Serializer[object]):
    """Something to look at; `value` is a fraction, of a purchase money, of a hint the price."""

    id = serializers.CharField()
    kind = serializers.ChoiceField(choices=[each.value for each in Kind])
    instrument_id = serializers.CharField(allow_null=True)
    subject = serializers.CharField()
    date = serializers.DateField()
    value = DecimalText()
    usual_low = DecimalText(allow_null=True)
    usual_high = DecimalText(allow_null=True)
    score = DecimalText()
    sentence = serializers.CharField()
    is_dismissed = serializers.BooleanField()


class AnomaliesQuery(ExplainQuery):
    """Which findings are to be explained."""

    finding = serializers.CharField(
        required=False, help_text="The one to explain; without it the newest 20 are."
    )


class AnomaliesOutput(ExplainedOutput):
    """What stood out since a day, the newest first; `checked` is how many values were looked at."""

    since = serializers.DateField()
    status = serializers.ChoiceField(choices=[each.value for each in Status])
    checked = serializers.IntegerField()
    findings = FindingOutput(many=True)


class Anomalies(APIView):
    """/portfolios/<id>/anomalies/"""

    @extend_schema(parameters=[AnomaliesQuery], responses=AnomaliesOutput)
    def get(self, request: AuthedRequest, portfolio_id: ObjectId) -> Response:
        """List what of a portfolio and its prices is unlike its own history."""
        portfolio = selectors.get_portfolio(portfolio_id, owner_id=request.user.pk)
        query = AnomaliesQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        now = clock.now()
        day, wanted = request.user.day_of(now), query.validated_data
        if wanted["explain"]:
            found, trees = explain_anomalies(
                portfolio, day=day, now=now, finding=wanted.get("finding")
            )
            found["explain"] = plain_trees(trees)
        else:
            found = list_anomalies(portfolio, day=day, now=now)
        return Response(AnomaliesOutput(found).data)


class Dismissal(APIView):
    """/portfolios/<id>/anomalies/<finding>/dismissal/"""

    @extend_schema(request=NoFields, responses={204: None})
    def put(self, request: AuthedRequest, portfolio_id: ObjectId, finding: str) -> Response:
        """Put a finding aside."""
        portfolio = selectors.get_portfolio(portfolio_id, owner_id=request.user.pk)
        body = NoFields(data=request.data)
        body.is_valid(raise_exception=True)
        dismissals.dismiss(portfolio.pk, finding=FindingId.parse(finding), now=clock.now())
        return Response(status=204)

    @extend_schema(responses={204: None})
    def delete(self, request: AuthedRequest, portfolio_id: ObjectId, finding: str) -> Response:
        """Take a finding up again."""
        portfolio = selectors.get_portfolio(portfolio_id, owner_id=request.user.pk)
        dismissals.take_up(portfolio.pk, finding=FindingId.parse(finding))
        return Response(status=204)
