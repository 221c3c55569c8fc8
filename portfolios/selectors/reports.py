"""Everything there is to say of a portfolio over one range: performance, risk, and a benchmark."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np

from common.money import exact, plain
from portfolios.domain import comparison, figures, risk
from portfolios.domain.benchmark import IndexReturn, with_same_flows
from portfolios.domain.diversification import correlations
from portfolios.domain.drawdown import Drawdown, max_drawdown
from portfolios.domain.estimates import Estimate, Floats, sample
from portfolios.domain.figures import Figure, Unit
from portfolios.domain.gains import simple_gain
from portfolios.domain.money_weighted import DayCount, MoneyWeighted, money_weighted
from portfolios.domain.observations import Observations, observe
from portfolios.domain.percentages import Ratio, Reason
from portfolios.domain.policy import Policy
from portfolios.domain.ratios import calmar, sharpe, sortino
from portfolios.domain.returns import Annualization, annualized, return_grid, time_weighted
from portfolios.domain.status import Status
from portfolios.domain.unknowns import known_sum
from portfolios.selectors.history import History

#: An index is drawn, and an imagined worth compared: neither needs more decimals.
_DECIMALS = 8
#: The worst twentieth of all returns.
CUTOFF = 0.05
_ANNUALIZATION = Annualization()


class Report:
    """Everything there is to say of one range."""

    def __init__(self, history: History, benchmark: IndexReturn | None) -> None:
        self.history = history
        self.series = series = history.series
        self.as_of = history.as_of
        self.days_a_year = Policy.chosen(history.portfolio.policy).day_count.days_a_year
        self.returns = time_weighted(series)
        self.observed = observe(series, self.returns.daily)
        self.money = money_weighted(series, day_count=DayCount(self.days_a_year))
        self.benchmark = benchmark

    def content(self) -> dict[str, Any]:
        """Return all parts but the index, each by its name."""
        history, unknown = self.history, self.history.unknown_days
        return {
            "start": history.days.start,
            "end": self.as_of,
            "measured_from": history.days.opening_date,
            "days": history.days.days,
            "as_of": self.as_of,
            "valued_at": history.valued_at,
            "status": Status.PARTIAL if unknown else Status.COMPLETE,
            "unknown_days": unknown[: figures.MOST_NAMED],
            "unknown_days_count": len(unknown),
            "performance": self.performance(),
            "risk": self.risk(),
            "drawdown": self._drawdown(),
            **self._grid(),
            "benchmark": self.comparison(self.benchmark) if self.benchmark else None,
        }

    def performance(self) -> dict[str, Figure]:
        """Return the gain of the range, what flowed, and its returns."""
        history, as_of = self.history, self.as_of
        total = self.returns.total
        money = self.money
        return {
            "gain": figures.of_gain(simple_gain(history.rows, opening=history.opening), as_of),
            "time_weighted": figures.of_ratio(total, as_of),
            "time_weighted_yearly": figures.of_ratio(self._yearly(total), as_of),
            "money_weighted_yearly": figures.of_ratio(_yearly_rate(money), as_of),
            "money_weighted": figures.of_ratio(money.period, as_of),
            "opening_value": self._amount(history.opening, history.days.opening_date),
            "closing_value": self._amount(history.closing, as_of),
            "inflow": self._flow(row.inflow for row in history.flows),
            "outflow": self._flow(row.outflow for row in history.flows),
        }

    def _yearly(self, total: Ratio) -> Ratio:
        policy = Annualization(days_per_year=self.days_a_year)
        return annualized(total, self.history.days.days, policy)

    def _amount(self, amount: Decimal | None, day: date) -> Figure:
        missing = (day.isoformat(),)
        return figures.of_amount(amount, day, reason=Reason.VALUE_UNKNOWN, missing=missing)

    def _flow(self, amounts: Iterable[Decimal | None]) -> Figure:
        rows, each = self.history.flows, list(amounts)
        unknown = tuple(
            row.date.isoformat() for row, amount in zip(rows, each, strict=True) if amount is None
        )
        with exact():
            total = known_sum(each)
        return figures.of_amount(total, self.as_of, reason=Reason.FLOW_UNKNOWN, missing=unknown)

    def risk(self) -> dict[str, Figure]:
        """Return how much the returns varied."""
        observed = self.observed
        returns, basis = observed.returns, observed.basis
        estimates = {
            "volatility": risk.volatility(returns, basis),
            "downside_deviation": _enough(observed, risk.downside_deviation(returns, basis)),
            "value_at_risk": _enough(observed, risk.value_at_risk(returns, cutoff=CUTOFF)),
            "normal_value_at_risk": _enough(
                observed, risk.normal_value_at_risk(returns, cutoff=CUTOFF)
            ),
            "expected_shortfall": _enough(
                observed, risk.expected_shortfall(returns, cutoff=CUTOFF)
            ),
        }
        quotients = {
            "sharpe": sharpe(returns, basis),
            "sortino": sortino(returns, basis),
            "calmar": _enough(observed, calmar(returns, basis)),
        }
        return {
            **{name: figures.of_estimate(each, self.as_of) for name, each in estimates.items()},
            **{
                name: figures.of_estimate(each, self.as_of, Unit.NUMBER)
                for name, each in quotients.items()
            },
            "best_day": self._extreme(np.nanargmax),
            "worst_day": self._extreme(np.nanargmin),
        }

    def _extreme(self, pick: Callable[[Floats], np.intp]) -> Figure:
        """Return the best or the worst return, as of its day."""
        returns = self.observed.returns
        known = sample(returns)
        method = f"one of {known.size} returns"
        if (missing := known.too_few(1, method)) is not None:
            return figures.of_estimate(missing, self.as_of)
        # Of equal ones the first, whatever rounding in floats left.
        place = int(pick(np.round(returns, figures.DECIMALS)))
        found = known.estimate(float(returns[place]), method)
        return figures.of_estimate(found, self.observed.days[place])

    def fall(self) -> Drawdown:
        """Find the deepest fall of the index."""
        levels = np.concatenate(([1.0], 1 + self.returns.index))
        return max_drawdown((self.history.days.opening_date, *self.series.dates), levels)

    def _drawdown(self) -> dict[str, Any]:
        found = self.fall()
        depth = Estimate(
            found.depth,
            "index of time-weighted returns",
            found.observations,
            found.dropped,
            found.status,
            found.reason,
        )
        return {
            "depth": figures.of_estimate(depth, self.as_of),
            "peak_date": found.peak_date,
            "trough_date": found.trough_date,
            "recovery_date": found.recovery_date,
            "days_under_water": found.days_under_water,
            "longest_days": found.longest_days,
            "longest_from": found.longest_from,
        }

    def index(self) -> list[dict[str, Any]]:
        """Return the growth since the opening, day by day, decimals and days as texts."""
        own = _texts(self.returns.index)
        others = _texts(self.benchmark.index) if self.benchmark else [None] * len(own)
        days = (each.isoformat() for each in self.series.dates)
        points: list[dict[str, Any]] = [
            {"date": self.history.days.opening_date.isoformat(), "portfolio": "0"}
            | {"benchmark": "0" if self.benchmark else None}
        ]
        points += (
            {"date": each, "portfolio": mine, "benchmark": other}
            for each, mine, other in zip(days, own, others, strict=True)
        )
        return points

    def _grid(self) -> dict[str, list[dict[str, Any]]]:
        """Return what each calendar month and year in the range returned, oldest first."""
        months, years = [], []
        for row in return_grid(self.series):
            years.append(self._period(f"{row.year}", row.total))
            for number, ratio in enumerate(row.months, start=1):
                if ratio is not None:
                    months.append(self._period(f"{row.year}-{number:02}", ratio))
        return {"months": months, "years": years}

    def _period(self, name: str, ratio: Ratio) -> dict[str, Any]:
        return {"period": name, "return": figures.of_ratio(ratio, self.as_of)}

    def comparison(self, benchmark: IndexReturn) -> dict[str, Figure]:
        """Return how a benchmark went, and the portfolio beside it."""
        shadow = with_same_flows(self.series, benchmark)
        worth = shadow.series.closing
        reason = shadow.lead.reason or Reason.CLOSE_MISSING
        same = None if np.isnan(worth) else Decimal(f"{worth:.{_DECIMALS}f}")
        return {
            "time_weighted": figures.of_ratio(benchmark.total, self.as_of),
            "time_weighted_yearly": figures.of_ratio(self._yearly(benchmark.total), self.as_of),
            "same_flows_value": figures.of_amount(
                same, self.as_of, reason=reason, missing=shadow.lead.missing
            ),
            "lead": figures.of_ratio(shadow.lead, self.as_of),
            **self._regression(self.observed.alike(benchmark.growth - 1)),
        }

    def _regression(self, others: Floats) -> dict[str, Figure]:
        own, basis = self.observed.returns, self.observed.basis
        least = basis.minimum
        fractions = {
            "alpha": comparison.alpha(own, others, basis),
            "tracking_error": comparison.tracking_error(own, others, basis),
        }
        numbers = {
            "beta": comparison.beta(own, others, minimum=least),
            "correlation": _correlation(own, others, least),
        }
        return {
            **{name: figures.of_estimate(each, self.as_of) for name, each in fractions.items()},
            **{
                name: figures.of_estimate(each, self.as_of, Unit.NUMBER)
                for name, each in numbers.items()
            },
        }


def _yearly_rate(money: MoneyWeighted) -> Ratio:
    """Return the rate per year, unless too few days would be taken for one."""
    if money.annual.value is not None and money.days < _ANNUALIZATION.min_days:
        return Ratio.unavailable(money.annual.denominator, Reason.TOO_SHORT)
    return money.annual


def _enough(observed: Observations, estimate: Estimate) -> Estimate:
    """Take back an estimate that is made of too few returns."""
    known = sample(observed.returns)
    return known.too_few(observed.basis.minimum, estimate.method) or estimate


def _correlation(own: Floats, others: Floats, minimum: int) -> Estimate:
    method = "Pearson's, of the returns both have"
    known = sample(own, others)
    if (missing := known.too_few(minimum, method)) is not None:
        return missing
    found = correlations({"own": own, "others": others}).rows[0][1]
    if found is None:
        return known.unavailable("One of the two doesn't vary.", method)
    return known.estimate(found, method)


def _texts(index: Floats) -> list[str | None]:
    return [
        plain(Decimal(f"{value:.{_DECIMALS}f}")) if value == value else None  # noqa: PLR0124 - NaN
        for value in index.tolist()
    ]
