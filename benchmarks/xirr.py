"""The money-weighted returns of 10,000 portfolios, all at once."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal

from benchmarks.measure import Figure, median_seconds
from portfolios.domain.money_weighted import Flow, xirr
from portfolios.domain.money_weighted_many import xirr_many

PORTFOLIOS = 10_000
FLOWS = 25
_ALONE = 200
_START = date(2016, 1, 4)
#: A savings plan now and then, on average; every fifth flow takes something out again.
_DAYS_APART = 60


def run() -> list[Figure]:
    """Solve all at once, and some one by one."""
    dice = random.Random(7)
    made = [_portfolio(dice) for _ in range(PORTFOLIOS)]
    flows, closings = [each for each, _ in made], [closing for _, closing in made]
    known = sum(each.annual.value is not None for each in xirr_many(flows, closings=closings))
    at_once = median_seconds(lambda: xirr_many(flows, closings=closings), runs=3)
    alone = median_seconds(
        lambda: [xirr(each, closing=closing) for each, closing in made[:_ALONE]], runs=3
    )
    return [
        Figure("xirr.portfolios", known, "portfolios", PORTFOLIOS, at_least=True),
        Figure("xirr.at_once", at_once, "s", 2),
        Figure("xirr.alone", alone / _ALONE * 1_000, "ms"),
    ]


def _portfolio(dice: random.Random) -> tuple[list[Flow], Flow]:
    """Pay in and take out at random, with a growth of its own, and say what is left."""
    day, value, flows = _START, 0.0, list[Flow]()
    daily = dice.uniform(-0.1, 0.3) / 365
    for _ in range(FLOWS):
        takes_out = value > 0 and dice.random() < 0.2
        amount = -value * dice.uniform(0.05, 0.5) if takes_out else dice.uniform(50, 2_000)
        flows.append((day, Decimal(f"{-amount:.2f}")))
        days = dice.randrange(1, 2 * _DAYS_APART)
        value = (value + amount) * max(0.01, 1 + daily * days + dice.gauss(0, 0.01 * days**0.5))
        day += timedelta(days=days)
    return flows, (day, Decimal(f"{value:.2f}"))
