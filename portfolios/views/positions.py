"""The page of what each position of a portfolio added to its gain."""

from __future__ import annotations

from bson import ObjectId
from django.http import HttpResponse
from django.shortcuts import render

from accounts.http import AuthedHttpRequest
from common import clock
from portfolios import positions_presentation
from portfolios.domain.ranges import InvalidRange, RangeName
from portfolios.performance_forms import PeriodForm
from portfolios.range_presentation import range_choice
from portfolios.selectors.history import WantedDays
from portfolios.selectors.positions import get_positions_report
from portfolios.selectors.replaying import LedgerTooLong
from portfolios.views.base import Page


class PositionsPage(Page):
    """/portfolios/<id>/positions/"""

    def get(self, request: AuthedHttpRequest, portfolio_id: ObjectId) -> HttpResponse:
        """Show the positions that added most first, and how alike they moved."""
        portfolio, today = self.portfolio(portfolio_id), request.user.day_of(clock.now())
        form = PeriodForm(request.GET, today=today)
        wanted = form.chosen() or WantedDays(name=RangeName.YEAR)
        report, refused = None, None
        try:
            report = get_positions_report(portfolio, wanted)
        except (InvalidRange, LedgerTooLong) as error:
            refused = error.detail
        context = positions_presentation.positions_page(portfolio, report, refused=refused)
        context |= range_choice(form, chosen=wanted.name, kept={})
        return render(request, "portfolios/positions.html", context)
