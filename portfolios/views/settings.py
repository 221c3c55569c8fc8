"""The page of a portfolio's settings: its name, its choices, its end."""

from __future__ import annotations

from bson import ObjectId
from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.http import AuthedHttpRequest
from common import clock
from common.errors import Conflict, InvalidInput
from portfolios import presentation, tasks
from portfolios.domain.policy import Policy
from portfolios.forms import DeletePortfolioForm, PortfolioSettingsForm, take_errors
from portfolios.models import Portfolio
from portfolios.policy_forms import PolicyForm
from portfolios.services import portfolios
from portfolios.views.base import Page


class SettingsPage(Page):
    """The page of a portfolio's settings, which several forms lead back to."""

    def page(
        self, portfolio: Portfolio, *, status: int = 200, **changed: forms.Form
    ) -> HttpResponse:
        """Show everything, with the given forms in place of fresh ones."""
        names = {"name": portfolio.name, "tracks_cash": portfolio.tracks_cash}
        context = {
            "portfolio": presentation.portfolio_line(portfolio),
            "form": PortfolioSettingsForm(initial=names),
            "policy_form": PolicyForm(policy=Policy.chosen(portfolio.policy)),
            "delete_form": DeletePortfolioForm(portfolio=portfolio),
        }
        template = "portfolios/portfolio_settings.html"
        return render(self.request, template, context | changed, status=status)


class PortfolioSettings(SettingsPage):
    """/portfolios/<id>/settings/"""

    def get(self, request: AuthedHttpRequest, portfolio_id: ObjectId) -> HttpResponse:
        """Show the forms."""
        return self.page(self.portfolio(portfolio_id))

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
        return self.page(portfolio, form=form, status=422)


class SetPolicy(SettingsPage):
    """/portfolios/<id>/settings/policy/"""

    def post(self, request: AuthedHttpRequest, portfolio_id: ObjectId) -> HttpResponse:
        """Replace the choices that the portfolio's results depend on."""
        portfolio = self.portfolio(portfolio_id)
        form = PolicyForm(request.POST, policy=Policy.chosen(portfolio.policy))
        if not form.is_valid():
            return self.page(portfolio, policy_form=form, status=422)
        changed = portfolios.set_policy(
            portfolio.pk, policy=form.policy(), changed_by=request.user.pk, now=clock.now()
        )
        if changed.is_recalculating:
            tasks.request_recalculation(changed)
        messages.success(request, "The choices are saved.")
        return redirect("portfolio-settings", portfolio_id=portfolio.pk)


class DeletePortfolio(SettingsPage):
    """/portfolios/<id>/delete/"""

    def post(self, request: AuthedHttpRequest, portfolio_id: ObjectId) -> HttpResponse:
        """Delete the portfolio, if its name was typed."""
        portfolio = self.portfolio(portfolio_id)
        form = DeletePortfolioForm(request.POST, portfolio=portfolio)
        if not form.is_valid():
            return self.page(portfolio, delete_form=form, status=422)
        portfolios.delete_portfolio(portfolio.pk)
        messages.success(request, f"“{portfolio.name}” is deleted.")
        return redirect("overview")
