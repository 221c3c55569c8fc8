"""The page of one position: what it was worth over the days of a range."""

from __future__ import annotations

from bson import ObjectId
from django.http import HttpResponse
from django.shortcuts import render

from accounts.http import AuthedHttpRequest
from common import clock
from marketdata import selectors as market
from portfolios import positions_presentation
from portfolios.domain.ranges import InvalidRange, RangeName
from portfolios.performance_forms import PeriodForm
from portfolios.range_presentation import range_choice
from portfolios.selectors.history import WantedDays
from portfolios.selectors.positions import get_position_days
from portfolios.selectors.replaying import LedgerTooLong
from portfolios.views.base import Page


class PositionPage(Page):
    """/portfolios/<id>/positions/<id>/"""

    def get(
        self, request: AuthedHttpRequest, portfolio_id: ObjectId, instrument_id: ObjectId
    ) -> HttpResponse:
        """Draw what the position was worth at the end of each day."""
        portfolio, today = self.portfolio(portfolio_id), request.user.day_of(clock.now())
        instrument = market.get_instrument(instrument_id, user_id=request.user.pk)
        form = PeriodForm(request.GET, today=today)
        wanted = form.chosen() or WantedDays(name=RangeName.YEAR)
        days, refused = [], ""
        try:
            days = get_position_days(portfolio, str(instrument.pk), wanted)
        except (InvalidRange, LedgerTooLong) as error:
            refused = error.detail
        context = positions_presentation.position_page(
            portfolio, instrument, days, refused=refused, is_until_now=wanted.end is None
        )
        context |= range_choice(form, chosen=wanted.name, kept={})
        return render(request, "portfolios/position.html", context)
