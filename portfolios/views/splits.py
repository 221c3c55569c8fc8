"""What somebody does with a split that their ledger says nothing of."""

from __future__ import annotations

from bson import ObjectId
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from accounts.http import AuthedHttpRequest
from common import clock
from portfolios import tasks
from portfolios.services import splits
from portfolios.views.base import Page


class RecordSplit(Page):
    """/portfolios/<id>/splits/<action id>/"""

    def post(
        self, request: AuthedHttpRequest, portfolio_id: ObjectId, action_id: ObjectId
    ) -> HttpResponse:
        """Write the split into the ledger."""
        portfolio, now = self.portfolio(portfolio_id), clock.now()
        today = request.user.day_of(now)
        rows = splits.record_split(portfolio.pk, action_id=action_id, today=today, now=now)
        tasks.request_recalculation(portfolio)
        messages.success(request, f"Recorded the split of {rows[0].trade_date}.")
        return redirect("portfolio", portfolio_id=portfolio.pk)


class DismissSplit(Page):
    """/portfolios/<id>/splits/<action id>/dismiss/"""

    def post(
        self, request: AuthedHttpRequest, portfolio_id: ObjectId, action_id: ObjectId
    ) -> HttpResponse:
        """Put the split aside."""
        portfolio, now = self.portfolio(portfolio_id), clock.now()
        today = request.user.day_of(now)
        splits.dismiss_split(portfolio.pk, action_id=action_id, today=today, now=now)
        return redirect("portfolio", portfolio_id=portfolio.pk)
