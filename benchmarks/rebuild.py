"""A ledger of ten years from its first row to stored positions, gains and daily values."""

from __future__ import annotations

import subprocess
import sys

from accounts.models import User
from benchmarks import ledgers
from benchmarks.measure import Figure, peak_memory_mb, stopwatch
from common import clock
from portfolios.models import CheckpointPart, Portfolio
from portfolios.services import recalculation

#: Rows of the ledger, and the seconds it may take.
SIZES = ((2_000, 0.3), (15_000, 1.5), (50_000, 5.0))
_BUDGET_MB = 300
#: The least of so many counts: the others shared the machine with whatever else it did.
_TIMES = 5


def run() -> list[Figure]:
    """Rebuild ledgers of three sizes, and one more in a process of its own for its memory."""
    now = clock.now()
    owner = User.objects.create_user("rebuild@example.test", None)
    held = ledgers.make_market("RB", now)
    figures, firsts, largest = [], [], None
    for rows, budget in SIZES:
        largest = ledgers.make_portfolio(owner, rows, held, now)
        firsts.append(Figure(f"rebuild.{rows}.first", _rebuild(largest), "s"))
        seconds = min(_rebuild(largest) for _ in range(_TIMES))
        figures.append(Figure(f"rebuild.{rows}", seconds, "s", budget))
    per_row = [figure.value / rows for figure, (rows, _) in zip(figures, SIZES, strict=True)]
    assert largest is not None
    return [
        *figures,
        *firsts,
        # Twice the rows take twice the time: the largest costs no more a row than the smallest.
        Figure("rebuild.growth", per_row[-1] / per_row[0], "×", 1.2),
        Figure("rebuild.memory", _memory_of(largest), "MB", _BUDGET_MB),
    ]


def _rebuild(portfolio: Portfolio) -> float:
    """Go through all rows and value all days, which are stored already but for the first time."""
    _forget(portfolio)
    with stopwatch() as seconds:
        recalculation.recalculate(portfolio.pk, today=ledgers.TODAY, now=clock.now(), extend=True)
    return seconds()


def _forget(portfolio: Portfolio) -> None:
    CheckpointPart.objects.filter(portfolio=portfolio).delete()
    Portfolio.objects.filter(pk=portfolio.pk).update(
        stale_from=ledgers.FIRST, is_recalculating=True
    )


def _memory_of(portfolio: Portfolio) -> float:
    """Return the megabytes that a process holds at most that does nothing but rebuild."""
    # Its settings and servers come with the environment.
    alone = (
        "import django; django.setup(); from benchmarks import rebuild; "
        f"print(rebuild.peak_of({str(portfolio.pk)!r}))"
    )
    answer = subprocess.run(  # noqa: S603 - nothing from outside is in it
        [sys.executable, "-c", alone],
        capture_output=True,
        text=True,
        check=True,
    )
    return float(answer.stdout)


def peak_of(portfolio_id: str) -> float:
    """Rebuild one portfolio and return the most megabytes that this process has held."""
    _rebuild(Portfolio.objects.get(pk=portfolio_id))
    return peak_memory_mb()
