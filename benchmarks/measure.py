"""What a benchmark returns, and how its figures are taken."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number and the budget it must keep."""

    name: str
    value: float
    unit: str
    budget: float | None = None
    #: Whether more is better, as with ratios and rates.
    at_least: bool = False

    @property
    def is_kept(self) -> bool:
        """Say whether the budget is kept; a figure without one always is."""
        if self.budget is None:
            return True
        return self.value >= self.budget if self.at_least else self.value <= self.budget

    def as_row(self) -> dict[str, Any]:
        """Return the figure as it is written to `results.json`."""
        row = asdict(self)
        del row["at_least"]
        return row | {"ok": self.is_kept}


@contextmanager
def stopwatch() -> Iterator[Callable[[], float]]:
    """Measure how long a block takes, in seconds."""
    start = time.perf_counter()
    end: list[float] = []
    yield lambda: (end[0] if end else time.perf_counter()) - start
    end.append(time.perf_counter())


def median_seconds(call: Callable[[], object], *, runs: int = 7, warm_up: int = 1) -> float:
    """Return the median time of several calls, after some that don't count."""
    for _ in range(warm_up):
        call()
    times = []
    for _ in range(runs):
        with stopwatch() as seconds:
            call()
        times.append(seconds())
    return sorted(times)[len(times) // 2]


def peak_memory_mb() -> float:
    """Return the most memory that this process has held so far, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
