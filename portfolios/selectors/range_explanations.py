"""Ask how the figures of a range come about: its returns, its risk, and a benchmark beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
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


@dataclass(frozen=True, slots=True)
class RangeTrees:
    """The trees of a report, each by the name of its figure.

    Attributes:
        periods: of each calendar month and year.
        benchmark: empty where none goes beside the portfolio.
    """

    performance: Mapping[str, Node] = field(default_factory=dict)
    risk: Mapping[str, Node] = field(default_factory=dict)
    drawdown: Node | None = None
    periods: Mapping[str, Node] = field(default_factory=dict)
    benchmark: Mapping[str, Node] = field(default_factory=dict)


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
        return report, RangeTrees()
    closing = now_trees.total if made.history.valued_at else None
    if closing is None and made.history.days.days == 1:
        closing = explain_day(portfolio, made.as_of)
    symbols = market.briefs_by_id(blend.weights) if blend else {}
    names = {key: each.symbol for key, each in symbols.items()}
    return report, trees_of(made, blend, names, closing=closing)


def trees_of(
    made: Report, blend: Blend | None, symbols: Mapping[str, str], *, closing: Node | None = None
) -> RangeTrees:
    """Build the trees of a report's figures.

    Args:
        symbols: of the instruments of the blend.
        closing: what the worth at the end is made of, where that is known.
    """
    course = _course(made)
    if closing is not None:
        closing = replace(closing, label="Value at the end")
    trees = RangeTrees(
        performance=explain_performance(course, made.performance(), closing=closing),
        risk=explain_risk(made.series, made.observed, made.risk(), cutoff=CUTOFF),
        drawdown=explain_drawdown(made.series, made.fall(), course.currency),
        periods={
            name: chain(name, stretch, course.currency)
            for name, stretch in calendar_stretches(made.series)
        },
    )
    if blend is None or made.benchmark is None:
        return trees
    found = made.comparison(made.benchmark)
    beside = Beside(blend, made.benchmark, symbols)
    benchmark = explain_benchmark(course, beside, made.observed, found)
    return replace(trees, benchmark=benchmark)


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
