"""Gains in money, which position they came from, and what they are in percent of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from itertools import pairwise

from common.money import exact
from portfolios.domain.percentages import Denominator, Ratio, Reason, ratio_of
from portfolios.domain.series import DayRow
from portfolios.domain.status import Status
from portfolios.domain.unknowns import PartialSum, known_sum, minus, plus

_ZERO = Decimal(0)
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Gain:
    """A gain in the portfolio's currency.

    Attributes:
        amount: None where it is unavailable.
        missing: the days, as ISO dates, whose value or flows aren't known.
    """

    amount: Decimal | None
    status: Status
    reason: Reason | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One position's period, in the portfolio's currency; None is unknown.

    Attributes:
        paid: what went into it: purchases with their charges, deliveries in at market value.
        received: what it gave: sales after charges, income, deliveries out at market value.
    """

    opening: Decimal | None
    closing: Decimal | None
    paid: Decimal | None = _ZERO
    received: Decimal | None = _ZERO


@dataclass(frozen=True, slots=True)
class Contribution:
    """What a position added to the portfolio's gain, and that in percent of its capital."""

    key: str
    gain: Decimal | None
    rate: Ratio


@dataclass(frozen=True, slots=True)
class Contributions:
    """All positions' parts, and the rest: cash, its interest and currencies, and own charges.

    Attributes:
        rest: the portfolio's gain less all parts, so that together they are it, to the last digit.
            Unknown where a part is.
    """

    parts: tuple[Contribution, ...]
    rest: Contribution
    gain: Decimal | None
    status: Status
    missing: tuple[str, ...]


class Counting(Enum):
    """Which days an average investment runs over."""

    #: From order to order; the last day doesn't count.
    BETWEEN_ORDERS = Denominator.AVERAGE_INVESTMENT_BETWEEN_ORDERS
    #: Every calendar day up to and with the last.
    CALENDAR_DAYS = Denominator.AVERAGE_INVESTMENT_CALENDAR_DAYS


def simple_gain(rows: Sequence[DayRow], *, opening: Decimal | None = _ZERO) -> Gain:
    """Return closing value − opening value − inflows + outflows.

    Values in between don't matter, flows do.
    """
    if not rows:
        return Gain(None, Status.UNAVAILABLE, Reason.NO_DAYS)
    unknown_flows = [row.date for row in rows if row.inflow is None or row.outflow is None]
    unknown_values = [rows[0].date - _ONE_DAY] if opening is None else []
    unknown_values += [rows[-1].date] if rows[-1].value is None else []
    with exact():
        net = minus(known_sum(row.inflow for row in rows), known_sum(row.outflow for row in rows))
        amount = minus(minus(rows[-1].value, opening), net)
    if amount is not None:
        return Gain(amount, Status.COMPLETE)
    reason = Reason.FLOW_UNKNOWN if unknown_flows else Reason.VALUE_UNKNOWN
    days = sorted({*unknown_flows, *unknown_values})
    return Gain(None, Status.UNAVAILABLE, reason, tuple(day.isoformat() for day in days))


def contributions(
    changes: Mapping[str, Change], *, gain: Decimal | None, capital: Decimal | None
) -> Contributions:
    """Split a portfolio's gain into what each position added to it.

    Args:
        gain: the whole portfolio's, of the same period.
        capital: what the percentages are of, the same for all, so that they add up as well: the
            opening value and each flow for the part of the period it was there.
    """
    total = PartialSum()
    parts = []
    with exact():
        for key, change in changes.items():
            kept = minus(plus(change.closing, change.received), plus(change.opening, change.paid))
            total.add(kept)
            parts.append(_contribution(key, kept, capital))
        rest = minus(gain, None if total.has_unknown else total.total)
    status = Status.UNAVAILABLE if gain is None else total.status()
    if gain is not None and status is Status.UNAVAILABLE:
        status = Status.PARTIAL
    return Contributions(
        parts=tuple(parts),
        rest=_contribution("", rest, capital),
        gain=gain,
        status=status,
        missing=tuple(part.key for part in parts if part.gain is None),
    )


def _contribution(key: str, gain: Decimal | None, capital: Decimal | None) -> Contribution:
    return Contribution(key, gain, ratio_of(gain, capital, Denominator.WEIGHTED_CAPITAL))


def average_investment(
    steps: Iterable[tuple[date, Decimal]],
    *,
    end: date,
    counting: Counting = Counting.BETWEEN_ORDERS,
) -> Decimal | None:
    """Average what was invested over the days on which something was.

    Days without an investment don't count, so that a closed position keeps its last average.

    Args:
        steps: what is invested after the orders of a day, oldest first; the last of a day counts.
        end: the last day, which counts with `CALENDAR_DAYS` only.

    Returns:
        None where nothing was invested on any day that counts.

    Source: Ghostfolio's ROAI divides by the first for a position, by the second for a range.
    """
    invested = {day: amount for day, amount in steps if day <= end}
    until = end + _ONE_DAY if counting is Counting.CALENDAR_DAYS else end
    total, days = _ZERO, 0
    with exact():
        for (day, amount), (following, _) in pairwise([*invested.items(), (until, _ZERO)]):
            if amount > 0:
                total += amount * (following - day).days
                days += (following - day).days
        return total / days if days else None


def return_on_investment(
    gain: Decimal | None,
    steps: Iterable[tuple[date, Decimal]],
    *,
    end: date,
    counting: Counting = Counting.BETWEEN_ORDERS,
) -> Ratio:
    """Return gain ÷ average investment; the two averages differ, and are named apart."""
    average = average_investment(steps, end=end, counting=counting)
    return ratio_of(gain, average, counting.value)


def trade_return(gain: Decimal | None, entry: Decimal | None) -> Ratio:
    """Return a closed trade's gain ÷ what its entry cost or, of a short sale, brought."""
    return ratio_of(gain, entry, Denominator.ENTRY_COST)
