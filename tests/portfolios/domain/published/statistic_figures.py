"""Figures of a series of days: time-weighted, money-weighted, risk."""

import re
from datetime import timedelta
from decimal import Decimal

from portfolios.domain.drawdown import drawdown_series, max_drawdown
from portfolios.domain.estimates import Basis
from portfolios.domain.money_weighted import DayCount, money_weighted, xirr
from portfolios.domain.percentages import Denominator, Ratio
from portfolios.domain.returns import (
    Annualization,
    FlowTiming,
    annualized,
    time_weighted,
)
from portfolios.domain.risk import volatility
from tests.portfolios.domain.published.questions import (
    days_named,
    ordinal,
    reported_period,
)
from tests.portfolios.domain.published.translation import day_of

_DAY = timedelta(days=1)


def looked_at(scenario):
    """Leave taxes out where Portfolio Performance looks at securities, not at accounts."""
    is_security = scenario.case.project == "portfolio" and not scenario.tracks_cash
    return scenario.untaxed() if is_security else scenario


def chained(scenario):
    """Chain the days as the project does: fava-portfolio-returns lets flows in at the close."""
    is_fava = scenario.case.project == "fava-portfolio-returns"
    timing = FlowTiming.END_OF_DAY if is_fava else FlowTiming.START_OF_DAY
    return time_weighted(looked_at(scenario).series, timing=timing)


def twr(question):
    return chained(question.scenario).total.value


def twr_per_year(question):
    """Annualize what the period earned; where that isn't verified, the figure published for it."""
    scenario, published = question.scenario, question.case.expected.get("ttwror")
    total = chained(scenario).total
    if published and not published.is_verified:
        total = Ratio(float(published.value), Denominator.DAILY_CAPITAL)
    policy = Annualization(days_per_year=scenario.policy.day_count.days_a_year)
    return annualized(total, _days(scenario), policy).value


def _days(scenario):
    """Count a report's days: Portfolio Performance opens it the day before the first row."""
    if scenario.case.report:
        start, end = reported_period(scenario.case)
        return (end - start).days
    opening = scenario.first - _DAY if scenario.case.project == "portfolio" else scenario.first
    return (scenario.on - opening).days


def daily_returns(question):
    return _of_days(question, chained(question.scenario).daily)


def accumulated(question):
    return _of_days(question, chained(question.scenario).index)


def values(question):
    return _of_days(question, question.scenario.series.value)


def _of_days(question, series):
    first = question.scenario.first
    return [float(series[(day - first).days]) for day in _days_of(question)]


def _days_of(question):
    return days_named(question.expected, question.scenario)


def week(question, found):
    """The return of one of the calendar weeks since the first row."""
    scenario = question.scenario
    monday = scenario.first - timedelta(scenario.first.weekday())
    monday += timedelta(7 * (ordinal(found[1]) - 1))
    return time_weighted(scenario.series.between(monday, monday + timedelta(7))).total.value


def rate(scenario):
    day_count = DayCount(scenario.policy.day_count.days_a_year)
    return money_weighted(looked_at(scenario).series, day_count=day_count)


def irr(question):
    return rate(question.scenario).annual.value


def irr_of_period(question):
    return rate(question.scenario).period.value


def _levels(question):
    return [1 + float(each) for each in chained(question.scenario).index]


def drawdowns(question):
    return list(drawdown_series(_levels(question)))


def deepest_drawdown(question):
    return max_drawdown(question.scenario.series.dates, _levels(question)).depth


def volatility_per_year(question):
    """Annualize by the days of a year, as every calendar day has a value."""
    per_year = question.scenario.policy.day_count.days_a_year
    return volatility(_returns(question), Basis(per_year, "days")).value


def volatility_per_day(question):
    return volatility(_returns(question), Basis(1, "days")).value


def _returns(question):
    """The returns after the first day, on which all was only paid in."""
    return list(chained(question.scenario).daily[1:])


def documented_irr(question, found):
    """Solve for a rate whose closing value only the words of a figure give: "MVE 396.85".

    "one flow" is the first of the rows; otherwise all count.
    """
    rows = question.case.rows
    if found[1] in {"one", "two"}:
        rows = rows[: {"one": 1, "two": 2}[found[1]]]
    flows = [(day_of(row["date"]), -row["amount"]) for row in rows]
    closing = Decimal(re.findall(r"\d[\d.]*", question.expected.meaning)[-1])
    return xirr(flows, closing=(question.scenario.on, closing)).annual.value


def published_rate(case):
    """Solve for the rate of bare flows, by the day count that the case states."""
    words = f"{case.words} {' '.join(each.meaning for each in case.expected.values())}"
    flows = [(day_of(row["date"]), row["amount"]) for row in case.rows]
    return xirr(flows, day_count=_day_count(words)).annual.value


def _day_count(words):
    if re.search(r"act/360", words, re.IGNORECASE):
        return DayCount.ACT_360
    return DayCount.ACT_365_25 if "365.25" in words else DayCount.ACT_365F
