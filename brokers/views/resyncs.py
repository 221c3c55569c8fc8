"""The page on which an account is fetched anew, compared, switched to and back."""

from __future__ import annotations

from bson import ObjectId
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.http import AuthedHttpRequest
from brokers import connection_presentation as presentation
from brokers import selectors, tasks
from brokers.domain.resyncs import ResyncState
from brokers.models import Connection, Resync
from brokers.services import generations, resyncs
from brokers.views.pages import ConnectionPages
from common import clock
from common.errors import Conflict


class ResyncPage(ConnectionPages):
    """/portfolios/<id>/connections/<id>/resync/"""

    def get(
        self, request: AuthedHttpRequest, portfolio_id: ObjectId, connection_id: ObjectId
    ) -> HttpResponse:
        """Show where the newest generation stands, and what switching would do by now."""
        connection = self.connection_of(portfolio_id, connection_id)
        now = clock.now()
        newest = selectors.list_resyncs(connection.pk).select_related("sync").first()
        if newest is not None and newest.state == ResyncState.READY.value:
            newest = generations.look(newest, now=now)
        context = {
            "portfolio": self.portfolio_of(portfolio_id),
            "connection": presentation.connection_line(connection),
            "resync": presentation.resync_line(newest, now=now) if newest else None,
        }
        return render(request, "brokers/resync.html", context)

    def post(
        self, request: AuthedHttpRequest, portfolio_id: ObjectId, connection_id: ObjectId
    ) -> HttpResponse:
        """Begin to fetch everything anew."""
        connection = self.connection_of(portfolio_id, connection_id)
        try:
            resync, is_new = resyncs.begin(connection, now=clock.now())
        except Conflict as failure:
            messages.error(request, failure.detail)
        else:
            if is_new:
                tasks.start_sync(resync.sync)
        return _back(connection)


class DecideResync(ConnectionPages):
    """/portfolios/<id>/connections/<id>/resync/<id>/"""

    def post(
        self,
        request: AuthedHttpRequest,
        portfolio_id: ObjectId,
        connection_id: ObjectId,
        resync_id: ObjectId,
    ) -> HttpResponse:
        """Switch to a generation, leave it, or undo the switch."""
        connection = self.connection_of(portfolio_id, connection_id)
        resync = selectors.get_resync(resync_id, connection_id=connection.pk)
        try:
            said = _decide(resync, request.POST.get("decision", ""))
        except Conflict as failure:
            messages.error(request, failure.detail)
        else:
            messages.success(request, said)
            tasks.recalculate_after(connection)
        return _back(connection)


def _decide(resync: Resync, decision: str) -> str:
    now = clock.now()
    if decision == "switch":
        generations.switch(resync, now=now)
        return "The ledger says now what was fetched."
    if decision == "undo":
        generations.undo(resync, now=now)
        return "The ledger says again what it said before."
    resyncs.discard(resync, now=now)
    return "All stays as it was booked."


def _back(connection: Connection) -> HttpResponse:
    return redirect("resync", portfolio_id=connection.portfolio_id, connection_id=connection.pk)
