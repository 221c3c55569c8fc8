"""The pages that say how a figure of a portfolio comes about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from bson import ObjectId
from django.http import Http404, HttpResponse
from django.shortcuts import render

from accounts.http import AuthedHttpRequest
from common import clock
from common.errors import InvalidInput
from portfolios import presentation, selectors
from portfolios.allocation_forms import RebalancingForm
from portfolios.domain.allocation import By
from portfolios.domain.explaining.disposals import DisposalTrees
from portfolios.domain.explaining.risk import LABELS as RISK_LABELS
from portfolios.domain.explaining.trees import Node, given
from portfolios.domain.policy import Policy
from portfolios.domain.ranges import InvalidRange
from portfolios.forecast_forms import ForecastForm
from portfolios.models import Portfolio
from portfolios.performance_forms import ComparisonForm
from portfolios.selectors.attribution import attribute_now, attribute_period
from portfolios.selectors.disposal_explanations import explain_disposals
from portfolios.selectors.disposals import get_gains, list_disposals_of
from portfolios.selectors.explanations import explain_summary, explain_totals
from portfolios.selectors.flag_explanations import explain_anomalies
from portfolios.selectors.forecast_explanations import ExplainedForecast
from portfolios.selectors.gain_explanations import explain_gain, explain_period, explain_year
from portfolios.selectors.lots import OpenLots
from portfolios.selectors.position_explanations import ExplainedPositions
from portfolios.selectors.range_explanations import RangeTrees, explain_report
from portfolios.selectors.spread_explanations import ExplainedSpread, NotProposed
from portfolios.selectors.whatif import consider_sale
from portfolios.selectors.whatif_explanations import explain_what_if
from portfolios.views.base import Page
from portfolios.whatif_forms import WhatIfForm

Trees = Mapping[str, Node | None]


class Why(Page):
    """/portfolios/<id>/why/<figure>/

    A figure of the summary has a plain name, such as `total`, and so has one of a range, such as
    `volatility`; others say first what they are of, such as `position.value`. The address names the
    days, the instrument or the slice as the page does that shows the figure.
    """

    def get(self, request: AuthedHttpRequest, portfolio_id: ObjectId, figure: str) -> HttpResponse:
        """Show what a figure is made of, as a page or a part."""
        portfolio, now = self.portfolio(portfolio_id), clock.now()
        self._days: Mapping[str, Any] | None = None
        #: What the address of more of a number has to say, too.
        self._kept: Mapping[str, str] = self._form().blend_parameters()
        try:
            tree = self._trees(portfolio, figure, now).get(figure.rpartition(".")[2])
        except InvalidInput as error:
            tree = given("Why", None, "why", note=error.detail)
        if tree is None:
            raise Http404
        context = {
            "portfolio": presentation.portfolio_line(portfolio),
            "tree": tree,
            "as_of": now,
            "days": self._days,
            "kept": urlencode(self._kept),
        }
        template = "portfolios/_why.html" if request.htmx else "portfolios/why.html"
        return render(request, template, context)

    def _trees(self, portfolio: Portfolio, figure: str, now: datetime) -> Trees:
        """Build the trees among which that of a figure is, by the names of their figures."""
        of = figure.rpartition(".")[0]
        makers: Mapping[str, Callable[[Portfolio, datetime], Trees]] = {
            "position": self._position,
            "attribution": self._attribution,
            "slice": self._slice,
            "drift": self._drift,
            "proposal": self._proposal,
            "check": self._check,
            "sales": self._sales,
            "disposal": self._disposal,
            "lot": self._lot,
            "lots": self._open_lots,
            "flag": self._flag,
            "forecast": self._forecast,
            "added": self._added,
            "benchmark": self._benchmark,
            "what-if": self._what_if,
        }
        if of:
            return makers[of](portfolio, now) if of in makers else {}
        summary = _named(explain_summary(portfolio, now=now)[1])
        if figure in summary:
            return summary
        trees = self._report(portfolio, now)
        if figure == "drawdown":
            return {"drawdown": trees.drawdown}
        return trees.risk if figure in RISK_LABELS else trees.performance

    def _position(self, portfolio: Portfolio, now: datetime) -> Trees:
        _, summary = explain_summary(portfolio, now=now)
        return _named(summary.positions.get(self._asked("instrument")))

    def _attribution(self, portfolio: Portfolio, now: datetime) -> Trees:
        """Explain the gain of the days that the address names, else that since the first row."""
        wanted = self._checked().chosen()
        if wanted is None or wanted.start is None or wanted.end is None:
            gain = explain_gain(attribute_now(portfolio, now=now))
        else:
            view = attribute_period(portfolio, start=wanted.start, end=wanted.end)
            self._days = {"measured_from": view.start - timedelta(days=1), "end": view.end}
            gain = explain_period(portfolio, view)
        return {**gain.parts, "position": gain.positions.get(self._asked("instrument"))}

    def _slice(self, portfolio: Portfolio, now: datetime) -> Trees:
        by = self._asked("by")
        if by not in set(By):
            return {}
        return _named(ExplainedSpread(portfolio, now=now).slices(By(by)).get(self._asked("key")))

    def _drift(self, portfolio: Portfolio, now: datetime) -> Trees:
        return _named(ExplainedSpread(portfolio, now=now).drifts().get(self._asked("key")))

    def _proposal(self, portfolio: Portfolio, now: datetime) -> Trees:
        """Explain a figure of what is proposed, of one trade or target if the address names one."""
        form = RebalancingForm(self.request.GET)
        if not form.is_valid():
            return {}
        self._kept = {name: self._asked(name) for name in form.fields}
        proposal, trees = ExplainedSpread(portfolio, now=now).proposal(form.wishes())
        if trees is None:
            raise NotProposed(proposal.reason)
        instrument, target = self._asked("instrument"), self._asked("key")
        if instrument and instrument not in trees.trades:
            raise NotProposed("Prices have moved: this trade isn't proposed any more.")
        if instrument:
            return _named(trees.trades[instrument])
        return _named(trees.targets_after.get(target) if target else trees)

    def _check(self, portfolio: Portfolio, now: datetime) -> Trees:
        return _named(ExplainedSpread(portfolio, now=now).checks().get(self._asked("rule")))

    def _sales(self, portfolio: Portfolio, _now: datetime) -> Trees:
        years = {f"{each.year}": each.year for each in get_gains(portfolio).years}
        year = years.get(self._asked("year"))
        if not year:
            return {}
        trees, currency = explain_year(portfolio, year), self._asked("currency")
        return _named(trees.by_currency.get(currency) if currency else trees)

    def _disposal(self, portfolio: Portfolio, _now: datetime) -> Trees:
        return _named(self._sold(portfolio))

    def _lot(self, portfolio: Portfolio, _now: datetime) -> Trees:
        sold = self._sold(portfolio)
        return _named(sold and sold.lots.get(self._asked("lot")))

    def _sold(self, portfolio: Portfolio) -> DisposalTrees | None:
        """Explain the disposal that the address names."""
        transaction, place = self._asked("transaction"), self._asked("place")
        if not ObjectId.is_valid(transaction):
            return None
        rows = list_disposals_of(portfolio.pk, transaction_id=ObjectId(transaction))
        trees = explain_disposals(portfolio, rows, lot=self._asked("lot"))
        return trees.get(f"{transaction}-{place}")

    def _open_lots(self, portfolio: Portfolio, now: datetime) -> Trees:
        """Explain the open lots of a position, or the one that the address names."""
        instrument, lot = self._asked("instrument"), self._asked("lot")
        if not ObjectId.is_valid(instrument):
            return {}
        trees = OpenLots(portfolio, instrument_id=ObjectId(instrument), now=now).trees(lot=lot)
        return _named(trees.lots.get(lot) if lot else trees)

    def _flag(self, portfolio: Portfolio, now: datetime) -> Trees:
        finding, day = self._asked("finding"), self.request.user.day_of(now)
        _, trees = explain_anomalies(portfolio, day=day, now=now, finding=finding)
        return _named(trees[finding])

    def _forecast(self, portfolio: Portfolio, now: datetime) -> Trees:
        """Explain a figure of a month of the forecast that the address assumes."""
        assumed, month = ForecastForm(self.request.GET).assumptions(), self._asked("month")
        if not (month.isascii() and month.isdecimal()):
            return {}
        day, name = self.request.user.day_of(now), self.kwargs["figure"].rpartition(".")[2]
        explained = ExplainedForecast(portfolio, assumed, day=day, now=now)
        return {name: explained.figure(name, int(month[:4]))}

    def _added(self, portfolio: Portfolio, _now: datetime) -> Trees:
        """Explain what each position added, of one position if the address names one."""
        explained = ExplainedPositions(portfolio, self._checked().wanted())
        self._days = explained.report
        trees, instrument = explained.trees(), self._asked("instrument")
        if instrument:
            pair = explained.correlation(instrument, self._asked("other"))
            return {**_named(trees.positions.get(instrument)), "correlation": pair}
        rest = {f"rest_{name}": tree for name, tree in _named(trees.rest).items()}
        return {**trees.concentration, "diversification": trees.diversification, **rest}

    def _what_if(self, portfolio: Portfolio, now: datetime) -> Trees:
        """Explain what a cost method makes of the sale that the address thinks of."""
        instrument = self._asked("instrument")
        form = WhatIfForm(self.request.GET, policy=Policy.chosen(portfolio.policy))
        if not (ObjectId.is_valid(instrument) and form.is_valid()):
            return {}
        found = consider_sale(
            portfolio,
            instrument_id=ObjectId(instrument),
            intention=form.intention(),
            today=self.request.user.day_of(now),
            now=now,
        )
        return _named(explain_what_if(found).get(self._asked("method")))

    def _benchmark(self, portfolio: Portfolio, now: datetime) -> Trees:
        return self._report(portfolio, now).benchmark

    def _report(self, portfolio: Portfolio, now: datetime) -> RangeTrees:
        form, day = self._checked(), self.request.user.day_of(now)
        report, trees = explain_report(
            portfolio, form.wanted(), day=day, now=now, blend=form.blend()
        )
        self._days = report if report["days"] else None
        return trees

    def _checked(self) -> ComparisonForm:
        """Return what the address says of days and a benchmark.

        Raises:
            InvalidRange: it can't be.
        """
        form = self._form()
        for problems in form.errors.values():
            raise InvalidRange(str(problems[0]))
        return form

    def _asked(self, name: str) -> str:
        return self.request.GET.get(name, "")

    def _form(self) -> ComparisonForm:
        return ComparisonForm(self.request.GET, user_id=self.request.user.pk)


class WhyOverview(Page):
    """/overview/why/"""

    def get(self, request: AuthedHttpRequest) -> HttpResponse:
        """Show what all portfolios of a currency are worth together, as a page or a part."""
        now = clock.now()
        found = list(selectors.list_portfolios(request.user.pk))
        trees = explain_totals(selectors.summarize_all(found, now=now))
        tree = trees.get(request.GET.get("currency", ""))
        if tree is None:
            raise Http404
        template = "portfolios/_why.html" if request.htmx else "portfolios/why.html"
        return render(request, template, {"tree": tree, "as_of": now})


def _named(trees: Any) -> Trees:
    """Return the trees that are fields of a dataclass, by their names."""
    if trees is None:
        return {}
    found = {each.name: getattr(trees, each.name) for each in fields(trees)}
    return {name: tree for name, tree in found.items() if isinstance(tree, Node)}
