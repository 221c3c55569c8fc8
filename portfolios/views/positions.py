"""The page of what each position of a portfolio added to its gain."""

from __future__ import annotations

from bson import ObjectId
from django.http import HttpResponse
from django.shortcuts import render

from accounts.http import AuthedHttpRequest
from common import clock
from portfolios.domain.ranges import InvalidRange, RangeName
from portfolios.performance_forms import PeriodForm
from portfolios.presentation import portfolio_line
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
        context = {
            "portfolio": portfolio_line(portfolio),
            "report": report,
            "refused": refused,
            "matrix": _matrix(report["correlations"]) if report else [],
        }
        context |= range_choice(form, chosen=wanted.name, kept={})
        return render(request, "portfolios/positions.html", context)


def _matrix(found: dict[str, object]) -> list[dict[str, object]]:
    """Lay correlations out as rows with the symbol they belong to, and how strong each is."""
    instruments, rows = found["instruments"], found["rows"]
    return [
        {
            "symbol": instrument["symbol"],
            "cells": [{"value": value, "strength": _strength(value)} for value in row],
        }
        for instrument, row in zip(instruments, rows, strict=True)  # type: ignore[call-overload]
    ]


def _strength(value: str | None) -> str:
    """Name how alike two move, in five steps, for its color."""
    if value is None:
        return "unknown"
    number = float(value)
    if number < -1 / 4:
        return "against"
    for name, least in (("strong", 3 / 4), ("clear", 1 / 2), ("weak", 1 / 4)):
        if number >= least:
            return name
    return "none"
