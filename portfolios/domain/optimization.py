"""The search for trades that come closest to targets, as a mixed-integer linear program.

It computes in floats, as its solver does; `rebalancing` turns what it finds into exact trades and
checks them. Money is scaled so that all there is lies between 100,000 and 1,000,000, where the
solver's tolerances are far below a cent.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from portfolios.domain.estimates import Floats

#: A search that takes longer ends with the best found so far. Its nodes are counted, so that the
#: same input leads to the same trades on every machine; the seconds are only a last resort.
_MOST_NODES = 50
_MOST_SECONDS = 15
#: Beyond so many steps, or below such a worth of one, steps needn't be told apart by the search.
_MOST_STEPS = 1e6
_INF = math.inf


@dataclass(frozen=True, slots=True)
class Candidate:
    """An instrument that may be traded.

    Attributes:
        group: the place of the target it counts for.
        step_value: what one step is worth.
        most_bought: in steps.
        most_sold: the same.
    """

    group: int
    step_value: float
    most_bought: float
    most_sold: float


@dataclass(frozen=True, slots=True)
class Problem:
    """What is to be found; all money in one scale.

    Attributes:
        gaps: by group, what is missing to its target; below 0 where there is too much.
        budget: what may be spent; below 0 where money is to be raised.
        least: what a trade is worth at least.
        resolution: money that makes no difference.
        lowest: what the groups miss together in any case, as far as that is known beforehand.
    """

    candidates: Sequence[Candidate]
    gaps: Sequence[float]
    budget: float
    least: float
    fee_fixed: float
    fee_rate: float
    resolution: float
    lowest: float = 0.0


@dataclass(frozen=True, slots=True)
class Found:
    """Steps of each candidate, below 0 where it is sold.

    Attributes:
        lowest: it is proven that the groups can't miss less together.
    """

    steps: tuple[float, ...]
    lowest: float


def search(problem: Problem) -> Found | None:
    """Find the steps that come closest to the targets, by as few trades as that takes.

    The sum of what the groups miss their targets by is made as small as possible; of solutions
    that differ by less than the resolution, the one with the fewest trades is taken.

    Returns:
        None where no trades keep to the budget.
    """
    # Only now: it takes fifty megabytes, which processes that never ask don't have to hold.
    from scipy import optimize, sparse  # noqa: PLC0415

    count, groups = len(problem.candidates), len(problem.gaps)
    size = sum(map(abs, problem.gaps))
    if not count:
        return Found((), size) if problem.budget >= 0 else None
    model = _Model(problem)
    # Each trade costs a little, all of them together no more than half of what makes no difference.
    trade_cost = problem.resolution / (4 * count)
    rows, lows, highs = model.constraints()
    answer = optimize.milp(
        np.concatenate([np.zeros(2 * count), np.full(2 * count, trade_cost), np.ones(groups)]),
        constraints=optimize.LinearConstraint(sparse.csr_array(rows), lows, highs),
        bounds=optimize.Bounds(np.zeros(model.width), model.most()),
        integrality=model.integrality(),
        options={
            # HiGHS 1.12 drops solutions in it, and then takes the second best for proven.
            "presolve": False,
            "mip_rel_gap": problem.resolution / 2 / max(size, 1.0),
            "node_limit": _MOST_NODES,
            "time_limit": _MOST_SECONDS,
        },
    )
    if answer.x is None:
        return None
    bought, sold = answer.x[:count], answer.x[count : 2 * count]
    steps = tuple(float(each) for each in bought - sold)
    # What the trades cost in the search is no part of the bound.
    return Found(steps, max(answer.mip_dual_bound - problem.resolution / 2, problem.lowest))


class _Model:
    """Rows and bounds over steps bought and sold, whether they are, and what groups miss."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._count = len(problem.candidates)
        self._rows: list[dict[int, float]] = []
        self._lows: list[float] = []
        self._highs: list[float] = []
        for place, candidate in enumerate(problem.candidates):
            self._trade(place, candidate)
        for group, gap in enumerate(problem.gaps):
            self._deviation(group, gap)
        self._row(self._spending(), -_INF, problem.budget)
        misses = range(4 * self._count, self.width)
        self._row(dict.fromkeys(misses, 1.0), problem.lowest, _INF)

    def constraints(self) -> tuple[Floats, list[float], list[float]]:
        """Return a row for each constraint, what it is at least, and at most."""
        matrix = np.zeros((len(self._rows), self.width))
        for row, each in enumerate(self._rows):
            matrix[row, list(each)] = list(each.values())
        return matrix, self._lows, self._highs

    def most(self) -> Floats:
        """Return what each variable is at most; all are at least zero."""
        candidates, count = self._problem.candidates, self._count
        return np.concatenate(
            [
                [each.most_bought for each in candidates],
                [each.most_sold for each in candidates],
                np.ones(2 * count),
                np.full(len(self._problem.gaps), _INF),
            ]
        )

    def integrality(self) -> Any:
        kinds = np.zeros(self.width)
        for place, each in enumerate(self._problem.candidates):
            if self._is_coarse(each):
                kinds[[place, self._count + place]] = 1
        kinds[2 * self._count : 4 * self._count] = 1
        return kinds

    def _is_coarse(self, candidate: Candidate) -> bool:
        """Say whether the search has to tell single steps apart."""
        if candidate.step_value < self._problem.resolution:
            return False
        return max(candidate.most_bought, candidate.most_sold) <= _MOST_STEPS

    @property
    def width(self) -> int:
        """Return how many variables there are."""
        return 4 * self._count + len(self._problem.gaps)

    def _row(self, row: dict[int, float], low: float, high: float) -> None:
        self._rows.append(row)
        self._lows.append(low)
        self._highs.append(high)

    def _trade(self, place: int, candidate: Candidate) -> None:
        """Tie the steps to whether there is a trade, and the trade to the least worth of one."""
        count, least = self._count, self._problem.least
        buys, sells = (place, 2 * count + place), (count + place, 3 * count + place)
        for (steps, happens), most in (
            (buys, candidate.most_bought),
            (sells, candidate.most_sold),
        ):
            self._row({steps: 1, happens: -most}, -_INF, 0)
            if least > 0:
                self._row({steps: candidate.step_value, happens: -least}, 0, _INF)
        self._row({buys[1]: 1, sells[1]: 1}, -_INF, 1)

    def _deviation(self, group: int, gap: float) -> None:
        """Make what a group misses at least the distance to its target, on either side."""
        count, miss = self._count, 4 * self._count + group
        members = [
            (place, each)
            for place, each in enumerate(self._problem.candidates)
            if each.group == group
        ]
        bought = {place: each.step_value for place, each in members}
        sold = {count + place: -each.step_value for place, each in members}
        change = bought | sold
        self._row({miss: 1} | change, gap, _INF)
        self._row({miss: 1} | {at: -value for at, value in change.items()}, -gap, _INF)
        if len(members) == 1 and self._is_coarse(members[0][1]):
            self._chord(members[0][0], members[0][1].step_value, gap=gap, miss=miss)

    def _chord(self, place: int, step_value: float, *, gap: float, miss: int) -> None:
        """Cut off what lies between the two whole numbers of steps around the target.

        No solution is lost, and the search gets quick: without it, every fraction of a step
        looks like a perfect hit.
        """
        below = math.floor(gap / step_value)
        miss_below = abs(below * step_value - gap)
        slope = abs((below + 1) * step_value - gap) - miss_below
        row = {miss: 1.0, place: -slope, self._count + place: slope}
        self._row(row, miss_below - slope * below, _INF)

    def _spending(self) -> dict[int, float]:
        count, problem = self._count, self._problem
        row = {}
        for place, each in enumerate(problem.candidates):
            row[place] = each.step_value * (1 + problem.fee_rate)
            row[count + place] = -each.step_value * (1 - problem.fee_rate)
            row[2 * count + place] = row[3 * count + place] = problem.fee_fixed
        return row
