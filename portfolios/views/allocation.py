"""The page of a portfolio's allocation: how it is spread, its checks, its targets."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from bson import ObjectId
from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.http import AuthedHttpRequest
from common import clock
from common.errors import InvalidInput
from marketdata import selectors as market
from portfolios import allocation_presentation, presentation
from portfolios.allocation_forms import (
    ClassTargetsForm,
    HoldingTargetsForm,
    LimitsForm,
    RebalancingForm,
)
from portfolios.domain.plans import TargetsBy
from portfolios.forms import take_errors
from portfolios.models import Portfolio
from portfolios.selectors.allocation import Spread
from portfolios.services import plans
from portfolios.views.base import MOST_SYMBOLS, Page


class _AllocationPage(Page):
    """What the addresses of this page share."""

    def spread(self, portfolio_id: ObjectId) -> Spread:
        """Load the portfolio that the address names with what its allocation needs."""
        return Spread(self.portfolio(portfolio_id), now=clock.now())

    def targets_form(
        self, spread: Spread, by: TargetsBy, data: Any = None
    ) -> HoldingTargetsForm | ClassTargetsForm:
        """Make the form for targets of one kind."""
        if by is TargetsBy.ASSET_CLASS:
            return ClassTargetsForm(data, plan=spread.plan)
        rows = {key: each.symbol for key, each in spread.instruments.items()}
        return HoldingTargetsForm(
            data,
            plan=spread.plan,
            rows=dict(sorted(rows.items(), key=lambda row: row[1])),
            user_id=self.request.user.pk,
        )

    def page(self, spread: Spread, *, status: int = 200, **forms: forms.Form) -> HttpResponse:
        """Show everything, with the given forms in place of fresh ones."""
        by = self._by(spread)
        rebalancing = RebalancingForm(self.request.GET if "mode" in self.request.GET else None)
        wishes = rebalancing.wishes() if rebalancing.is_bound and rebalancing.is_valid() else None
        context = allocation_presentation.allocation_page(spread, wishes=wishes)
        context |= {
            "by": by.value,
            "targets_form": self.targets_form(spread, by),
            "limits_form": LimitsForm(plan=spread.plan),
            "rebalancing_form": rebalancing,
            "proposal_query": urlencode(
                {name: self.request.GET.get(name, "") for name in rebalancing.fields}
            ),
            "symbols": presentation.symbols(
                market.list_instruments(self.request.user.pk)[:MOST_SYMBOLS]
            ),
        }
        return render(self.request, "portfolios/allocation.html", context | forms, status=status)

    def _by(self, spread: Spread) -> TargetsBy:
        wanted = self.request.POST.get("by") or self.request.GET.get("by")
        return TargetsBy(wanted) if wanted in set(TargetsBy) else spread.plan.by


class AllocationPage(_AllocationPage):
    """/portfolios/<id>/allocation/"""

    def get(self, request: AuthedHttpRequest, portfolio_id: ObjectId) -> HttpResponse:
        """Show the allocation, and a proposal if one is asked for."""
        return self.page(self.spread(portfolio_id))


class SetTargets(_AllocationPage):
    """/portfolios/<id>/allocation/targets/"""

    def post(self, request: AuthedHttpRequest, portfolio_id: ObjectId) -> HttpResponse:
        """Replace the targets."""
        spread = self.spread(portfolio_id)
        form = self.targets_form(spread, self._by(spread), request.POST)
        if form.is_valid():
            try:
                plans.set_targets(
                    spread.portfolio.pk,
                    **form.wanted(),
                    user_id=request.user.pk,
                    now=clock.now(),
                )
            except InvalidInput as error:
                take_errors(form, error)
            else:
                return _saved(request, spread.portfolio, "The targets are saved.", "targets")
        return self.page(spread, targets_form=form, status=422)


class SetLimits(_AllocationPage):
    """/portfolios/<id>/allocation/limits/"""

    def post(self, request: AuthedHttpRequest, portfolio_id: ObjectId) -> HttpResponse:
        """Replace the limits of the rules."""
        spread = self.spread(portfolio_id)
        form = LimitsForm(request.POST, plan=spread.plan)
        if form.is_valid():
            try:
                plans.set_limits(spread.portfolio.pk, **form.wanted(), now=clock.now())
            except InvalidInput as error:
                take_errors(form, error)
            else:
                return _saved(request, spread.portfolio, "The limits are saved.", "checks")
        return self.page(spread, limits_form=form, status=422)


def _saved(request: AuthedHttpRequest, portfolio: Portfolio, words: str, part: str) -> HttpResponse:
    messages.success(request, words)
    answer = redirect("allocation", portfolio_id=portfolio.pk)
    answer["Location"] += f"#{part}"
    return answer
