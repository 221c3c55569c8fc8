"""Watchlists, alerts, and the inbox of what those have told."""

from __future__ import annotations

from bson import ObjectId
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.http import AuthedRequest
from common import clock
from common.api.pagination import PARAMETERS, page_of, paged
from portfolios.adapters import alert_channel
from portfolios.api.watching_serializers import (
    AlertChange,
    AlertInput,
    AlertOutput,
    EntryInput,
    FiringOutput,
    ReadingInput,
    ReadingOutput,
    WatchlistDetailOutput,
    WatchlistInput,
    WatchlistOutput,
)
from portfolios.models import Watchlist
from portfolios.selectors import watching
from portfolios.services import alerts, watchlists


class Watchlists(APIView):
    """/watchlists/"""

    @extend_schema(
        operation_id="watchlists_list",
        parameters=[*PARAMETERS],
        responses=paged(WatchlistOutput),
    )
    def get(self, request: AuthedRequest) -> Response:
        """List the user's watchlists, by name."""
        page = page_of(request, watching.list_watchlists(request.user.pk), key=("name",))
        return Response(page.answer(request, WatchlistOutput(page.rows, many=True).data))

    @extend_schema(request=WatchlistInput, responses={201: WatchlistOutput})
    def post(self, request: AuthedRequest) -> Response:
        """Make an empty watchlist."""
        body = WatchlistInput(data=request.data)
        body.is_valid(raise_exception=True)
        made = watchlists.create_watchlist(request.user.pk, **body.validated_data, now=clock.now())
        return Response(WatchlistOutput(made).data, status=201)


class WatchlistDetail(APIView):
    """/watchlists/<id>/"""

    @extend_schema(responses=WatchlistDetailOutput)
    def get(self, request: AuthedRequest, watchlist_id: ObjectId) -> Response:
        """Show a watchlist with the newest prices."""
        return _shown(watching.get_watchlist(watchlist_id, owner_id=request.user.pk))

    @extend_schema(request=WatchlistInput, responses=WatchlistDetailOutput)
    def patch(self, request: AuthedRequest, watchlist_id: ObjectId) -> Response:
        """Give a watchlist another name."""
        found = watching.get_watchlist(watchlist_id, owner_id=request.user.pk)
        body = WatchlistInput(data=request.data)
        body.is_valid(raise_exception=True)
        changed = watchlists.rename_watchlist(
            found.pk, owner_id=request.user.pk, **body.validated_data, now=clock.now()
        )
        return _shown(changed)

    @extend_schema(responses={204: None})
    def delete(self, request: AuthedRequest, watchlist_id: ObjectId) -> Response:
        """Delete a watchlist."""
        watchlists.delete_watchlist(watchlist_id, owner_id=request.user.pk)
        return Response(status=204)


class WatchlistEntry(APIView):
    """/watchlists/<id>/entries/<instrument id>/"""

    @extend_schema(request=EntryInput, responses=WatchlistDetailOutput)
    def put(
        self, request: AuthedRequest, watchlist_id: ObjectId, instrument_id: ObjectId
    ) -> Response:
        """Put an instrument on a watchlist, or change its note or place."""
        found = watching.get_watchlist(watchlist_id, owner_id=request.user.pk)
        body = EntryInput(data=request.data)
        body.is_valid(raise_exception=True)
        changed = watchlists.put_entry(
            found.pk,
            owner_id=request.user.pk,
            instrument_id=instrument_id,
            **body.validated_data,
            now=clock.now(),
        )
        return _shown(changed)

    @extend_schema(responses={204: None})
    def delete(
        self, request: AuthedRequest, watchlist_id: ObjectId, instrument_id: ObjectId
    ) -> Response:
        """Take an instrument off a watchlist."""
        watchlists.remove_entry(
            watchlist_id, owner_id=request.user.pk, instrument_id=instrument_id, now=clock.now()
        )
        return Response(status=204)


class Alerts(APIView):
    """/alerts/"""

    @extend_schema(
        operation_id="alerts_list", parameters=[*PARAMETERS], responses=paged(AlertOutput)
    )
    def get(self, request: AuthedRequest) -> Response:
        """List the user's alerts, newest first."""
        page = page_of(request, watching.list_alerts(request.user.pk), key=("-id",))
        found = watching.with_subjects(page.rows)
        return Response(page.answer(request, AlertOutput(found, many=True).data))

    @extend_schema(request=AlertInput, responses={201: AlertOutput})
    def post(self, request: AuthedRequest) -> Response:
        """Make an alert."""
        body = AlertInput(data=request.data)
        body.is_valid(raise_exception=True)
        made = alerts.create_alert(request.user.pk, wanted=body.wanted(), now=clock.now())
        alert_channel.tell_changed()
        return Response(AlertOutput(made).data, status=201)


class AlertDetail(APIView):
    """/alerts/<id>/"""

    @extend_schema(responses=AlertOutput)
    def get(self, request: AuthedRequest, alert_id: ObjectId) -> Response:
        """Show an alert."""
        return Response(AlertOutput(watching.get_alert(alert_id, owner_id=request.user.pk)).data)

    @extend_schema(request=AlertChange, responses=AlertOutput)
    def patch(self, request: AuthedRequest, alert_id: ObjectId) -> Response:
        """Change an alert, have it rest, or work again."""
        found = watching.get_alert(alert_id, owner_id=request.user.pk)
        body = AlertChange(data=request.data)
        body.is_valid(raise_exception=True)
        changed = alerts.change_alert(
            found.pk, owner_id=request.user.pk, **body.validated_data, now=clock.now()
        )
        alert_channel.tell_changed()
        return Response(AlertOutput(changed).data)

    @extend_schema(responses={204: None})
    def delete(self, request: AuthedRequest, alert_id: ObjectId) -> Response:
        """Delete an alert; what it has told stays in the inbox."""
        alerts.delete_alert(alert_id, owner_id=request.user.pk)
        return Response(status=204)


class Inbox(APIView):
    """/inbox/"""

    @extend_schema(
        operation_id="inbox_list", parameters=[*PARAMETERS], responses=paged(FiringOutput)
    )
    def get(self, request: AuthedRequest) -> Response:
        """List what the user's alerts have told, newest first."""
        page = page_of(request, watching.list_firings(request.user.pk), key=("-id",))
        return Response(page.answer(request, FiringOutput(page.rows, many=True).data))


class Readings(APIView):
    """/inbox/readings/"""

    @extend_schema(request=ReadingInput, responses=ReadingOutput)
    def post(self, request: AuthedRequest) -> Response:
        """Mark one message as read, or all of them."""
        body = ReadingInput(data=request.data)
        body.is_valid(raise_exception=True)
        marked = alerts.mark_read(request.user.pk, firing_id=body.validated_data.get("id"))
        unread = watching.count_unread(request.user.pk)
        return Response(ReadingOutput({"marked": marked, "unread": unread}).data)


def _shown(watchlist: Watchlist) -> Response:
    entries = watching.list_entries(watchlist)
    content = {"id": watchlist.pk, "name": watchlist.name, "entries": entries}
    return Response(WatchlistDetailOutput(content).data)
