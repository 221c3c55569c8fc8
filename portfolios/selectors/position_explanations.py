"""Ask how it comes about what each position added to a gain, and how alike positions moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from marketdata import selectors as market
from portfolios.domain.explaining.contributions import (
    Added,
    PositionTrees,
    RestTrees,
    explain_contributions,
)
from portfolios.domain.explaining.together import (
    Together,
    explain_correlation,
    explain_diversification,
)
from portfolios.domain.explaining.trees import Node, told
from portfolios.domain.position_series import by_position, contributions_of
from portfolios.domain.series import DayRow
from portfolios.domain.status import Status
from portfolios.models import Portfolio
from portfolios.selectors.history import WantedDays, find_last_stored
from portfolios.selectors.positions import (
    days_over,
    held_at_end,
    report_positions,
    side_by_side,
    valued_days,
)


@dataclass(frozen=True, slots=True)
class PositionsTrees:
    """The trees of a report on positions; `positions` by instrument."""

    gain: Node
    positions: Mapping[str, PositionTrees]
    rest: RestTrees
    concentration: Mapping[str, Node]
    diversification: Node


class ExplainedPositions:
    """The positions of a portfolio over a range, with what explains their figures."""

    def __init__(self, portfolio: Portfolio, wanted: WantedDays) -> None:
        """Load them.

        Raises:
            InvalidRange: none of its days is over.
            LedgerTooLong: there are too many transactions in and before the range.
        """
        days = days_over(portfolio, wanted, find_last_stored(portfolio.pk))
        valued = valued_days(portfolio, days)
        self.report: dict[str, Any] = report_positions(portfolio, wanted, days, valued)
        self._currency = portfolio.base_currency
        self._valued = valued
        self._positions = by_position(valued)
        names = market.briefs_by_id(self._positions)
        self._labels = {key: names[key].symbol if key in names else key for key in self._positions}
        side = side_by_side(valued, held_at_end(self._positions))
        self._together = Together(side.observed, side.returns, side.weights, self._labels)

    def trees(self) -> PositionsTrees:
        """Explain every figure but the correlations."""
        opening, *rest = self._valued
        found = explain_contributions(
            Added(
                currency=self._currency,
                found=contributions_of(self._valued, self._positions),
                positions=self._positions,
                rows=tuple(DayRow(day.date, day.value, day.inflow, day.outflow) for day in rest),
                opening=opening.value if opening.status is Status.COMPLETE else None,
                labels=self._labels,
            )
        )
        return PositionsTrees(
            gain=found.gain,
            positions=found.positions,
            rest=found.rest,
            concentration={
                name: _as_shown(tree, self.report["concentration"][name])
                for name, tree in found.concentration.items()
            },
            diversification=_as_shown(
                explain_diversification(self._together), self.report["diversification"]
            ),
        )

    def correlation(self, first: str, second: str) -> Node | None:
        """Explain how alike two positions moved; None where they aren't compared."""
        tree = explain_correlation(self._together, first, second)
        alike = self.report["correlations"]
        places = {each["instrument_id"]: at for at, each in enumerate(alike["instruments"])}
        if tree is None:
            return None
        shown = alike["rows"][places[first]][places[second]]
        return _as_shown(tree, {"value": shown, "explanation": alike["reason"]})


def _as_shown(tree: Node, figure: Mapping[str, Any]) -> Node:
    """Leave out a tree whose figure isn't shown, as of too few returns, and say why."""
    value = figure["value"]
    note = figure["explanation"] if value is None else None
    return told(tree, None if value is None else Decimal(value), note)
