"""The pages of portfolios: all of them, one, its settings."""

from __future__ import annotations

from bson import ObjectId
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.http import AuthedHttpRequest
from common import clock
from common.errors import Conflict, InvalidInput
from marketdata import selectors as market
from portfolios import presentation, selectors, tasks
from portfolios.forms import DeletePortfolioForm, PortfolioForm, PortfolioSettingsForm, take_errors
from portfolios.models import Portfolio
from portfolios.selectors.performance import period_return
from portfolios.services import portfolios
from portfolios.views.base import Page, chosen_range, range_links


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
        context["ranges"] = range_links(chosen)
        context["period_return"] = period_return(summary, since=start, day=request.user.day_of(now))
        return render(request, "portfolios/portfolio.html", context)


class Lots(Page):
    """/portfolios/<id>/positions/<id>/lots/"""

    def get(
        self, request: AuthedHttpRequest, portfolio_id: ObjectId, instrument_id: ObjectId
    ) -> HttpResponse:
        """Show when the units of a position came in and what they cost, as a page or a part."""
        portfolio = self.portfolio(portfolio_id)
        context = {
            "portfolio": presentation.portfolio_line(portfolio),
            "instrument": market.get_instrument(instrument_id, user_id=request.user.pk),
            "lots": selectors.list_lots(portfolio.pk, instrument_id=instrument_id),
        }
        template = "portfolios/_lots.html" if request.htmx else "portfolios/lots.html"
        return render(request, template, context)


class PortfolioSettings(Page):
    """/portfolios/<id>/settings/"""

    def get(self, request: AuthedHttpRequest, portfolio_id: ObjectId) -> HttpResponse:
        """Show the forms."""
        portfolio = self.portfolio(portfolio_id)
        form = PortfolioSettingsForm(
            initial={"name": portfolio.name, "tracks_cash": portfolio.tracks_cash}
        )
        return self._page(portfolio, form)

    def post(self, request: AuthedHttpRequest, portfolio_id: ObjectId) -> HttpResponse:
        """Change the portfolio."""
        portfolio = self.portfolio(portfolio_id)
        form = PortfolioSettingsForm(request.POST)
        if form.is_valid():
            try:
                changed = portfolios.change_portfolio(
                    portfolio.pk, **form.cleaned_data, now=clock.now()
                )
            except (Conflict, InvalidInput) as error:
                take_errors(form, error)
            else:
                if changed.is_recalculating:
                    tasks.request_recalculation(changed)
                messages.success(request, "Saved.")
                return redirect("portfolio", portfolio_id=portfolio.pk)
        return self._page(portfolio, form, status=422)

    def _page(
        self, portfolio: Portfolio, form: PortfolioSettingsForm, *, status: int = 200
    ) -> HttpResponse:
        context = {
            "portfolio": presentation.portfolio_line(portfolio),
            "form": form,
            "delete_form": DeletePortfolioForm(portfolio=portfolio),
        }
        return render(self.request, "portfolios/portfolio_settings.html", context, status=status)


class DeletePortfolio(Page):
    """/portfolios/<id>/delete/"""

    def post(self, request: AuthedHttpRequest, portfolio_id: ObjectId) -> HttpResponse:
        """Delete the portfolio, if its name was typed."""
        portfolio = self.portfolio(portfolio_id)
        form = DeletePortfolioForm(request.POST, portfolio=portfolio)
        if not form.is_valid():
            context = {
                "portfolio": presentation.portfolio_line(portfolio),
                "form": PortfolioSettingsForm(
                    initial={"name": portfolio.name, "tracks_cash": portfolio.tracks_cash}
                ),
                "delete_form": form,
            }
            return render(request, "portfolios/portfolio_settings.html", context, status=422)
        portfolios.delete_portfolio(portfolio.pk)
        messages.success(request, f"“{portfolio.name}” is deleted.")
        return redirect("overview")
