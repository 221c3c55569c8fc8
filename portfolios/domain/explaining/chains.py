"""How a time-weighted return comes about: the days, chained by months and years."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from math import isfinite

from portfolios.domain.explaining.formulas import Formula
from portfolios.domain.explaining.trees import Ask, Node, given, leaves, made
from portfolios.domain.returns import steps_of
from portfolios.domain.series import Floats, ValueSeries

METHOD = "time-weighted-return"
#: Of longer stretches months are told without their days, which can be asked for.
MOST_DAYS = 92
_ONE_DAY = timedelta(days=1)
_LINKED = "Money flowed while the worth was unknown, or the worth was below zero."

_NOTHING = "There was nothing on any of these days."
_UNVALUED = "The worth at the end isn't known."


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days in a row with their growth."""

    start: date
    end: date
    node: Node


def chain(label: str, series: ValueSeries, unit: str, *, instrument: str = "") -> Node:
    """Explain the time-weighted return of a series.

    Args:
        unit: the portfolio's currency.
        instrument: whose return it is; empty where it is that of the portfolio.
    """
    figure = "added.time_weighted" if instrument else "time_weighted"
    days = list(_steps(series, unit, asks=not instrument))
    return chained(label, days, METHOD, figure=figure, instrument=instrument)


def chained(
    label: str, days: Sequence[Stretch], method: str, *, figure: str, instrument: str = ""
) -> Node:
    """Put days together to months, and these to years where there are several.

    Args:
        figure: what to ask for to be told of the days of a month.
    """
    if not days:
        return given(label, None, method)
    is_long = (days[-1].end - days[0].start).days >= MOST_DAYS
    months = [_joined(name, each, method) for name, each in _grouped(days, "%Y-%m")]
    if len(months) == 1:
        return made(label, Formula.COMPOUND, method, (each.node for each in days))
    if is_long:
        months = [_apart(each, figure, instrument) for each in months]
    parts = months
    if days[-1].end.year != days[0].end.year:
        parts = [_joined(name, each, method) for name, each in _grouped(months, "%Y")]
    return made(label, Formula.COMPOUND, method, (each.node for each in parts))


def _grouped(parts: Sequence[Stretch], pattern: str) -> Iterator[tuple[str, list[Stretch]]]:
    def name(part: Stretch) -> str:
        return part.end.strftime(pattern)

    return ((key, list(group)) for key, group in groupby(parts, key=name))


def _joined(name: str, parts: Sequence[Stretch], method: str) -> Stretch:
    node = made(name, Formula.COMPOUND, method, (each.node for each in parts))
    return Stretch(parts[0].start, parts[-1].end, node)


def _apart(month: Stretch, figure: str, instrument: str) -> Stretch:
    """Leave the days of a month out, which can be asked for."""
    node = month.node
    if all(leaf.value == 0 for leaf in leaves(node)):
        return replace(month, node=given(node.label, node.value, node.method, note=_NOTHING))
    ask = Ask(figure, month.start, month.end, instrument)
    return replace(month, node=given(node.label, node.value, node.method, ask=ask))


def _steps(series: ValueSeries, unit: str, *, asks: bool) -> Iterator[Stretch]:
    steps = steps_of(series)
    amount = _amounts(series, unit, asks=asks)
    pairs = zip(steps.starts.tolist(), steps.ends.tolist(), steps.factors.tolist(), strict=True)
    for first, last, factor in pairs:
        start, end = series.day(first), series.day(last)
        label = _named(start, end)
        if isfinite(factor):
            before = amount("Worth", series.value, first - 1, "closing_value")
            result = amount("Worth", series.value, last, "closing_value")
            node = made(
                label,
                Formula.GROWTH,
                METHOD,
                (
                    _with(result, amount("Taken out", series.outflow, last, "outflow"), unit),
                    _with(before, amount("Paid in", series.inflow, first, "inflow"), unit),
                ),
            )
        else:
            node = given(label, None, METHOD, note=_LINKED)
        yield Stretch(start, end, node)
    valued = int(steps.ends[-1]) + 1 if len(steps.ends) else 0
    if valued < len(series):
        start, end = series.day(valued), series.day(len(series) - 1)
        yield Stretch(start, end, given(_named(start, end), None, METHOD, note=_UNVALUED))


def _named(start: date, end: date) -> str:
    return end.isoformat() if start == end else f"{start.isoformat()} to {end.isoformat()}"


def _amounts(
    series: ValueSeries, unit: str, *, asks: bool
) -> Callable[[str, Floats, int, str], Node]:
    def amount(words: str, column: Floats, place: int, figure: str) -> Node:
        day = series.day(place)
        value = series.opening if place < 0 else float(column[place])
        is_nothing = place < 0 and not value
        ask = Ask(figure, day, day) if asks and not is_nothing else None
        label = f"{words} on {day.isoformat()}"
        return given(label, decimal_of(value), METHOD, unit=unit, ask=ask)

    return amount


def _with(worth: Node, flow: Node, unit: str) -> Node:
    """Add what flowed to a worth, if anything did."""
    if not flow.value:
        return worth
    label = f"{worth.label}, and {flow.label.lower()}"
    return made(label, Formula.SUM, METHOD, (worth, flow), unit=unit)


def decimal_of(value: float) -> Decimal | None:
    """Write a number of a statistic as it is; None where it isn't known."""
    return Decimal(repr(value)) if isfinite(value) else None
