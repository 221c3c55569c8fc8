"""Ask how wide the possible lies that a portfolio may be worth in years to come.

A forecast is plain values, as it is kept in the cache and sent: decimals and days as texts.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from common.currencies import minor_units
from common.money import plain
from portfolios.adapters import report_cache
from portfolios.domain import drawing, figures, risk
from portfolios.domain import forecast as domain
from portfolios.domain.drawing import MONTHS_A_YEAR, Normal
from portfolios.domain.figures import Figure
from portfolios.domain.observations import Observations, observe
from portfolios.domain.policy import Policy
from portfolios.domain.ranges import RangeName
from portfolios.domain.returns import (
    Annualization,
    TimeWeighted,
    annualized,
    time_weighted,
)
from portfolios.domain.status import Status
from portfolios.models import Portfolio
from portfolios.selectors.history import (
    History,
    WantedDays,
    find_last_stored,
    last_day,
    load_history,
)
from portfolios.selectors.performance import plain_parts, report_name

WHOLE_HISTORY = WantedDays(name=RangeName.MAX)
#: The same question has the same answer.
SEED = 0
_NOT_VALUED = "No day of this portfolio has been valued yet."
_WORTH_UNKNOWN = "What the portfolio is worth isn't known."


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What is assumed of the future.

    Attributes:
        years: how far it is looked ahead.
        payment: paid in each month; below zero it is taken out.
        payment_growth: by how much the payments of each year are larger than those of the year
            before, a fraction.
        target: what is hoped to be reached.
        growth: compound growth a year that half of the courses exceed, a fraction; `volatility`
            likewise. Without them the portfolio's own history is drawn from.
    """

    years: int = 10
    payment: Decimal = Decimal(0)
    payment_growth: Decimal = Decimal(0)
    target: Decimal | None = None
    growth: Decimal | None = None
    volatility: Decimal | None = None

    @property
    def months(self) -> int:
        """Return how many months it is looked ahead."""
        return self.years * MONTHS_A_YEAR

    def payments(self, start: date) -> list[domain.Payment]:
        """Return the payments, the first of which is a month after the start."""
        if not self.payment:
            return []
        growth = float(self.payment_growth)
        return [domain.Payment(self.payment, domain.later(start, 1), yearly_growth=growth)]

    def model(self, observed: Observations) -> Normal | drawing.History:
        """Return what the courses are drawn from."""
        if self.growth is None or self.volatility is None:
            return drawing.History(observed.returns, observed.basis)
        return Normal(float(self.growth), float(self.volatility))


def get_forecast(
    portfolio: Portfolio, assumed: Assumptions, *, day: date, now: datetime
) -> dict[str, Any]:
    """Let a portfolio grow along many courses; what was asked a moment ago is taken again.

    Args:
        day: today, where the user is.
    """
    last = find_last_stored(portfolio.pk)
    today = last_day(portfolio, day=day, now=now)
    name = report_name(portfolio, last, today, "forecast", repr(assumed))
    found = report_cache.read(*name)
    if found is None:
        history = load_history(portfolio, WHOLE_HISTORY, day=day, now=now, last=last)
        found, _ = look_ahead(portfolio, assumed, history, today=today)
        report_cache.write(found, *name)
    return found


@dataclass(frozen=True, slots=True)
class Ahead:
    """A forecast, and what it was made of."""

    history: History
    observed: Observations
    worth: Decimal
    made: domain.Forecast


def look_ahead(
    portfolio: Portfolio, assumed: Assumptions, history: History | None, *, today: date
) -> tuple[dict[str, Any], Ahead | None]:
    """Make a forecast from a history that is loaded.

    Returns:
        It as plain values, and what it was written from: None where there is nothing to begin with.
    """
    frame: dict[str, Any] = {
        "currency": portfolio.base_currency,
        "start": history.as_of if history else today,
        "worth": history.closing if history else None,
        "valued_at": history.valued_at if history else None,
        "assumptions": asdict(assumed),
        "history": {},
    }
    if history is None:
        return plain_parts(frame | _nothing(_NOT_VALUED)), None
    returns = time_weighted(history.series)
    observed = observe(history.series, returns.daily)
    frame["history"] = _own_figures(history, returns, observed)
    if history.closing is None:
        return plain_parts(frame | _nothing(_WORTH_UNKNOWN)), None
    made = domain.forecast(
        history.closing,
        assumed.payments(history.as_of),
        assumed.model(observed),
        start=history.as_of,
        months=assumed.months,
        target=assumed.target,
        seed=SEED,
    )
    found = plain_parts(frame | _courses(made, minor_units(portfolio.base_currency)))
    return found, Ahead(history, observed, history.closing, made)


def _own_figures(
    history: History, returns: TimeWeighted, observed: Observations
) -> dict[str, Figure]:
    """Return what the portfolio's own history would put in the place of assumptions."""
    day_count = Policy.chosen(history.portfolio.policy).day_count
    policy = Annualization(days_per_year=day_count.days_a_year)
    yearly = annualized(returns.total, history.days.days, policy)
    return {
        "growth": figures.of_ratio(yearly, history.as_of),
        "volatility": figures.of_estimate(
            risk.volatility(observed.returns, observed.basis), history.as_of
        ),
    }


def _nothing(reason: str) -> dict[str, Any]:
    return {
        "status": Status.UNAVAILABLE,
        "reason": reason,
        "method": None,
        "paths": 0,
        "courses": [],
        "reaches_target": None,
        "runs_out": None,
    }


def _courses(made: domain.Forecast, places: int) -> dict[str, Any]:
    """Lay a forecast out month by month."""
    bands = [made.percentiles[each] for each in domain.PERCENTILES if made.percentiles]
    months = zip(made.dates, made.paid_in, *bands, strict=bool(bands))
    return {
        "status": made.status,
        "reason": made.reason,
        "method": made.method,
        "paths": made.paths,
        "courses": [
            {"date": day, "paid_in": _money(paid_in, places)}
            | {
                f"p{percentile}": _money(worth, places)
                for percentile, worth in zip(domain.PERCENTILES, worths, strict=True)
            }
            for day, paid_in, *worths in months
        ],
        "reaches_target": _share(made.reaches_target),
        "runs_out": _share(made.runs_out),
    }


def _money(amount: float, places: int) -> str:
    return plain(Decimal(f"{amount:.{places}f}"))


def _share(share: float | None) -> str | None:
    return None if share is None else plain(Decimal(f"{share:.4f}"))
