"""How far a value fell from its highest point so far, and how long until it rose above it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from portfolios.domain.estimates import NOISE, Floats, Returns
from portfolios.domain.status import Status


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The deepest fall of an index, and the longest time without a new high.

    Attributes:
        depth: what was lost of the highest value so far, a fraction: −0.15 for 15 %; 0 if the
            index never fell.
        peak_date: the day of the high before it; all dates are None if the index never fell.
        trough_date: the first day on which it was deepest.
        recovery_date: the first day above that high; None if there was none yet.
        days_under_water: calendar days from the peak to the recovery, or until today.
        longest_days: the most calendar days between one high and the next, or until today.
        longest_from: the high from which they are counted.
        dropped: days without a known value.
    """

    depth: float | None
    peak_date: date | None
    trough_date: date | None
    recovery_date: date | None
    days_under_water: int
    longest_days: int
    longest_from: date | None
    observations: int
    dropped: int
    status: Status
    reason: str | None = None


def growth_index(returns: Returns) -> Floats:
    """Return what 1 grows to: 1 at the beginning, and one value after each return.

    After an unknown return everything is unknown.
    """
    return np.concatenate(([1.0], np.cumprod(1 + np.asarray(returns, dtype=np.float64))))


def drawdown_series(levels: Returns) -> Floats:
    """Return level ÷ highest level so far − 1 of each day; NaN where the level is unknown.

    Between −1 and 0, unless a level is below zero.

    Args:
        levels: an index of time-weighted returns, not values: money taken out is no loss.
    """
    values = np.asarray(levels, dtype=np.float64)
    highs = np.fmax.accumulate(values) if values.size else values
    with np.errstate(divide="ignore", invalid="ignore"):
        falls: Floats = np.where(highs > 0, values / highs - 1, np.nan)
    return falls


def max_drawdown(dates: Sequence[date], levels: Returns, *, today: date | None = None) -> Drawdown:
    """Find the deepest fall of an index, and the longest time without a new high.

    A high is higher than everything before it, so that a level that is merely reached again is
    none. A fall that isn't made good is still going on, today if that is given, else on the last
    day.

    Args:
        dates: of the levels, oldest first.
        levels: an index of time-weighted returns; see `growth_index`.

    Source: Portfolio Performance, Risk.Drawdown.

    Raises:
        ValueError: there aren't as many dates as levels.
    """
    if len(dates) != len(levels):
        raise ValueError(f"There are {len(dates)} dates for {len(levels)} levels.")
    values = np.asarray(levels, dtype=np.float64)
    known = np.isfinite(values)
    days = [day for day, is_known in zip(dates, known, strict=True) if is_known]
    dropped = len(dates) - len(days)
    values = values[known]
    if not days:
        return _unavailable("No day has a known value.", 0, dropped)
    if values[0] <= 0:
        return _unavailable("The index begins at or below zero.", len(days), dropped)
    return _measure(days, values, dropped, today or days[-1])


def _measure(days: Sequence[date], values: Floats, dropped: int, today: date) -> Drawdown:
    falls = drawdown_series(values)
    highs = _new_highs(values)
    trough = int(np.argmin(falls))
    if falls[trough] > -NOISE:
        peak = recovery = None
    else:
        peak = int(highs[highs <= trough][-1])
        recovery = int(min(highs[highs > trough], default=-1))
    ends = [days[place] for place in highs[1:]] + [today]
    spans = [(end - days[start]).days for start, end in zip(highs, ends, strict=True)]
    longest = int(np.argmax(spans))
    recovery_date = None if recovery is None or recovery < 0 else days[recovery]
    return Drawdown(
        depth=0.0 if peak is None else float(falls[trough]),
        peak_date=None if peak is None else days[peak],
        trough_date=None if peak is None else days[trough],
        recovery_date=recovery_date,
        days_under_water=0 if peak is None else ((recovery_date or today) - days[peak]).days,
        longest_days=spans[longest],
        longest_from=days[highs[longest]],
        observations=len(days),
        dropped=dropped,
        status=Status.PARTIAL if dropped else Status.COMPLETE,
        reason=f"{dropped} days have no known value." if dropped else None,
    )


def _new_highs(values: Floats) -> np.typing.NDArray[np.intp]:
    """Return the places of levels above all before them, by more than rounding leaves."""
    before = np.concatenate(([-np.inf], np.maximum.accumulate(values)[:-1]))
    return np.flatnonzero(values > before + NOISE * np.abs(np.nan_to_num(before, neginf=0.0)))


def _unavailable(reason: str, observations: int, dropped: int) -> Drawdown:
    return Drawdown(
        None, None, None, None, 0, 0, None, observations, dropped, Status.UNAVAILABLE, reason
    )
