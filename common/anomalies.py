"""What is unlike its own history: returns, prices and purchases; and prices that look wrong.

Flags are for people to look at; nothing is changed or left out because of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import pairwise
from math import exp, log
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Points = Sequence[tuple[date, float]]
#: Makes the median absolute deviation of normal values their standard deviation.
NORMAL = 1.4826
#: The usual range reaches so many deviations to both sides: 95 of 100 normal values.
USUAL = 2
#: How far from 100 the factor of a confusion of units may be, as a factor: the price moves, too.
_NEAR_HUNDRED = 1.25
#: Splits as they happen: new shares for each old one.
_SPLITS = (1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 50)
#: How far from a split's ratio a move may be, as a fraction.
_NEAR_SPLIT = 0.015


class Kind(StrEnum):
    """What jumped, or why a price looks wrong; stable, for machines."""

    RETURN = "return"
    PRICE = "price"
    PURCHASE = "purchase"
    UNIT = "unit"
    SPLIT = "split"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Threshold:
    """From when on a value is unusual.

    Attributes:
        score: how many deviations from the middle of its history it is.
        floor: the least deviation that is assumed, so that a history without any movement doesn't
            make the first small one unusual.
        minimum: how many values of history are needed.
        window: how many of them, at most, are looked at.
    """

    score: float = 6
    floor: float = 0.0025
    minimum: int = 30
    window: int = 250


#: Of fractions; of purchases of their natural logarithms, for they differ by factors.
THRESHOLDS: Mapping[Kind, Threshold] = MappingProxyType(
    {
        Kind.RETURN: Threshold(),
        Kind.PRICE: Threshold(score=8, floor=0.005),
        Kind.PURCHASE: Threshold(score=5, floor=0.25, minimum=5, window=50),
    }
)


@dataclass(frozen=True, slots=True)
class Flag:
    """Something to look at.

    Attributes:
        subject: what it is about, as people call it.
        value: the return, or the change of a price, a fraction; what was paid in a purchase; of a
            hint about a price the price itself.
        usual_low: where the values before it usually lay, like `usual_high`; None for hints.
        score: how many deviations it lies from the middle; for hints, the factor or the number of
            days that stands out.
        sentence: all of this for people.
    """

    kind: Kind
    subject: str
    date: date
    value: float
    usual_low: float | None
    usual_high: float | None
    score: float
    sentence: str


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found in a series.

    Attributes:
        checked: how many values were looked at.
        dropped: how many were skipped because they are unknown.
        reason: why there was too little history to look at any value; None if there was enough.
    """

    flags: tuple[Flag, ...]
    checked: int
    dropped: int
    reason: str | None = None


def unusual_returns(
    subject: str,
    points: Points,
    *,
    threshold: Threshold = THRESHOLDS[Kind.RETURN],
    since: date | None = None,
) -> Findings:
    """Find returns that lie far outside of those before them.

    Args:
        points: returns, oldest first; unknown ones are skipped.
        since: the first day that is looked at; the days before are history.
    """
    known = known_points(points)
    found = _outliers(Kind.RETURN, subject, known, threshold, since, len(points) - len(known))
    return _changed(found, "{subject} returned {value} on {date}")


def unusual_prices(
    subject: str,
    points: Points,
    *,
    threshold: Threshold = THRESHOLDS[Kind.PRICE],
    since: date | None = None,
) -> Findings:
    """Find prices that changed far more from one to the next than they did before."""
    known = known_points(points)
    dropped = len(points) - len(known)
    found = _outliers(Kind.PRICE, subject, _changes(known), threshold, since, dropped)
    return _changed(found, "The price of {subject} changed by {value} on {date}")


def unusual_purchases(
    subject: str,
    currency: str,
    points: Points,
    *,
    threshold: Threshold = THRESHOLDS[Kind.PURCHASE],
    since: date | None = None,
) -> Findings:
    """Find days on which far more or far less was paid for an instrument than before.

    Ten times of what is usual is most often a digit too many.

    Args:
        points: what was paid in all on each day with a purchase, in the currency, oldest first.
    """
    known = [(day, log(paid)) for day, paid in known_points(points) if paid > 0]
    dropped = len(points) - len(known)
    found = _outliers(Kind.PURCHASE, subject, known, threshold, since, dropped)
    return replace(found, flags=tuple(_paid(flag, currency) for flag in found.flags))


def price_hints(
    subject: str, points: Points, *, stale_after: int = 5, since: date | None = None
) -> Findings:
    """Find prices that look like mistakes of their source.

    A move by about 100 is most often pence taken for pounds or the reverse; one by the ratio of a
    split is a split that nobody recorded; a price that repeats is one that no longer comes in.

    Args:
        points: closes of trading days, oldest first; unknown ones are skipped.
        stale_after: how many equal prices in a row are flagged, once, on the last of them.
    """
    known = known_points(points)
    hints = [hint for hint in (_jump_hint(subject, *pair) for pair in pairwise(known)) if hint]
    hints += _repeats(subject, known, stale_after)
    hints.sort(key=lambda hint: hint.date)
    flags = tuple(hint for hint in hints if since is None or hint.date >= since)
    dropped, needed = len(points) - len(known), 2
    if len(known) < needed:
        return _nothing_to_compare(len(known), needed, dropped)
    return Findings(flags, len(known) - 1, dropped)


