"""The money-weighted returns of many portfolios at once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from portfolios.domain.discounting import Mask, Points, is_monotone, stays_away
from portfolios.domain.money_weighted import (
    CANCELLED,
    DayCount,
    Flow,
    MoneyWeighted,
    rate_of,
    xirr,
)
from portfolios.domain.series import Floats

_Ints = NDArray[np.int64]

#: More days than the calendar has: what tells the days of one portfolio from the next one's.
_DAYS_APART = 4_000_000
_MAX_STEPS = 60
_CLOSE_ENOUGH = 1e-12
#: The running balance is only trusted where discounting leaves early and late flows comparable.
_MOST_DISCOUNTING = 10.0
_ROUNDING = 1e-10
#: How far from a root other roots are looked for, as logarithms of growth over the whole time.
_WIDTHS = (0.125, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)


def xirr_many(
    portfolios: Sequence[Sequence[Flow]],
    *,
    closings: Sequence[Flow | None] | None = None,
    day_count: DayCount = DayCount.ACT_365F,
) -> list[MoneyWeighted]:
    """Solve `xirr` for each of many portfolios, to the same results.

    All are solved together by Newton's method, each kept inside its bracket. What has no single
    root for certain is left to `xirr`.
    """
    ends = closings or [None] * len(portfolios)
    flows = [[*each, end] if end else each for each, end in zip(portfolios, ends, strict=True)]
    solved = _solve(flows, day_count)
    return [
        rate_of(*solved[place], day_count)
        if place in solved
        else xirr(each, closing=end, day_count=day_count)
        for place, (each, end) in enumerate(zip(portfolios, ends, strict=True))
    ]


def _solve(flows: Sequence[Sequence[Flow]], day_count: DayCount) -> dict[int, tuple[float, int]]:
    """Return the only root and the days of each portfolio that surely has one."""
    owners, days, amounts = _by_day(flows)
    chosen = _with_both_signs(owners, amounts, len(flows))
    owners, days, amounts = owners[chosen], days[chosen], amounts[chosen]
    if not len(owners):
        return {}
    batch = _Batch(owners, days, amounts, day_count.value)
    roots, is_found = batch.roots()
    is_sure = batch.is_single()
    if not is_sure.all():
        rest = np.repeat(~is_sure, batch.sizes)
        others = _Batch(owners[rest], days[rest], amounts[rest], day_count.value)
        is_sure[~is_sure] = others.is_only_root(roots[~is_sure])
    is_sure &= is_found
    found = zip(batch.names, roots.tolist(), batch.spans.tolist(), is_sure, strict=True)
    return {int(name): (root, span) for name, root, span, sure in found if sure}


def _by_day(flows: Sequence[Sequence[Flow]]) -> tuple[_Ints, _Ints, Floats]:
    """Add up the flows of each portfolio and day, and leave out what cancels."""
    counts = [len(each) for each in flows]
    owners = np.repeat(np.arange(len(flows)), counts)
    every = list(chain.from_iterable(flows))
    days = np.array([day.toordinal() for day, _ in every], dtype=np.int64)
    amounts = np.array([float(amount) for _, amount in every], dtype=np.float64)
    keys = owners * _DAYS_APART + days
    order = np.argsort(keys, kind="stable")
    keys, amounts = keys[order], amounts[order]
    starts = _starts(keys)
    if not len(starts):
        return owners, days, amounts
    net = np.add.reduceat(amounts, starts)
    is_left = np.abs(net) > CANCELLED * np.add.reduceat(np.abs(amounts), starts)
    left = keys[starts][is_left]
    return left // _DAYS_APART, left % _DAYS_APART, net[is_left]


def _with_both_signs(owners: _Ints, amounts: Floats, count: int) -> Mask:
    """Pick the flows of portfolios whose first and last flow have opposite signs."""
    starts = _starts(owners)
    is_mixed = np.zeros(count, dtype=bool)
    if len(starts):
        lasts = np.append(starts[1:], len(owners)) - 1
        is_mixed[owners[starts]] = amounts[starts] * amounts[lasts] < 0
    return np.asarray(is_mixed[owners], dtype=bool)


def _starts(keys: _Ints) -> _Ints:
    """Return where each run of equal keys begins."""
    if not len(keys):
        return np.empty(0, dtype=np.int64)
    return np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))


class _Batch:
    """The flows of many portfolios in one line, by portfolio and day: each a function."""

    def __init__(self, owners: _Ints, days: _Ints, amounts: Floats, year: float) -> None:
        starts = _starts(owners)
        self.names = owners[starts]
        self._starts = starts
        self._lasts = np.append(starts[1:], len(owners)) - 1
        self.sizes = self._lasts - starts + 1
        self._rows = np.repeat(np.arange(len(starts)), self.sizes)
        self.spans = days[self._lasts] - days[starts]
        self._times = (days - days[starts][self._rows]) / year
        self._amounts = amounts
        # What is paid in and what is taken out are summed apart: two groups for each portfolio.
        groups = self._rows * 2 + (amounts > 0)
        order = np.argsort(groups, kind="stable")
        self._groups = groups[order]
        self._group_starts = _starts(self._groups)
        self._group_lasts = np.append(self._group_starts[1:], len(groups)) - 1
        self._group_times = self._times[order]
        self._group_sizes = np.abs(amounts[order])

    def roots(self) -> tuple[Floats, Mask]:
        """Return a root for each portfolio, and whether it was reached."""
        low, high = self._bounds()
        sign_of_high = np.sign(self._amounts[self._starts])
        x = np.zeros(len(self.names))
        is_found = np.zeros(len(self.names), dtype=bool)
        for _ in range(_MAX_STEPS):
            points = self._points(x)
            value, slope = points.value, points.time_in - points.time_out
            is_above = np.sign(value) == sign_of_high
            high, low = np.where(is_above, x, high), np.where(is_above, low, x)
            with np.errstate(divide="ignore", invalid="ignore"):
                following = x - value / slope
            is_inside = (following >= low) & (following <= high)
            following = np.where(is_inside, following, (low + high) / 2)
            is_near = np.abs(following - x) <= _CLOSE_ENOUGH * np.maximum(1, np.abs(x))
            x = np.where(is_found, x, following)
            is_found |= is_near
            if is_found.all():
                break
        return x, is_found

    def is_single(self) -> Mask:
        """Say where the flows change sign once: by Descartes' rule there is one root."""
        signs = np.sign(self._amounts)
        turns = np.concatenate(([0], (signs[1:] != signs[:-1]).astype(np.int64)))
        turns[self._starts] = 0
        return np.asarray(np.add.reduceat(turns, self._starts) == 1, dtype=bool)

    def is_only_root(self, roots: Floats) -> Mask:
        """Say where a root is surely the only one.

        It is where the function is monotone around it, and both sides are clear.
        """
        nearest = _WIDTHS[0] / self._times[self._lasts]
        left, right = self._points(roots - nearest), self._points(roots + nearest)
        is_sure = self._is_clear(roots, -1) & self._is_clear(roots, 1)
        return np.asarray(is_sure & is_monotone(left, right), dtype=bool)

    def _is_clear(self, roots: Floats, side: int) -> Mask:
        """Say where there is no root on one side of another.

        Stretch by stretch none is there, up to a rate at which money stays invested all the
        time: beyond it a still higher rate leaves less in the end, and a still lower one more
        (Teichroew, Robichek and Montalbano 1965).
        """
        horizon = self._times[self._lasts]
        is_clear = np.zeros(len(roots), dtype=bool)
        is_empty = np.ones(len(roots), dtype=bool)
        points: Points | None = None
        for width in _WIDTHS:
            rates = roots + side * width / horizon
            is_mild = np.abs(rates) * horizon <= _MOST_DISCOUNTING
            rates = np.where(is_mild, rates, 0.0)
            before, points = points, self._points(rates)
            if before is not None:
                left, right = (before, points) if side > 0 else (points, before)
                is_empty &= stays_away(left, right) | (
                    is_monotone(left, right) & (left.sign == right.sign)
                )
            is_empty &= is_mild
            is_clear |= is_empty & self._stays_invested(rates, is_forward=side > 0)
            if (is_clear | ~is_empty).all():
                break
        return is_clear

    def _stays_invested(self, rates: Floats, *, is_forward: bool) -> Mask:
        """Say whether all running balances have the sign of the flow they begin with."""
        worth = self._amounts * np.exp(-rates[self._rows] * self._times)
        worth /= np.add.reduceat(np.abs(worth), self._starts)[self._rows]
        totals = np.cumsum(worth)
        if is_forward:
            balance = totals - (totals - worth)[self._starts][self._rows]
            firsts = self._starts
        else:
            balance = totals[self._lasts][self._rows] - (totals - worth)
            firsts = self._lasts
        balance *= np.sign(self._amounts)[firsts][self._rows]
        return np.asarray(np.minimum.reduceat(balance, self._starts) > _ROUNDING, dtype=bool)

    def _points(self, x: Floats) -> Points:
        """Evaluate the function of each portfolio at one point."""
        both = np.repeat(x, 2)
        reference = self._group_times[np.where(both >= 0, self._group_starts, self._group_lasts)]
        exponents = both[self._groups] * (self._group_times - reference[self._groups])
        worth = self._group_sizes * np.exp(-exponents)
        sums = np.add.reduceat(worth, self._group_starts)
        times = np.add.reduceat(worth * self._group_times, self._group_starts) / sums
        logs = np.log(sums) - both * reference
        return Points(x, logs[0::2], logs[1::2], times[0::2], times[1::2])

    def _bounds(self) -> tuple[Floats, Floats]:
        """Return points beyond which the last, or the first, flow outweighs all others."""
        sizes = np.abs(self._amounts)
        sums = np.add.reduceat(sizes, self._starts)
        first, last = sizes[self._starts], sizes[self._lasts]
        first_gap = self._times[self._starts + 1]
        last_gap = self._times[self._lasts] - self._times[self._lasts - 1]
        least = 1 / self._times[self._lasts]
        with np.errstate(divide="ignore"):  # beside a huge flow the others may vanish
            low = np.maximum(np.log(2 * (sums - last) / last) / last_gap, least)
            high = np.maximum(np.log(2 * (sums - first) / first) / first_gap, least)
        return -low, high
