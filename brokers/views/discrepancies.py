"""The page on which differences to a broker's figures are worked through."""

from __future__ import annotations

from typing import Any

from bson import ObjectId
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.http import AuthedHttpRequest
from brokers import connection_presentation as presentation
from brokers import selectors, tasks
from brokers.domain.discrepancies import DiscrepancyState
from brokers.forms import DecisionForm
from brokers.models import Discrepancy
from brokers.services import discrepancies
from brokers.views.pages import ConnectionPages
from common import clock
from common.errors import Conflict, InvalidInput

_MOST_ENDED = 50


class Differences(ConnectionPages):
    """/portfolios/<id>/connections/<id>/differences/"""

    def get(
        self, request: AuthedHttpRequest, portfolio_id: ObjectId, connection_id: ObjectId
    ) -> HttpResponse:
        """Show what differs, what was put aside, and what differed once."""
        connection = self.connection_of(portfolio_id, connection_id)
        live = [presentation.difference_line(each) for each in selectors.list_live(connection.pk)]
        ended = selectors.list_ended(connection.pk)[:_MOST_ENDED]
        context = {
            "portfolio": self.portfolio_of(portfolio_id),
            "connection": presentation.connection_line(connection),
            "open": [each for each in live if each["state"] == DiscrepancyState.OPEN.value],
            "aside": [each for each in live if each["state"] != DiscrepancyState.OPEN.value],
            "ended": [presentation.difference_line(each) for each in ended],
        }
        return render(request, "brokers/differences.html", context)


class Decide(ConnectionPages):
    """/portfolios/<id>/connections/<id>/differences/<id>/"""

    def post(
        self,
        request: AuthedHttpRequest,
        portfolio_id: ObjectId,
        connection_id: ObjectId,
        discrepancy_id: ObjectId,
    ) -> HttpResponse:
        """Let the broker's figure hold, put the difference aside, or take it up again."""
        connection = self.connection_of(portfolio_id, connection_id)
        row = selectors.get_discrepancy(discrepancy_id, connection_id=connection.pk)
        form = DecisionForm(request.POST)
        if not form.is_valid():
            messages.error(request, "Say what is to become of the difference.")
        else:
            try:
                messages.success(request, self._decide(row, form.cleaned_data))
            except (Conflict, InvalidInput) as failure:
                messages.error(request, failure.detail)
        return redirect("differences", portfolio_id=portfolio_id, connection_id=connection_id)

    def _decide(self, row: Discrepancy, wanted: dict[str, Any]) -> str:
        who, now = self.request.user.pk, clock.now()
        if wanted["decision"] == "accept":
            figures = {name: wanted[name] for name in ("theirs", "ours")}
            accepted = discrepancies.accept(row, **figures, decided_by=who, now=now)
            tasks.recalculate_after(accepted.connection)
            return f"{row.what}: the ledger says now what the broker says."
        if wanted["decision"] == "put_aside":
            discrepancies.put_aside(row, decided_by=who, now=now)
            return f"{row.what}: put aside until its numbers change."
        discrepancies.take_up(row, decided_by=who, now=now)
        return f"{row.what}: taken up again."
