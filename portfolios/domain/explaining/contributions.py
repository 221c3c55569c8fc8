"""How it comes about what each position added to the gain of a range."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from common.money import exact
from portfolios.domain.explaining.chains import chain
from portfolios.domain.explaining.formulas import Formula
from portfolios.domain.explaining.trees import Ask, Node, given, listed, made
from portfolios.domain.gains import Contributions
from portfolios.domain.position_series import PositionSeries
from portfolios.domain.series import DayRow, ValueSeries
from portfolios.domain.unknowns import minus

_METHOD, _TOGETHER = "contribution", "diversification"


@dataclass(frozen=True, slots=True)
class PositionTrees:
    """The trees of what one position added."""

    opening: Node
    closing: Node
    paid: Node
    received: Node
    gain: Node
    contribution: Node
    time_weighted: Node


@dataclass(frozen=True, slots=True)
class RestTrees:
    """The trees of what isn't of any position."""

    gain: Node
    contribution: Node


@dataclass(frozen=True, slots=True)
class ContributionTrees:
    """The trees of a range, position by position; `positions` by instrument."""

    gain: Node
    positions: Mapping[str, PositionTrees]
    rest: RestTrees
    concentration: Mapping[str, Node]


@dataclass(frozen=True, slots=True)
class Added:
    """What each position added, and everything that was computed from.

    Attributes:
        rows: each day of the range, of the whole portfolio.
        opening: its worth at the close of the day before.
        labels: what instruments are called.
    """

    currency: str
    found: Contributions
    positions: Mapping[str, PositionSeries]
    rows: tuple[DayRow, ...]
    opening: Decimal | None
    labels: Mapping[str, str]


def explain_contributions(added: Added) -> ContributionTrees:
    """Build the trees of what each position added to the gain of a range."""
    unit = added.currency
    start, end = added.rows[0].date, added.rows[-1].date
    gain = given(
        "Gain of the portfolio", added.found.gain, _METHOD, unit=unit, ask=Ask("gain", start, end)
    )
    capital = made("Capital", Formula.SUM, _METHOD, _capital(added), unit=unit)
    positions = {
        key: _position(each, added.labels[key], capital, unit)
        for key, each in added.positions.items()
    }
    parts = (each.gain for each in positions.values())
    rest = made("All the rest", Formula.DIFFERENCE, _METHOD, (gain, *parts), unit=unit)
    share = made("Added by all the rest", Formula.SHARE, _METHOD, (rest, capital))
    held = [
        (added.labels[key], each.closing)
        for key, each in positions.items()
        if added.positions[key].quantity
    ]
    return ContributionTrees(gain, positions, RestTrees(rest, share), _concentration(held, unit))


def _position(position: PositionSeries, label: str, capital: Node, unit: str) -> PositionTrees:
    change = position.change
    first, last = position.rows[0].date, position.rows[-1].date
    begun = _worth(f"{label} before", change.opening, first - timedelta(days=1), unit)
    ended = _worth(f"{label} after", change.closing, last, unit)
    inflows = ((row.date, row.inflow) for row in position.rows)
    outflows = ((row.date, row.outflow) for row in position.rows)
    paid = _flows(f"Paid for {label}", inflows, unit)
    received = _flows(f"Received from {label}", outflows, unit)
    kept = made("After, and received", Formula.SUM, _METHOD, (ended, received), unit=unit)
    gain = made(f"Gain of {label}", Formula.DIFFERENCE, _METHOD, (kept, begun, paid), unit=unit)
    series = ValueSeries.of(position.rows, opening=position.opening)
    key = position.instrument_id
    return PositionTrees(
        opening=begun,
        closing=ended,
        paid=paid,
        received=received,
        gain=gain,
        contribution=made(f"Added by {label}", Formula.SHARE, _METHOD, (gain, capital)),
        time_weighted=chain(f"Time-weighted return of {label}", series, unit, instrument=key),
    )


def _worth(label: str, amount: Decimal | None, day: date, unit: str) -> Node:
    if amount == 0:
        return given(label, amount, _METHOD, unit=unit, note="Nothing of it was held.")
    note = "It is among what everything was worth on that day."
    return given(label, amount, _METHOD, unit=unit, note=note, ask=Ask("closing_value", day, day))


def _flows(label: str, amounts: Iterable[tuple[date, Decimal | None]], unit: str) -> Node:
    lines = (
        given(day.isoformat(), amount, _METHOD, unit=unit) for day, amount in amounts if amount != 0
    )
    return made(label, Formula.SUM, _METHOD, lines, unit=unit)


def _capital(added: Added) -> Iterator[Node]:
    """Explain what percentages are of: the opening value, and each flow for the part it was there.

    See `portfolios.domain.returns.weighted_capital`, with flows from the start of their day.
    """
    unit, days = added.currency, len(added.rows)
    yield given("Worth before", added.opening, _METHOD, unit=unit)
    for place, row in enumerate(added.rows):
        with exact():
            flow = minus(row.inflow, row.outflow)
            part = Decimal(days - place) / days
        if flow != 0:
            inputs = (
                given("Flow", flow, "net-flow", unit=unit),
                given(f"{days - place} of {days} days", part, _METHOD),
            )
            label = f"Flow of {row.date.isoformat()}"
            yield made(label, Formula.PRODUCT, _METHOD, inputs, unit=unit)


def _concentration(held: Sequence[tuple[str, Node]], unit: str) -> dict[str, Node]:
    """Explain how much hangs on a few: of the sizes of the positions that are held at the end."""
    sizes = [
        given(label, abs(each.value), _METHOD, unit=unit)
        for label, each in held
        if each.value is not None
    ]
    together = made("Together", Formula.SUM, _TOGETHER, sizes, unit=unit)
    weights = [
        made(f"Weight of {each.label}", Formula.SHARE, _TOGETHER, (each, together))
        for each in sizes
    ]
    squares = [
        made(f"Square of the {each.label.lower()}", Formula.PRODUCT, _TOGETHER, (each, each))
        for each in weights
    ]
    herfindahl = made("Concentration", Formula.SUM, _TOGETHER, squares)
    one = given("One", Decimal(1), _TOGETHER)
    every = listed("Weights", _TOGETHER, weights)
    return {
        "herfindahl": herfindahl,
        "effective_number": made(
            "Effective number", Formula.QUOTIENT, _TOGETHER, (one, herfindahl)
        ),
        "largest_weight": made("Largest weight", Formula.GREATEST, _TOGETHER, (every,)),
    }
