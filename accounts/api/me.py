"""The person behind a request."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import preferences, services
from accounts.http import AuthedRequest
from common.api.bodies import Body
from common.choices import currency_choices


class PreferencesInput(Body):
    """How money and time are shown; what is left out stays as it is."""

    base_currency = serializers.ChoiceField(currency_choices(), required=False)
    time_zone = serializers.ChoiceField(preferences.time_zone_choices(), required=False)
    locale = serializers.ChoiceField(preferences.locale_choices(), required=False)


class MeOutput(serializers.Serializer[Any]):
    """A person and their preferences."""

    id = serializers.CharField()
    email = serializers.EmailField()
    base_currency = serializers.CharField()
    time_zone = serializers.CharField()
    locale = serializers.CharField()


class Me(APIView):
    """/me/: who is signed in."""

    @extend_schema(responses=MeOutput)
    def get(self, request: AuthedRequest) -> Response:
        """Show who is signed in."""
        return Response(MeOutput(request.user).data)

    @extend_schema(request=PreferencesInput, responses=MeOutput)
    def patch(self, request: AuthedRequest) -> Response:
        """Change the preferences that are given."""
        body = PreferencesInput(data=request.data)
        body.is_valid(raise_exception=True)
        user = services.change_preferences(request.user, **body.validated_data)
        return Response(MeOutput(user).data)
