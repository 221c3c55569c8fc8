"""How it comes about that something stands out: by what it is measured against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise

from common.anomalies import NORMAL, THRESHOLDS, USUAL, Flag, Kind, Points, known_points
from portfolios.domain.explaining.chains import decimal_of
from portfolios.domain.explaining.formulas import Formula
from portfolios.domain.explaining.trees import Ask, Node, given, listed, made

_METHOD = "anomalies"


@dataclass(frozen=True, slots=True)
class Flagged:
    """A flag, and the series in which it was raised.

    Attributes:
        points: returns, closes, or what was paid on each day, oldest first.
        unit: the currency of closes and payments; empty for returns.
        spans: the first and the last day that each return is of.
        bought: of a purchase each trade of that day, its quantity and its price.
    """

    flag: Flag
    points: Points
    unit: str = ""
    spans: Mapping[date, tuple[date, date]] = field(default_factory=dict)
    bought: Sequence[tuple[Decimal, Decimal]] = ()


@dataclass(frozen=True, slots=True)
class FlagTrees:
    """The trees of one flag; a hint about a price has no usual range."""

    value: Node
    score: Node
    usual_low: Node | None
    usual_high: Node | None


def explain_flag(flagged: Flagged) -> FlagTrees:
    """Build the trees of a flag: of what stands out, and of how far."""
    kind = flagged.flag.kind
    if kind is Kind.STALE:
        return _repeated(flagged)
    return _jumped(flagged) if kind in {Kind.UNIT, Kind.SPLIT} else _unusual(flagged)


def _unusual(flagged: Flagged) -> FlagTrees:
    flag, threshold = flagged.flag, THRESHOLDS[flagged.flag.kind]
    named = _NAMES[flag.kind]
    observed = list(_observed(flagged))
    place = next(at for at, (day, _) in enumerate(observed) if day == flag.date)
    value = observed[place][1]
    before = [node for _, node in observed[max(0, place - threshold.window) : place]]
    history = listed(f"{named} of {flag.subject} before {flag.date.isoformat()}", _METHOD, before)
    middle = made("Median", Formula.MEDIAN, _METHOD, (history,))
    spread = _deviation(history, threshold.floor)
    far = made("Off the median", Formula.DIFFERENCE, _METHOD, (value, middle))
    score = made("Deviations off the median", Formula.QUOTIENT, _METHOD, (far, spread))
    width = (given("Deviations that are usual", Decimal(USUAL), _METHOD), spread)
    usual = made("Usual distance", Formula.PRODUCT, _METHOD, width)
    low = made("Usually from", Formula.DIFFERENCE, _METHOD, (middle, usual))
    high = made("Usually to", Formula.SUM, _METHOD, (middle, usual))
    if flag.kind is not Kind.PURCHASE:
        return FlagTrees(value, score, low, high)
    low, high = (
        made(each.label, Formula.EXPONENTIAL, _METHOD, (each,), unit=flagged.unit)
        for each in (low, high)
    )
    return FlagTrees(value.inputs[0], score, low, high)


_NAMES = {
    Kind.RETURN: "Returns",
    Kind.PRICE: "Changes",
    Kind.PURCHASE: "Logarithms of what was paid for purchases",
}


def _deviation(history: Node, floor: float) -> Node:
    """Explain the deviation, of which there is a least one."""
    apart = made("Median distance", Formula.MEDIAN_DEVIATION, _METHOD, (history,))
    factor = given("As much as makes it a standard deviation", _decimal(NORMAL), _METHOD)
    found = made("Deviation of those before", Formula.PRODUCT, _METHOD, (factor, apart))
    least = given("The least that is assumed", _decimal(floor), _METHOD)
    return made("Deviation", Formula.GREATEST, _METHOD, (found, least))


def _observed(flagged: Flagged) -> Iterator[tuple[date, Node]]:
    """Give what is compared: returns, changes of closes, or logarithms of payments."""
    points = known_points(flagged.points)
    if flagged.flag.kind is Kind.PRICE:
        closes = [(day, close, _close(day, close, flagged.unit)) for day, close in points]
        for (_, before, earlier), (day, _, later) in pairwise(closes):
            if before > 0:
                label = f"Change on {day.isoformat()}"
                yield day, made(label, Formula.GROWTH, _METHOD, (later, earlier))
        return
    for day, value in points:
        if flagged.flag.kind is Kind.RETURN:
            ask = Ask("time_weighted", *flagged.spans[day]) if day in flagged.spans else None
            label = f"Return on {day.isoformat()}"
            yield day, given(label, decimal_of(value), _METHOD, ask=ask)
        elif value > 0:
            label = f"Logarithm of what was paid on {day.isoformat()}"
            yield day, made(label, Formula.LOGARITHM, _METHOD, (_paid(flagged, day, value),))


def _paid(flagged: Flagged, day: date, paid: float) -> Node:
    """Explain what was paid on the day of the flag by its trades."""
    label, unit = f"Paid on {day.isoformat()}", flagged.unit
    if day != flagged.flag.date or not flagged.bought:
        return given(label, decimal_of(paid), _METHOD, unit=unit)
    trades = []
    for quantity, price in flagged.bought:
        inputs = (
            given("Quantity", quantity, "quantity"),
            given("Price", price, "price", unit=unit),
        )
        trades.append(made("Purchase", Formula.PRODUCT, _METHOD, inputs, unit=unit))
    return made(label, Formula.SUM, _METHOD, trades, unit=unit)


def _jumped(flagged: Flagged) -> FlagTrees:
    """Explain by which factor a price moved, up or down."""
    points = known_points(flagged.points)
    place = next(at for at, (day, _) in enumerate(points) if day == flagged.flag.date)
    before, after = (_close(*point, flagged.unit) for point in points[place - 1 : place + 1])
    factors = (
        made("Up", Formula.QUOTIENT, _METHOD, (after, before)),
        made("Down", Formula.QUOTIENT, _METHOD, (before, after)),
    )
    factor = made("Factor", Formula.GREATEST, _METHOD, factors)
    return FlagTrees(after, factor, None, None)


def _repeated(flagged: Flagged) -> FlagTrees:
    """Explain for how many days in a row a price was the same."""
    flag = flagged.flag
    points = [point for point in known_points(flagged.points) if point[0] <= flag.date]
    same = points[-int(flag.score) :]
    closes = [_close(*point, flagged.unit) for point in same]
    label = f"Equal closes of {flag.subject} up to {flag.date.isoformat()}"
    equal = listed(label, _METHOD, closes)
    days = made("Days in a row", Formula.COUNT, _METHOD, (equal,))
    return FlagTrees(closes[-1], days, None, None)


def _close(day: date, close: float, unit: str) -> Node:
    return given(f"Close of {day.isoformat()}", decimal_of(close), "price", unit=unit)


def _decimal(number: float) -> Decimal:
    return Decimal(repr(number))
