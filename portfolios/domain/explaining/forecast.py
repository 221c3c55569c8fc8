"""How the figures of a forecast come about: from single courses, month by month."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from math import isfinite

from common.money import exact
from portfolios.domain.drawing import GENERATOR, MONTHS_A_YEAR
from portfolios.domain.explaining.chains import decimal_of
from portfolios.domain.explaining.formulas import Formula
from portfolios.domain.explaining.trees import Ask, Node, given, listed, made
from portfolios.domain.forecast import later
from portfolios.domain.observations import Observations
from portfolios.domain.series import ValueSeries
from portfolios.domain.tracing import Traced

_METHOD = "forecast"


@dataclass(frozen=True, slots=True)
class Return:
    """One known return of a history: which of all it is, and its first and last day."""

    place: int
    start: date
    end: date
    value: Decimal


def known_returns(observed: Observations, series: ValueSeries) -> tuple[Return, ...]:
    """Return what months are drawn from: the returns that are known, oldest first."""
    spans = observed.spans(series)
    found = zip(observed.days, observed.returns.tolist(), strict=True)
    return tuple(
        Return(place, *spans[day], Decimal(repr(value)))
        for place, (day, value) in enumerate(found)
        if isfinite(value)
    )


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a forecast was made of.

    Attributes:
        worth: on the day `start`, in the currency.
        payment: paid in at the end of each month; below zero it is taken out.
        payment_growth: by how much the payments of each year are larger than those before.
        growth: assumed, a year; `volatility` likewise. None where history is drawn from.
        past: None where growth and volatility are assumed.
    """

    currency: str
    worth: Decimal
    start: date
    payment: Decimal
    payment_growth: Decimal
    growth: Decimal | None
    volatility: Decimal | None
    past: tuple[Return, ...] | None
    seed: int
    paths: int


def ranks_of(percentile: int, paths: int) -> tuple[int, int]:
    """Return between which courses a percentile lies: their ranks in order, from 1 on."""
    below = percentile * (paths - 1) // 100
    return below + 1, min(below + 2, paths)


def explain_worth(outlook: Outlook) -> Node:
    """Tell what the portfolio is worth at the start, which is explained by itself."""
    return given(
        f"Worth on {outlook.start.isoformat()}",
        outlook.worth,
        _METHOD,
        unit=outlook.currency,
        ask=Ask("closing_value", outlook.start, outlook.start),
    )


def explain_paid_in(outlook: Outlook, months: int) -> Node:
    """Explain what is there now and was paid in after so many months."""
    years = []
    for begun, size, end in _years(outlook, months) if outlook.payment else ():
        inputs = (_payment(outlook, begun), given("Months", Decimal(size), _METHOD))
        label = f"Paid in up to {end.isoformat()}"
        years.append(made(label, Formula.PRODUCT, _METHOD, inputs, unit=outlook.currency))
    parts = (explain_worth(outlook), *years)
    return made("Worth now and paid in", Formula.SUM, _METHOD, parts, unit=outlook.currency)


def explain_percentile(
    outlook: Outlook, percentile: int, months: int, traced: Mapping[int, Traced]
) -> Node:
    """Explain what so many of 100 courses stay below after so many months.

    Args:
        traced: the courses by their ranks, among them those of `ranks_of`.
    """
    day = later(outlook.start, months).isoformat()
    label = f"{percentile} of 100 courses stay below, on {day}"
    if not months:
        return replace(explain_worth(outlook), label=label)
    low, high = ranks_of(percentile, outlook.paths)
    part = given("Part of all", Decimal(percentile).scaleb(-2), _METHOD)
    others = given("Courses, less one", Decimal(outlook.paths - 1), _METHOD)
    place = made("Place in order, from 0 on", Formula.PRODUCT, _METHOD, (part, others))
    below = given("Place of the first of the two", Decimal(low - 1), _METHOD)
    inputs = (
        _course(outlook, traced[low], months),
        _course(outlook, traced[high], months),
        made("On the way to the second", Formula.DIFFERENCE, _METHOD, (place, below)),
    )
    return made(label, Formula.BETWEEN, _METHOD, inputs, unit=outlook.currency)


def explain_reaching(
    outlook: Outlook, target: Decimal, share: float, traced: Mapping[int, Traced]
) -> Node:
    """Explain which share of the courses ends at a target or above.

    Args:
        traced: the courses by their ranks; the last below the target and the first that isn't are
            named, where they are among them.
    """
    below = outlook.paths - round(share * outlook.paths)
    ends = [
        f"{words} ends with {traced[rank].end:,.2f}"
        for words, rank in (("the last of them", below), ("the next one", below + 1))
        if rank in traced
    ]
    note = f"The target is {target:,.2f}; in order " + ", ".join(ends) + "." if ends else ""
    every = _every(outlook)
    short = given("End below the target", Decimal(below), _METHOD, note=note)
    reached = made("End there or above", Formula.DIFFERENCE, _METHOD, (every, short))
    return made("Reach the target", Formula.SHARE, _METHOD, (reached, every))