def known_points(points: Points) -> list[tuple[date, float]]:
    """Leave out what is unknown."""
    return [(day, float(value)) for day, value in points if np.isfinite(value)]


def _changes(points: Points) -> list[tuple[date, float]]:
    """Return the change from each value above zero to the next, a fraction."""
    return [
        (day, value / before - 1) for (_, before), (day, value) in pairwise(points) if before > 0
    ]


def _outliers(
    kind: Kind,
    subject: str,
    points: Points,
    threshold: Threshold,
    since: date | None,
    dropped: int,
) -> Findings:
    """Find values that lie far from the middle of those before them, and only before.

    The flags say nothing yet.

    Source: B. Iglewicz, D. Hoaglin, How to Detect and Handle Outliers, 1993: median and median
    absolute deviation, which outliers don't move.
    """
    first = max(threshold.minimum, 1)
    if len(points) <= first:
        return _nothing_to_compare(len(points), first + 1, dropped)
    values = np.array([value for _, value in points], dtype=np.float64)
    places = [
        place for place in range(first, values.size) if since is None or points[place][0] >= since
    ]
    flags = []
    for place in places:
        history = values[max(0, place - threshold.window) : place]
        middle, spread = _middle_and_spread(history, threshold.floor)
        score = (values[place] - middle) / spread
        if abs(score) >= threshold.score:
            day, value = points[place]
            low, high = middle - USUAL * spread, middle + USUAL * spread
            flags.append(Flag(kind, subject, day, value, low, high, float(score), ""))
    return Findings(tuple(flags), len(places), dropped)


def _nothing_to_compare(known: int, needed: int, dropped: int) -> Findings:
    reason = f"{known} values are known; {needed} are needed to compare with."
    return Findings((), 0, dropped, reason)


def _middle_and_spread(history: Floats, floor: float) -> tuple[float, float]:
    middle = float(np.median(history))
    return middle, max(NORMAL * float(np.median(np.abs(history - middle))), floor)


def _changed(found: Findings, happened: str) -> Findings:
    """Say what fractions are, with `happened` for what they did."""
    flags = []
    for flag in found.flags:
        low, high = _percent(flag.usual_low or 0), _percent(flag.usual_high or 0)
        what = happened.format(subject=flag.subject, value=_percent(flag.value), date=flag.date)
        times = abs(flag.score) / USUAL
        sentence = (
            f"{what}; usually it is between {low} and {high}. "
            f"That is {times:.0f} times as far out as usual."
        )
        flags.append(replace(flag, sentence=sentence))
    return replace(found, flags=tuple(flags))


def _paid(flag: Flag, currency: str) -> Flag:
    """Turn logarithms back into money, and say what it is."""
    paid, low, high = map(exp, (flag.value, flag.usual_low or 0, flag.usual_high or 0))
    sentence = (
        f"{flag.subject} was bought for {paid:,.2f} {currency} on {flag.date}; "
        f"usually it is between {low:,.2f} and {high:,.2f} {currency}."
    )
    return replace(flag, value=paid, usual_low=low, usual_high=high, sentence=sentence)


def _jump_hint(
    subject: str, previous: tuple[date, float], current: tuple[date, float]
) -> Flag | None:
    (_, before), (day, price) = previous, current
    if before <= 0 or price <= 0:
        return None
    factor = max(price / before, before / price)
    moved = f"The price of {subject} went from {before:.6g} to {price:.6g} on {day}"
    if 100 / _NEAR_HUNDRED <= factor <= 100 * _NEAR_HUNDRED:
        sentence = f"{moved}, about 100 times: it may be in another unit, such as pence for pounds."
        return Flag(Kind.UNIT, subject, day, price, None, None, factor, sentence)
    for ratio in _SPLITS:
        if abs(factor / ratio - 1) <= _NEAR_SPLIT:
            split = _split(ratio, is_reverse=price > before)
            sentence = f"{moved}, as after a {split}: one may not be recorded."
            return Flag(Kind.SPLIT, subject, day, price, None, None, factor, sentence)
    return None


def _repeats(subject: str, points: Points, stale_after: int) -> Iterator[Flag]:
    """Yield a flag on the last day of each run of equal prices that is long enough."""
    start = 0
    for place in range(1, len(points) + 1):
        if place < len(points) and points[place][1] == points[start][1]:
            continue
        count = place - start
        if points and count >= max(stale_after, 2):
            (first, price), (last, _) = points[start], points[place - 1]
            sentence = (
                f"The price of {subject} was {price:.6g} on {count} days in a row, from {first} to "
                f"{last}: it may no longer be updated."
            )
            yield Flag(Kind.STALE, subject, last, price, None, None, count, sentence)
        start = place


def _percent(fraction: float) -> str:
    return f"{fraction * 100:+.1f} %".replace("-", "−")


def _split(ratio: float, *, is_reverse: bool) -> str:
    """Write a split as people do: 3 for 2."""
    old = 1 if ratio == int(ratio) else 2
    new = int(ratio * old)
    return f"reverse split of {old} for {new}" if is_reverse else f"split of {new} for {old}"
