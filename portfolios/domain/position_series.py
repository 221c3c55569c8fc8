"""How each position of a portfolio went over some days, from what it was worth on each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cached_property

import numpy as np

from common.money import exact
from portfolios.domain.daily import DayValue, PositionDay
from portfolios.domain.estimates import Floats
from portfolios.domain.gains import Change, Contributions, contributions, simple_gain
from portfolios.domain.returns import FlowTiming, TimeWeighted, time_weighted, weighted_capital
from portfolios.domain.series import DayRow, ValueSeries
from portfolios.domain.status import Status
from portfolios.domain.unknowns import known_sum

_ZERO = Decimal(0)
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, eq=False)
class PositionSeries:
    """One position over a range, in the portfolio's currency; unknown amounts are None.

    Attributes:
        rows: each day of the range; a day on which it wasn't held is worth nothing.
        opening: its worth at the close of the day before.
        quantity: units held at the end.
    """

    instrument_id: str
    rows: tuple[DayRow, ...]
    opening: Decimal | None
    quantity: Decimal

    @property
    def closing(self) -> Decimal | None:
        """Return its worth on the last day."""
        return self.rows[-1].value

    @property
    def change(self) -> Change:
        """Return what it was worth at both ends, and what went in and out."""
        with exact():
            return Change(
                opening=self.opening,
                closing=self.closing,
                paid=known_sum(row.inflow for row in self.rows),
                received=known_sum(row.outflow for row in self.rows),
            )

    @cached_property
    def returns(self) -> TimeWeighted:
        """Its daily returns, chained."""
        return time_weighted(ValueSeries.of(self.rows, opening=self.opening))

    def daily_returns(self) -> Floats:
        """Return the return of each day on which it was held all day; NaN of the others."""
        before = (self.opening, *(row.value for row in self.rows[:-1]))
        held = np.array([worth is not None and worth != 0 for worth in before])
        return np.asarray(np.where(held, self.returns.daily, np.nan), dtype=np.float64)


def by_position(days: Sequence[DayValue]) -> dict[str, PositionSeries]:
    """Part the days of a portfolio into its positions, by instrument.

    Args:
        days: with their positions; the first is the day before the range, and there is one more
            at least.
    """
    opening, *rest = ({each.instrument_id: each for each in day.positions} for day in days)
    keys = sorted({*opening, *(key for day in rest for key in day)})
    return {
        key: PositionSeries(
            instrument_id=key,
            rows=tuple(_row(day, at.get(key)) for day, at in zip(days[1:], rest, strict=True)),
            opening=opening[key].value_base if key in opening else _ZERO,
            quantity=rest[-1][key].quantity if key in rest[-1] else _ZERO,
        )
        for key in keys
    }


def _row(day: DayValue, position: PositionDay | None) -> DayRow:
    if position is None:
        return DayRow(day.date, _ZERO)
    return DayRow(day.date, position.value_base, position.inflow, position.outflow)


def contributions_of(
    days: Sequence[DayValue], positions: Mapping[str, PositionSeries]
) -> Contributions:
    """Split the gain of a range into what each position added; days as in `by_position`."""
    opening, *rest = days
    rows = [DayRow(day.date, _worth(day), day.inflow, day.outflow) for day in rest]
    gain = simple_gain(rows, opening=_worth(opening)).amount
    changes = {key: each.change for key, each in positions.items()}
    return contributions(changes, gain=gain, capital=_capital(opening, rest))


def _worth(day: DayValue) -> Decimal | None:
    """Return what a portfolio was worth, if all of it is known."""
    return day.value if day.status is Status.COMPLETE else None


def _capital(opening: DayValue, days: Sequence[DayValue]) -> Decimal | None:
    flows = {day.date: day.net_flow for day in days if day.net_flow != 0}
    known = {day: flow for day, flow in flows.items() if flow is not None}
    worth = _worth(opening)
    if worth is None or len(known) < len(flows):
        return None
    return weighted_capital(
        worth,
        known,
        start=days[0].date,
        end=days[-1].date + _ONE_DAY,
        timing=FlowTiming.START_OF_DAY,
    )