def explain_running_out(outlook: Outlook, share: float) -> Node:
    """Explain in which share of the courses a withdrawal was larger than what was there."""
    note = "In these a withdrawal was larger than what was there in one month or more."
    number = Decimal(round(share * outlook.paths))
    out = given("Courses that run out", number, _METHOD, note=note)
    return made("Run out of money", Formula.SHARE, _METHOD, (out, _every(outlook)))


def _every(outlook: Outlook) -> Node:
    return given("Courses", Decimal(outlook.paths), _METHOD, note=_told_by(outlook))


def _told_by(outlook: Outlook) -> str:
    """Say what anybody can draw the same courses with."""
    drawn = "places in the history for each block of months"
    if outlook.past is None:
        drawn = "normal random numbers for each month"
    return (
        f"{outlook.paths:,} {drawn}, one for each course, of NumPy's generator {GENERATOR} with "
        f"the seed {outlook.seed}."
    )


def _years(outlook: Outlook, months: int) -> Iterator[tuple[int, int, date]]:
    """Give the years: the month that each begins after, how many it has, and its last day."""
    for begun in range(0, months, MONTHS_A_YEAR):
        size = min(MONTHS_A_YEAR, months - begun)
        yield begun, size, later(outlook.start, begun + size)


def _payment(outlook: Outlook, begun: int) -> Node:
    """Explain what is paid in each month of a year."""
    label, unit = "Paid in each month", outlook.currency
    first = given(label, outlook.payment, _METHOD, unit=unit)
    if not begun or not outlook.payment or not outlook.payment_growth:
        return first
    inputs = (
        given("Growth of the payments a year", outlook.payment_growth, _METHOD),
        given("Full years", Decimal(begun // MONTHS_A_YEAR), _METHOD),
    )
    grown = made("Grown to, of one", Formula.POWER, _METHOD, inputs)
    return made(label, Formula.PRODUCT, _METHOD, (first, grown), unit=unit)


def _course(outlook: Outlook, course: Traced, months: int) -> Node:
    """Explain what a course ends with, year by year."""
    unit, level = outlook.currency, explain_worth(outlook)
    parts = _random(outlook)
    formula = Formula.RANDOM_COURSE if parts else Formula.COURSE
    years = []
    for begun, size, end in _years(outlook, months):
        drawn = listed(
            f"Drawn for course {course.number} up to {end.isoformat()}",
            _METHOD,
            (_drawn(outlook, course, begun + month) for month in range(size)),
            note=_told_by(outlook) if parts else "What was drawn of the history.",
        )
        label = f"Worth on {end.isoformat()}"
        inputs = (level, _payment(outlook, begun), *parts, drawn)
        years.append(made(label, formula, _METHOD, inputs, unit=unit))
        level = given(label, years[-1].value, _METHOD, unit=unit)
    label = f"Course number {course.number}, {course.rank} in order"
    return made(label, Formula.LAST, _METHOD, years, unit=unit)


def _random(outlook: Outlook) -> tuple[Node, ...]:
    """Explain by what a random number becomes a month's growth; nothing where none are drawn."""
    if outlook.past is not None:
        return ()
    year = given("Months a year", Decimal(MONTHS_A_YEAR), _METHOD)
    growth = given("Growth a year", outlook.growth, _METHOD)
    logarithm = made("Its logarithm", Formula.LOG_GROWTH, _METHOD, (growth,))
    volatility = given("Volatility", outlook.volatility, "volatility")
    root = made("Root of the months a year", Formula.ROOT, _METHOD, (year,))
    return (
        made("Drift a month", Formula.QUOTIENT, _METHOD, (logarithm, year)),
        made("Volatility a month", Formula.QUOTIENT, _METHOD, (volatility, root)),
    )


def _drawn(outlook: Outlook, course: Traced, month: int) -> Node:
    """Tell what was drawn for one month of a course."""
    label = later(outlook.start, month + 1).isoformat()
    if outlook.past is None:
        return given(label, decimal_of(course.numbers[month]), _METHOD)
    first, last = course.spans[month]
    parts = [
        made(label, Formula.LOG_GROWTH, _METHOD, (each,))
        for each in _stretches(outlook.past, first, last)
    ]
    if len(parts) == 1:
        return parts[0]
    # The end of the history is followed by its beginning.
    return made(label, Formula.SUM, _METHOD, parts)


def _stretches(past: tuple[Return, ...], first: int, last: int) -> Iterator[Node]:
    """Give the returns of some stretch of the history, which goes around in a circle."""
    size = len(past)
    for begun, ended in ((first, min(last, size)), (max(first, size) - size, last - size)):
        if begun < ended:
            yield _stretch(past[begun:ended])


def _stretch(found: tuple[Return, ...]) -> Node:
    start, end = found[0].start, found[-1].end
    with exact():
        growth = Decimal(1)
        for each in found:
            growth *= 1 + each.value
        value = growth - 1
    # What is unknown in between was left out, so that no range of days has this return.
    is_whole = found[-1].place - found[0].place == len(found) - 1
    ask = Ask("time_weighted", start, end) if is_whole else None
    label = f"Return from {start.isoformat()} to {end.isoformat()}"
    return given(label, value, "time-weighted-return", ask=ask)
