"""The pages that say how a figure of a portfolio comes about."""

from __future__ import annotations

from bson import ObjectId
from django.http import Http404, HttpResponse
from django.shortcuts import render

from accounts.http import AuthedHttpRequest
from common import clock
from portfolios import presentation
from portfolios.domain.explaining.trees import Node
from portfolios.selectors.explanations import explain_summary
from portfolios.views.base import Page

#: What can be asked for by name.
FIGURES = frozenset(
    {
        "total",
        "holdings_value",
        "cash",
        "day_change",
        "unrealized",
        "realized",
        "income",
        "fees",
        "taxes",
    }
)


class Why(Page):
    """/portfolios/<id>/why/<figure>/"""

    def get(self, request: AuthedHttpRequest, portfolio_id: ObjectId, figure: str) -> HttpResponse:
        """Show what a figure is made of, as a page or a part."""
        portfolio = self.portfolio(portfolio_id)
        if figure not in FIGURES:
            raise Http404
        summary, trees = explain_summary(portfolio, now=clock.now())
        tree: Node | None = getattr(trees, figure)
        if tree is None:
            raise Http404
        context = {
            "portfolio": presentation.portfolio_line(portfolio),
            "tree": tree,
            "as_of": summary.as_of,
        }
        template = "portfolios/_why.html" if request.htmx else "portfolios/why.html"
        return render(request, template, context)
