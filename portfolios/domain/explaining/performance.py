"""How the figures of a range come about: its gain, what went in and out, and its returns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from common.money import exact
from portfolios.domain.explaining.chains import chain, decimal_of
from portfolios.domain.explaining.formulas import Formula
from portfolios.domain.explaining.trees import Ask, Node, given, made, told
from portfolios.domain.figures import Figure
from portfolios.domain.money_weighted import Flow, MoneyWeighted, flows_of
from portfolios.domain.series import DayRow, ValueSeries

_ONE_DAY = timedelta(days=1)
_GAIN, _YEARLY, _MONEY = "gain-of-a-period", "per-year", "money-weighted-return"


@dataclass(frozen=True, slots=True)
class Course:
    """A portfolio over a range of days.

    Attributes:
        currency: the portfolio's.
        opening: what it was worth at the close before; `closing` at the end of the last day.
        flows: exactly what came in and went out, on the days on which something did.
        money: its money-weighted return.
        days_a_year: of yearly returns.
    """

    currency: str
    series: ValueSeries
    opening: Decimal | None
    closing: Decimal | None
    flows: Sequence[DayRow]
    money: MoneyWeighted
    days_a_year: float

    @property
    def opening_date(self) -> date:
        """Return the day whose close the range is measured from."""
        return self.series.first - _ONE_DAY

    @property
    def last(self) -> date:
        """Return the last day."""
        return self.series.end - _ONE_DAY


def explain_performance(
    course: Course, found: Mapping[str, Figure], *, closing: Node | None = None
) -> dict[str, Node]:
    """Build the trees of the figures of a range, each by the name of its figure.

    Args:
        found: the figures themselves, which say why one is missing.
        closing: what the worth at the end is made of, where that is known already.
    """
    unit, last = course.currency, course.last
    begun = given(
        "Value at the start",
        course.opening,
        _GAIN,
        unit=unit,
        note="Nothing was there before." if course.opening == 0 else "",
        ask=Ask("closing_value", course.opening_date, course.opening_date)
        if course.opening
        else None,
    )
    ended = closing or given(
        "Value at the end", course.closing, _GAIN, unit=unit, ask=Ask("closing_value", last, last)
    )
    inflow = _flow(course, "Paid in", "inflow", lambda row: row.inflow)
    outflow = _flow(course, "Taken out", "outflow", lambda row: row.outflow)
    kept = made("Value at the end, and taken out", Formula.SUM, _GAIN, (ended, outflow), unit=unit)
    whole = chain("Time-weighted return", course.series, unit)
    trees = {
        "gain": made(
            "Gain of the period", Formula.DIFFERENCE, _GAIN, (kept, begun, inflow), unit=unit
        ),
        "time_weighted": whole,
        "time_weighted_yearly": yearly("Time-weighted per year", whole, course),
        **_money_weighted(course),
        "opening_value": begun,
        "closing_value": ended,
        "inflow": inflow,
        "outflow": outflow,
    }
    return {
        name: told(tree, found[name].value, found[name].explanation) for name, tree in trees.items()
    }


def yearly(label: str, whole: Node, course: Course) -> Node:
    """Explain the return per year by that of the range."""
    days = given("Days", Decimal(len(course.series)), _YEARLY)
    return made(label, Formula.STRETCHED, _YEARLY, (whole, _year(course), days))


def _year(course: Course) -> Node:
    return given("Days a year", decimal_of(course.days_a_year), _YEARLY)


def _flow(
    course: Course, label: str, figure: str, amount: Callable[[DayRow], Decimal | None]
) -> Node:
    single = len(course.series) == 1
    rows = [row for row in course.flows if amount(row) != 0]
    if single:
        # There is nothing below a day here but its transactions.
        value = amount(rows[0]) if rows else Decimal(0)
        return given(label, value, "net-flow", unit=course.currency)
    lines = (
        given(
            row.date.isoformat(),
            amount(row),
            "net-flow",
            unit=course.currency,
            ask=Ask(figure, row.date, row.date),
        )
        for row in rows
    )
    return made(label, Formula.SUM, _GAIN, lines, unit=course.currency)


def _money_weighted(course: Course) -> dict[str, Node]:
    """Explain the rate of the whole range by the flows, which it discounts to nothing.

    That of a year follows from it, and may be too large or too near a total loss to be written.
    """
    rate = course.money.period.value
    label, period = "Money-weighted per year", "Money-weighted return"
    flows = flows_of(course.series)
    if rate is None or flows is None or rate <= -1:
        nothing = None if rate is None else Decimal(-1)
        return {
            "money_weighted_yearly": given(label, nothing, _MONEY),
            "money_weighted": given(period, nothing, _MONEY),
        }
    found = given("The rate that was found", decimal_of(rate), _MONEY)
    parts = _discounted([flow for flow in flows if flow[1]], course, found)
    whole = made(period, Formula.SOLUTION, _MONEY, (found, *parts))
    days = given("Days from the first flow to the last", Decimal(course.money.days), _MONEY)
    annual = made(label, Formula.STRETCHED, _MONEY, (whole, _year(course), days))
    others = ", ".join(f"{other:.6g}" for other in course.money.other_roots)
    note = f"Other rates that solve it: {others}." if others else None
    return {
        "money_weighted_yearly": told(annual, annual.value, note),
        "money_weighted": whole,
    }


def _discounted(flows: Sequence[Flow], course: Course, rate: Node) -> Iterator[Node]:
    first = min(day for day, _ in flows)
    for day, amount in flows:
        since = (day - first).days
        with exact():
            part = Decimal(since) / course.money.days
        inputs = (
            given("Flow", Decimal(repr(amount)), _MONEY, unit=course.currency),
            given(f"{since} of {course.money.days} days", part, _MONEY),
            rate,
        )
        label = f"{day.isoformat()}, discounted"
        yield made(label, Formula.DISCOUNTED, _MONEY, inputs, unit=course.currency)
