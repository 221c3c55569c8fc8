"""The pages of gains: what was sold, from which lots, and where the whole gain came from."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from bson import ObjectId
from django.http import HttpResponse
from django.shortcuts import render

from accounts.http import AuthedHttpRequest
from common import clock
from common.api.pagination import page_of
from common.errors import InvalidInput
from common.money import DECIMAL_PLACES, plain
from marketdata import selectors as market
from portfolios import gains_presentation, presentation
from portfolios.domain.policy import Policy
from portfolios.domain.ranges import InvalidRange
from portfolios.forms import take_errors
from portfolios.models import Portfolio
from portfolios.performance_forms import PeriodForm
from portfolios.range_presentation import range_choice
from portfolios.selectors.attribution import attribute_now, attribute_range
from portfolios.selectors.disposals import (
    DISPOSAL_KEY,
    DisposalFilter,
    Gains,
    get_gains,
    list_disposals,
    list_disposals_of,
)
from portfolios.selectors.lots import OpenLots
from portfolios.selectors.replaying import LedgerTooLong
from portfolios.selectors.whatif import consider_sale
from portfolios.views.base import Page
from portfolios.whatif_forms import WhatIfForm

_ONE_DAY = timedelta(days=1)


class GainsPage(Page):
    """/portfolios/<id>/gains/"""

    def get(self, request: AuthedHttpRequest, portfolio_id: ObjectId) -> HttpResponse:
        """Show what was gained in a year, the latest one unless told."""
        gains = get_gains(self.portfolio(portfolio_id))
        year = self._year(gains)
        rows = list_disposals(gains.portfolio.pk, wanted=DisposalFilter.of_year(year))
        context = gains_presentation.gains_page(
            gains,
            year=year,
            page=page_of(request, rows, key=DISPOSAL_KEY),
            instruments=market.instruments_by_id,
        )
        context |= self._attribution(gains.portfolio)
        return render(request, "portfolios/gains.html", context)

    def _attribution(self, portfolio: Portfolio) -> dict[str, Any]:
        """Say where the gain came from: of a range if one is chosen, else since the first row."""
        now = clock.now()
        today = self.request.user.day_of(now)
        form = PeriodForm(self.request.GET, today=today)
        wanted, period = form.chosen(), None
        if wanted is not None:
            try:
                period = attribute_range(portfolio, wanted, last=today - _ONE_DAY)
            except (InvalidRange, LedgerTooLong) as error:
                take_errors(form, error)
        if period is None:
            part = gains_presentation.attribution_part(attribute_now(portfolio, now=now))
        else:
            part = gains_presentation.period_part(period, instruments=market.instruments_by_id)
        year = self.request.GET.get("year")
        choice = range_choice(
            form,
            chosen=wanted.name if wanted and period else None,
            kept={"year": year} if year else {},
            whole="All",
        )
        days = {name: self.request.GET.get(name) for name in ("range", "start", "end")}
        given = {name: text for name, text in days.items() if text}
        shown = {"start": period.start, "end": period.end} if period else {}
        return {
            "attribution": part,
            "period_query": urlencode(given),
            "why_query": urlencode(shown),
            **choice,
        }

    def _year(self, gains: Gains) -> int | None:
        """Return the year that is asked for; None is all of them."""
        wanted = self.request.GET.get("year")
        if wanted == "all" or not gains.years:
            return None
        known = {str(each.year): each.year for each in gains.years}
        return known.get(wanted or "", gains.years[0].year)


class SoldLots(Page):
    """/portfolios/<id>/gains/<id>/"""

    def get(
        self, request: AuthedHttpRequest, portfolio_id: ObjectId, transaction_id: ObjectId
    ) -> HttpResponse:
        """Show the lots that a sale took, as a page or a part."""
        portfolio = self.portfolio(portfolio_id)
        rows = list_disposals_of(portfolio.pk, transaction_id=transaction_id)
        context = {
            "portfolio": presentation.portfolio_line(portfolio),
            "disposals": gains_presentation.disposal_page(
                rows, instruments=market.instruments_by_id
            ),
        }
        template = "portfolios/_sold_lots.html" if request.htmx else "portfolios/sold_lots.html"
        return render(request, template, context)


class Lots(Page):
    """/portfolios/<id>/positions/<id>/lots/"""

    def get(
        self, request: AuthedHttpRequest, portfolio_id: ObjectId, instrument_id: ObjectId
    ) -> HttpResponse:
        """Show when the units of a position came in and what they cost, as a page or a part.

        The page says what selling some of them would realize, too, if that is asked for.
        """
        portfolio, now = self.portfolio(portfolio_id), clock.now()
        found = OpenLots(portfolio, instrument_id=instrument_id, now=now)
        context = {
            "portfolio": presentation.portfolio_line(portfolio),
            "instrument": market.get_instrument(instrument_id, user_id=request.user.pk),
            "lots": found.lots,
            "total": found.total,
        }
        if request.htmx:
            return render(request, "portfolios/_lots.html", context)
        form = WhatIfForm(
            request.GET if "quantity" in request.GET else None,
            policy=Policy.chosen(portfolio.policy),
        )
        asked = {name: request.GET.get(name, "") for name in form.fields}
        what_if = self._what_if(portfolio, instrument_id, form)
        if what_if and round(what_if["price"], DECIMAL_PLACES) == what_if["price"]:
            # The newest price may be another one by then.
            asked["price"] = plain(what_if["price"])
        context |= {
            "form": form,
            "what_if": what_if,
            "why_query": urlencode({"instrument": instrument_id, **asked}),
        }
        status = 422 if form.errors else 200
        return render(request, "portfolios/lots.html", context, status=status)

    def _what_if(
        self, portfolio: Portfolio, instrument_id: ObjectId, form: WhatIfForm
    ) -> dict[str, Any] | None:
        if not (form.is_bound and form.is_valid()):
            return None
        now = clock.now()
        try:
            found = consider_sale(
                portfolio,
                instrument_id=instrument_id,
                intention=form.intention(),
                today=self.request.user.day_of(now),
                now=now,
            )
        except InvalidInput as error:
            take_errors(form, error)
            return None
        return gains_presentation.what_if_part(found)
