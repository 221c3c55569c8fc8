"""The page of a portfolio's forecast."""

from __future__ import annotations

from bson import ObjectId
from django.http import HttpResponse
from django.shortcuts import render

from accounts.http import AuthedHttpRequest
from common import clock
from portfolios import forecast_presentation
from portfolios.forecast_forms import ForecastForm
from portfolios.selectors.forecasting import get_forecast
from portfolios.views.base import Page


class ForecastPage(Page):
    """/portfolios/<id>/forecast/"""

    def get(self, request: AuthedHttpRequest, portfolio_id: ObjectId) -> HttpResponse:
        """Show how wide the possible lies in years to come."""
        portfolio, now = self.portfolio(portfolio_id), clock.now()
        form = ForecastForm(request.GET or None)
        found = get_forecast(portfolio, form.assumptions(), day=request.user.day_of(now), now=now)
        context = forecast_presentation.forecast_page(portfolio, found, form=form)
        return render(request, "portfolios/forecast.html", context)
