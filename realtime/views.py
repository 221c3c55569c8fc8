"""The live stream's part of the API: tickets for programs."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.http import AuthedRequest
from common import keys
from common.api.bodies import NoFields
from realtime import tickets
from realtime.admission import credential_of


class TicketOutput(serializers.Serializer[Any]):
    """A ticket, and for how long it is good; it opens one connection."""

    ticket = serializers.CharField()
    expires_in_seconds = serializers.IntegerField()


class StreamTickets(APIView):
    """/stream-tickets/"""

    @extend_schema(request=None, responses={201: TicketOutput})
    def post(self, request: AuthedRequest) -> Response:
        """Issue a ticket, to connect with as /ws/v1/stream/?ticket=…"""
        NoFields(data=request.data).is_valid(raise_exception=True)
        ticket = tickets.issue(credential_of(request.user))
        content = {"ticket": ticket, "expires_in_seconds": keys.STREAM_TICKET.ttl_seconds}
        return Response(TicketOutput(content).data, status=201)
