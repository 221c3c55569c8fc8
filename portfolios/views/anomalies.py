"""The page of what is worth a look: what is unlike its own history."""

from __future__ import annotations

from bson import ObjectId
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.http import AuthedHttpRequest
from common import clock
from portfolios.presentation import portfolio_line
from portfolios.selectors.anomalies import FindingId, list_anomalies
from portfolios.services import dismissals
from portfolios.views.base import Page


class AnomaliesPage(Page):
    """/portfolios/<id>/anomalies/"""

    def get(self, request: AuthedHttpRequest, portfolio_id: ObjectId) -> HttpResponse:
        """List what stood out, and below it what was put aside."""
        portfolio, now = self.portfolio(portfolio_id), clock.now()
        found = list_anomalies(portfolio, day=request.user.day_of(now), now=now)
        findings = found["findings"]
        context = {
            "portfolio": portfolio_line(portfolio),
            "found": found,
            "open": [each for each in findings if not each["is_dismissed"]],
            "dismissed": [each for each in findings if each["is_dismissed"]],
        }
        return render(request, "portfolios/anomalies.html", context)


class Dismiss(Page):
    """/portfolios/<id>/anomalies/<finding>/dismiss/"""

    def post(
        self, request: AuthedHttpRequest, portfolio_id: ObjectId, finding: str
    ) -> HttpResponse:
        """Put a finding aside, or with `undo` take it up again."""
        portfolio, named = self.portfolio(portfolio_id), FindingId.parse(finding)
        if "undo" in request.POST:
            dismissals.take_up(portfolio.pk, finding=named)
        else:
            dismissals.dismiss(portfolio.pk, finding=named, now=clock.now())
        return redirect("anomalies", portfolio_id=portfolio.pk)
