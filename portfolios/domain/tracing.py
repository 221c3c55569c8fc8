"""Single courses of a forecast, month by month, so that they can be gone along again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np

from portfolios.domain.drawing import Draw, Drawn, History, Normal, draw
from portfolios.domain.forecast import PATHS, Payment, later, schedule, walk


@dataclass(frozen=True, slots=True)
class Traced:
    """One course.

    Attributes:
        number: which of all it is, as they were drawn, from 1 on.
        rank: which of all it is in the order of what they end with, from 1 on.
        end: what it ends with.
        numbers: the random number of each month; empty where history was drawn from.
        spans: of each month the place of the first of the known returns of the history, which goes
            around twice, and the place after the last; empty where random numbers were drawn.
    """

    number: int
    rank: int
    end: float
    numbers: tuple[float, ...]
    spans: tuple[tuple[int, int], ...]


def trace(
    worth: Decimal,
    payments: Sequence[Payment],
    model: Normal | History,
    *,
    start: date,
    months: int,
    ranks: Collection[int],
    seed: int = 0,
    paths: int = PATHS,
) -> dict[int, Traced]:
    """Follow those courses of a forecast that have some ranks after so many months.

    They are drawn twice: once to find them, and once to note what was drawn for them. The model
    must be one that a forecast can be made of.

    Args:
        months: one at least.
        ranks: from 1 on, of the course that ends with the least; equal ones in their order.

    Raises:
        ValueError: there is no forecast, and so no course of one.
    """
    flows = schedule(payments, tuple(later(start, month) for month in range(months + 1)))
    first, again = (_drawing(model, seed=seed, paths=paths) for _ in range(2))
    *_, last = walk(float(worth), flows, first, paths)
    order = np.argsort(last.level, kind="stable")
    wanted = {rank: int(order[rank - 1]) for rank in sorted(ranks)}
    noted = [_noted(again(month), list(wanted.values())) for month in range(months)]
    return {
        rank: Traced(
            number=number + 1,
            rank=rank,
            end=float(last.level[number]),
            numbers=tuple(numbers[place] for numbers, _ in noted if numbers),
            spans=tuple(spans[place] for _, spans in noted if spans),
        )
        for place, (rank, number) in enumerate(wanted.items())
    }


def _drawing(model: Normal | History, *, seed: int, paths: int) -> Draw:
    _, drawn = draw(model, seed=seed, paths=paths)
    if isinstance(drawn, str):
        raise ValueError(f"There are no courses: {drawn}")  # noqa: TRY004 - the model's value
    return drawn


def _noted(drawn: Drawn, courses: list[int]) -> tuple[list[float], list[tuple[int, int]]]:
    """Note what was drawn for some courses."""
    if drawn.numbers is not None:
        return drawn.numbers[courses].tolist(), []
    if drawn.firsts is None or drawn.lasts is None:
        return [], []
    firsts, lasts = drawn.firsts[courses].tolist(), drawn.lasts[courses].tolist()
    return [], list(zip(firsts, lasts, strict=True))
