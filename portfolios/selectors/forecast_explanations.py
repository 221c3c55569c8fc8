"""Ask how the figures of a forecast come about."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from functools import cached_property
from typing import Any

from portfolios.domain.drawing import History as Drawing
from portfolios.domain.explaining.forecast import (
    Outlook,
    explain_paid_in,
    explain_percentile,
    explain_reaching,
    explain_running_out,
    known_returns,
    ranks_of,
)
from portfolios.domain.explaining.trees import Node
from portfolios.domain.forecast import PATHS, PERCENTILES
from portfolios.domain.tracing import Traced, trace
from portfolios.models import Portfolio
from portfolios.selectors.explanations import explain_summary
from portfolios.selectors.forecasting import (
    SEED,
    WHOLE_HISTORY,
    Ahead,
    Assumptions,
    look_ahead,
)
from portfolios.selectors.history import last_day, load_history
from portfolios.selectors.range_explanations import RangeTrees
from portfolios.selectors.reports import Report

_PERCENTILES = {f"p{each}": each for each in PERCENTILES}


class ExplainedForecast:
    """A forecast as `get_forecast` makes it, with what explains its figures."""

    def __init__(
        self, portfolio: Portfolio, assumed: Assumptions, *, day: date, now: datetime
    ) -> None:
        """Make it.

        Args:
            day: today, where the user is.
        """
        summary, trees = explain_summary(portfolio, now=now)
        history = load_history(portfolio, WHOLE_HISTORY, day=day, now=now, summary=summary)
        today = last_day(portfolio, day=day, now=now)
        self._assumed = assumed
        self._ahead: Ahead | None
        self.report: dict[str, Any]
        self.report, self._ahead = look_ahead(portfolio, assumed, history, today=today)
        self._followed: dict[int, dict[int, Traced]] = {}
        self._past = None
        if history is not None:
            closing = trees.total if history.valued_at else None
            self._past = RangeTrees(Report(history, None), closing=closing)

    @cached_property
    def history(self) -> Mapping[str, Node]:
        """Explain what the portfolio is worth, and how it grew and varied so far."""
        if self._past is None:
            return {}
        return {
            "worth": self._past.performance["closing_value"],
            "growth": self._past.performance["time_weighted_yearly"],
            "volatility": self._past.risk["volatility"],
        }

    def month(self, month: int) -> dict[str, Node]:
        """Explain what is paid in by the end of a month, and all percentiles of it."""
        return self._known(("paid_in", *_PERCENTILES), month)

    def shares(self) -> dict[str, Node]:
        """Explain how many courses reach the target, and how many run out."""
        return self._known(("reaches_target", "runs_out"), 0)

    def _known(self, names: Iterable[str], month: int) -> dict[str, Node]:
        trees = ((name, self.figure(name, month)) for name in names)
        return {name: tree for name, tree in trees if tree is not None}

    def figure(self, name: str, month: int) -> Node | None:
        """Explain one figure; None where there is no such figure.

        Args:
            month: whose end it is of, 0 is the start; shares are those of the last month.
        """
        ahead, outlook = self._ahead, self._outlook
        if ahead is None or outlook is None or not 0 <= month <= self._assumed.months:
            return None
        if name == "paid_in":
            return explain_paid_in(outlook, month)
        if name in _PERCENTILES:
            courses = self._courses(month) if month else {}
            return explain_percentile(outlook, _PERCENTILES[name], month, courses)
        if name == "reaches_target":
            return self._reaching(outlook, ahead.made.reaches_target)
        runs_out = ahead.made.runs_out
        if name != "runs_out" or runs_out is None:
            return None
        return explain_running_out(outlook, runs_out)

    def _reaching(self, outlook: Outlook, share: float | None) -> Node | None:
        target = self._assumed.target
        if share is None or target is None:
            return None
        below = outlook.paths - round(share * outlook.paths)
        beside = {below, below + 1}.intersection(range(1, outlook.paths + 1))
        courses = self._traced(self._assumed.months, beside)
        return explain_reaching(outlook, target, share, courses)

    @cached_property
    def _outlook(self) -> Outlook | None:
        """Return what the courses are made of; None where there are none."""
        ahead, assumed = self._ahead, self._assumed
        if ahead is None or not ahead.made.percentiles:
            return None
        is_past = isinstance(assumed.model(ahead.observed), Drawing)
        series = ahead.history.series
        return Outlook(
            currency=self.report["currency"],
            worth=ahead.worth,
            start=ahead.history.as_of,
            payment=assumed.payment,
            payment_growth=assumed.payment_growth,
            growth=assumed.growth,
            volatility=assumed.volatility,
            past=known_returns(ahead.observed, series) if is_past else None,
            seed=SEED,
            paths=ahead.made.paths,
        )

    def _courses(self, month: int) -> dict[int, Traced]:
        """Follow the courses between which the percentiles of a month lie."""
        if month not in self._followed:
            ranks = {rank for each in PERCENTILES for rank in ranks_of(each, PATHS)}
            self._followed[month] = self._traced(month, ranks)
        return self._followed[month]

    def _traced(self, months: int, ranks: Collection[int]) -> dict[int, Traced]:
        ahead, assumed = self._ahead, self._assumed
        if ahead is None:
            return {}
        start = ahead.history.as_of
        return trace(
            ahead.worth,
            assumed.payments(start),
            assumed.model(ahead.observed),
            start=start,
            months=months,
            ranks=ranks,
            seed=SEED,
        )
