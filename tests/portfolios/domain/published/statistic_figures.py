"""Figures of a series of days: time-weighted, money-weighted, risk."""

import re
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from portfolios.domain.drawdown import drawdown_series, max_drawdown
from portfolios.domain.estimates import Basis
from portfolios.domain.money_weighted import DayCount, flows_of, money_weighted, xirr
from portfolios.domain.percentages import Denominator, Ratio
from portfolios.domain.returns import (
    Annualization,
    FlowTiming,
    SubPeriod,
    annualized,
    chained,
    time_weighted,
)
from portfolios.domain.risk import volatility
from tests.portfolios.domain.published.questions import (
    days_named,
    ordinal,
    reported_period,
)
from tests.portfolios.domain.published.translation import day_of, points_of

_DAY = timedelta(days=1)


def looked_at(question):
    """Leave taxes out where Portfolio Performance looks at securities, not at accounts.

    A name may say otherwise.
    """
    scenario, with_taxes = question.scenario, question.with_taxes
    if with_taxes is None:
        with_taxes = scenario.case.project != "portfolio" or scenario.tracks_cash
    return scenario if with_taxes else scenario.untaxed()


def _is_fava(scenario):
    return scenario.case.project == "fava-portfolio-returns"


def chained_days(question):
    """Chain the days as the project does: fava-portfolio-returns lets flows in at the close."""
    is_late = _is_fava(question.scenario)
    timing = FlowTiming.END_OF_DAY if is_late else FlowTiming.START_OF_DAY
    return time_weighted(looked_at(question).series, timing=timing)


def twr(question):
    worth = _worth_of_whole(question.case)
    if worth:
        return chained(list(_sub_periods(question.case, worth))).value
    return chained_days(question).total.value


def _worth_of_whole(case):
    """What the whole portfolio was worth before the flows of some days, where only that is told."""
    return dict(points_of(case.prices.get("portfolio", {})))


def _sub_periods(case, worth):
    flows = dict.fromkeys((*worth, *_bare_flows(case)), Decimal(0))
    for day, amount in _bare_flows(case).items():
        flows[day] += amount
    before = Decimal(0)
    for day, following in pairwise(sorted(flows)):
        before = worth.get(day, before)
        yield SubPeriod(before, flows[day], worth[following])


def _bare_flows(case):
    """Add up what came in on each day less what left."""
    flows: dict[date, Decimal] = {}
    for row in case.rows:
        sign = -1 if row["type"] == "WITHDRAWAL" else 1
        day = day_of(row["date"])
        flows[day] = flows.get(day, Decimal(0)) + sign * row["amount"]
    return flows


def twr_per_year(question):
    """Annualize what the period earned; where that isn't verified, the figure published for it."""
    scenario, published = question.scenario, question.case.expected.get("ttwror")
    total = chained_days(question).total
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
    return _of_days(question, chained_days(question).daily)


def accumulated(question):
    return _of_days(question, chained_days(question).index)


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


def rate(question):
    scenario = question.scenario
    day_count = DayCount(scenario.policy.day_count.days_a_year)
    worth = _worth_of_whole(question.case)
    if worth:
        flows = [(day, -amount) for day, amount in _bare_flows(question.case).items()]
        return xirr(flows, closing=max(worth.items()), day_count=day_count)
    series = looked_at(question).series
    if not _is_fava(scenario):
        return money_weighted(series, day_count=day_count)
    # There a day's end is the next day's midnight.
    *flows, (day, closing) = flows_of(series)
    return xirr(flows, closing=(day + _DAY, closing), day_count=day_count)


def irr(question):
    return rate(question).annual.value


def irr_of_period(question):
    return rate(question).period.value


def _levels(question):
    return [1 + float(each) for each in chained_days(question).index]


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
    return list(chained_days(question).daily[1:])


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
