"""A forecast of 30 years along 10,000 courses, by both models."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import partial

import numpy as np

from benchmarks.measure import Figure, median_seconds
from portfolios.domain.drawing import History, Normal
from portfolios.domain.estimates import LISTED
from portfolios.domain.forecast import PATHS, Payment, forecast

_MONTHS = 360


def run() -> list[Figure]:
    """Let savings grow for a working life, then measure."""
    history = np.random.default_rng(7).normal(0.0003, 0.01, 2_520)
    models: dict[str, Normal | History] = {
        "normal": Normal(0.05, 0.15),
        "history": History(history, LISTED),
    }
    figures = [Figure("forecast.paths", PATHS, "courses")]
    for name, model in models.items():
        call = partial(
            forecast,
            Decimal(100_000),
            [Payment(Decimal(500), date(2025, 2, 1), yearly_growth=0.02)],
            model,
            start=date(2025, 1, 31),
            months=_MONTHS,
            target=Decimal(500_000),
        )
        figures.append(Figure(f"forecast.{name}", median_seconds(call, runs=3), "s", 1))
    return figures
