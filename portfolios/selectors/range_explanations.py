"""Ask how the figures of a range come about: its returns, its risk, and a benchmark beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import cached_property
from types import MappingProxyType
from typing import Any

from common.money import exact
from marketdata import selectors as market
from portfolios.domain.benchmark import Blend
from portfolios.domain.explaining.beside import Beside, explain_benchmark
from portfolios.domain.explaining.chains import chain
from portfolios.domain.explaining.performance import Course, explain_performance
from portfolios.domain.explaining.risk import explain_drawdown, explain_risk
from portfolios.domain.explaining.summary import CashInput, PositionInput, explain_worth
from portfolios.domain.explaining.trees import Node
from portfolios.domain.returns import calendar_stretches
from portfolios.models import Portfolio
from portfolios.selectors.explanations import explain_summary
from portfolios.selectors.history import WantedDays, load_history
from portfolios.selectors.performance import report_on
from portfolios.selectors.replaying import standing_on
from portfolios.selectors.reports import CUTOFF, Report


class RangeTrees:
    """The trees of a report, each by the name of its figure; made when they are asked for."""

    def __init__(
        self,
        made: Report | None,
        blend: Blend | None = None,
        symbols: Mapping[str, str] = MappingProxyType({}),
        closing: Node | None = None,
    ) -> None:
        """Take a report, or None where there are no days.

        Args:
            symbols: of the instruments of the blend.
            closing: what the worth at the end is made of, where that is known.
        """
        self._made = made
        self._blend = blend
        self._symbols = symbols
        self._closing = replace(closing, label="Value at the end") if closing else None

    @cached_property
    def performance(self) -> Mapping[str, Node]:
        """Explain the gain of the range, what flowed, and its returns."""
        if self._made is None:
            return {}
        found = self._made.performance()
        return explain_performance(_course(self._made), found, closing=self._closing)

    @cached_property
    def risk(self) -> Mapping[str, Node]:
        """Explain how much the returns varied."""
        made = self._made
        if made is None:
            return {}
        return explain_risk(made.series, made.observed, made.risk(), cutoff=CUTOFF)

    @cached_property
    def drawdown(self) -> Node | None:
        """Explain the depth of the deepest fall."""
        made = self._made
        if made is None:
            return None
        return explain_drawdown(made.series, made.fall(), _course(made).currency)

    @cached_property
    def periods(self) -> Mapping[str, Node]:
        """Explain what each calendar month and year returned."""
        if self._made is None:
            return {}
        unit = _course(self._made).currency
        stretches = calendar_stretches(self._made.series)
        return {name: chain(name, stretch, unit) for name, stretch in stretches}

    @cached_property
    def benchmark(self) -> Mapping[str, Node]:
        """Explain the benchmark; empty where none goes beside the portfolio."""
        made = self._made
        if made is None or self._blend is None or made.benchmark is None:
            return {}
        beside = Beside(self._blend, made.benchmark, self._symbols)
        found = made.comparison(made.benchmark)
        return explain_benchmark(_course(made), beside, made.observed, found)


def explain_report(
    portfolio: Portfolio,
    wanted: WantedDays,
    *,
    day: date,
    now: datetime,
    blend: Blend | None = None,
) -> tuple[dict[str, Any], RangeTrees]:
    """Report on a range as `get_report` does, and say of each figure what it is made of.

    Args:
        day: today, where the user is.

    Raises:
        InvalidRange: the range has no days.
        LedgerTooLong: it is one day that has ended, with too many rows since the checkpoint before.
    """
    summary, now_trees = explain_summary(portfolio, now=now)
    history = load_history(portfolio, wanted, day=day, now=now, summary=summary)
    report, made = report_on(portfolio, wanted, history, day=day, blend=blend)
    if made is None:
        return report, RangeTrees(None)
    closing = now_trees.total if made.history.valued_at else None
    if closing is None and made.history.days.days == 1:
        closing = explain_day(portfolio, made.as_of)
    symbols = market.briefs_by_id(blend.weights) if blend else {}
    names = {key: each.symbol for key, each in symbols.items()}
    return report, RangeTrees(made, blend, names, closing)


def explain_day(portfolio: Portfolio, day: date) -> Node:
    """Say what a portfolio's worth at the end of a day was made of.

    Raises:
        LedgerTooLong: there are too many rows since the checkpoint before that day.
    """
    standing = standing_on(portfolio, day)
    base, rates = portfolio.base_currency, standing.rates
    held = {key: each for key, each in standing.book.positions.items() if each.quantity}
    names = market.briefs_by_id(held)
    with exact():
        prices = {key: standing.prices.on(key, day) for key in held}
    positions = [
        PositionInput(
            key=key,
            label=names[key].symbol if key in names else key,
            currency=each.currency,
            quantity=each.quantity,
            multiplier=each.multiplier,
            price=prices[key],
            price_currency=each.currency,
            rate=rates.find_rate(each.currency, base),
        )
        for key, each in held.items()
    ]
    cash = [
        CashInput(currency, balance, rates.find_rate(currency, base))
        for currency, balance in (standing.book.cash.items() if portfolio.tracks_cash else ())
    ]
    return explain_worth(base, positions=positions, cash=cash).total


def _course(made: Report) -> Course:
    history = made.history
    return Course(
        currency=history.portfolio.base_currency,
        series=made.series,
        opening=history.opening,
        closing=history.closing,
        flows=history.flows,
        money=made.money,
        days_a_year=made.days_a_year,
    )
