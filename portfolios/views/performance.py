"""The page of a portfolio's performance: returns, risk, months, and a benchmark beside them."""

from __future__ import annotations

from bson import ObjectId
from django.http import HttpResponse
from django.shortcuts import render

from accounts.http import AuthedHttpRequest
from common import clock
from portfolios import performance_presentation
from portfolios.performance_forms import ComparisonForm
from portfolios.selectors.performance import get_report
from portfolios.views.base import Page


class PerformancePage(Page):
    """/portfolios/<id>/performance/"""

    def get(self, request: AuthedHttpRequest, portfolio_id: ObjectId) -> HttpResponse:
        """Show how a portfolio performed over a range."""
        portfolio, now = self.portfolio(portfolio_id), clock.now()
        form = ComparisonForm(request.GET, user_id=request.user.pk)
        wanted = form.wanted()
        report = get_report(
            portfolio,
            wanted,
            day=request.user.day_of(now),
            now=now,
            blend=form.blend(),
        )
        context = performance_presentation.performance_page(portfolio, report, form=form)
        return render(request, "portfolios/performance.html", context)
