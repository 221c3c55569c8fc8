"""The pages of portfolios: all of them, one, its settings."""

from __future__ import annotations

from datetime import timedelta

from bson import ObjectId
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.http import AuthedHttpRequest
from common import clock
from common.errors import Conflict, InvalidInput
from marketdata import selectors as market
from portfolios import presentation, selectors
from portfolios.forms import PortfolioForm, take_errors
from portfolios.selectors.performance import period_return
from portfolios.selectors.splits import list_unrecorded_splits
from portfolios.services import portfolios
from portfolios.views.base import Page, chosen_range, range_links

_A_DAY = timedelta(days=1)


class Overview(Page):
    """/overview/"""

    def get(self, request: AuthedHttpRequest) -> HttpResponse:
        """Show all of somebody's portfolios."""
        found = list(selectors.list_portfolios(request.user.pk))
        summaries = selectors.summarize_all(found, now=clock.now())
        return render(request, "portfolios/overview.html", presentation.overview(summaries))


class NewPortfolio(Page):
    """/portfolios/new/"""

    def get(self, request: AuthedHttpRequest) -> HttpResponse:
        """Show the form."""
        form = PortfolioForm(own_currency=request.user.base_currency)
        return render(request, "portfolios/portfolio_form.html", {"form": form})

    def post(self, request: AuthedHttpRequest) -> HttpResponse:
        """Make the portfolio."""
        form = PortfolioForm(request.POST, own_currency=request.user.base_currency)
        if form.is_valid():
            try:
                made = portfolios.create_portfolio(
                    request.user.pk, **form.cleaned_data, now=clock.now()
                )
            except (Conflict, InvalidInput) as error:
                take_errors(form, error)
            else:
                return redirect("portfolio", portfolio_id=made.pk)
        return render(request, "portfolios/portfolio_form.html", {"form": form}, status=422)


class PortfolioPage(Page):
    """/portfolios/<id>/"""

    def get(self, request: AuthedHttpRequest, portfolio_id: ObjectId) -> HttpResponse:
        """Show what a portfolio holds, live."""
        portfolio = self.portfolio(portfolio_id)
        now = clock.now()
        chosen, start = chosen_range(request, now=now)
        summary = selectors.summarize(portfolio, now=now)
        context = presentation.portfolio_page(
            summary,
            worths=selectors.list_worths(portfolio.pk, start=start),
            latest=selectors.list_transactions(portfolio.pk)[:8],
            instruments=market.instruments_by_id,
        )
        context["today"] = presentation.minutes(
            selectors.list_intraday_values(portfolio.pk, since=now - _A_DAY)
        )
        context["splits"] = list_unrecorded_splits(portfolio, today=request.user.day_of(now))
        context["ranges"] = range_links(chosen)
        context["period_return"] = period_return(summary, since=start, day=request.user.day_of(now))
        # The period begins with the day after the one it is measured from.
        first = (start + timedelta(days=1)).isoformat() if start else ""
        context["return_query"] = f"start={first}" if first else "range=max"
        return render(request, "portfolios/portfolio.html", context)
