"""Figures of all kinds in the one shape in which pages and programs get them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from portfolios.domain.estimates import Estimate
from portfolios.domain.gains import Gain
from portfolios.domain.percentages import Denominator, Ratio, Reason
from portfolios.domain.status import Status

#: So many decimals of a statistic mean something; float arithmetic disturbs the rest.
DECIMALS = 10
#: So many days, or instruments, are named; of more, the number is told.
MOST_NAMED = 10


class Unit(StrEnum):
    """What a figure counts."""

    #: In the portfolio's currency.
    MONEY = "money"
    #: A share of something: 0.07 is 7 %.
    FRACTION = "fraction"
    #: A plain number.
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure with everything that it can be doubted by.

    Attributes:
        value: None exactly where it is unavailable.
        as_of: the last day that went in.
        denominator: what a fraction is of.
        method: how an estimate was computed, in a few words.
        observations: how many returns an estimate is made of.
        reason: stable, for machines; None also where an estimate says it in words only.
        explanation: why it is partial or unavailable, for people.
        missing: the first days, as ISO dates, or instruments that the reason is about.
        missing_count: how many there are of them.
    """

    value: Decimal | None
    unit: Unit
    status: Status
    as_of: date
    denominator: Denominator | None = None
    method: str | None = None
    observations: int | None = None
    reason: Reason | None = None
    explanation: str | None = None
    missing: tuple[str, ...] = ()
    missing_count: int = 0


#: What each reason means, for people.
EXPLANATIONS: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.NO_DAYS: "No day of this range has been valued yet.",
        Reason.VALUE_UNKNOWN: "On some days not everything had a price or an exchange rate.",
        Reason.FLOW_UNKNOWN: "What came in or went out on some days isn't known.",
        Reason.VALUE_NEGATIVE: "The portfolio was worth less than nothing on some days.",
        Reason.MOVED_FROM_NOTHING: "Some days began with nothing and ended with something.",
        Reason.GAIN_UNKNOWN: "The gain isn't known.",
        Reason.DENOMINATOR_UNKNOWN: "What it would be a share of isn't known.",
        Reason.DENOMINATOR_NOT_POSITIVE: "What it would be a share of isn't above zero.",
        Reason.NO_SIGN_CHANGE: "Money only came in, or only went out, so that there is no rate.",
        Reason.NO_RATE: "No rate makes all flows together worth nothing.",
        Reason.TOTAL_LOSS: "Everything was lost.",
        Reason.TOO_SHORT: "Less than 30 days don't say what a year would bring.",
        Reason.TOO_LARGE: "The result is too large to mean anything.",
        Reason.CLOSE_MISSING: "The benchmark has no price, or none on some days of this range.",
        Reason.EXHAUSTED: "In the benchmark the money would have been used up before the end.",
    }
)


def of_ratio(ratio: Ratio, as_of: date) -> Figure:
    """Show a fraction."""
    return Figure(
        value=_decimal(ratio.value),
        unit=Unit.FRACTION,
        status=ratio.status,
        as_of=as_of,
        denominator=ratio.denominator,
        reason=ratio.reason,
        explanation=EXPLANATIONS[ratio.reason] if ratio.reason else None,
        missing=ratio.missing[:MOST_NAMED],
        missing_count=len(ratio.missing),
    )


def of_gain(gain: Gain, as_of: date) -> Figure:
    """Show a gain in money."""
    return Figure(
        value=gain.amount,
        unit=Unit.MONEY,
        status=gain.status,
        as_of=as_of,
        reason=gain.reason,
        explanation=EXPLANATIONS[gain.reason] if gain.reason else None,
        missing=gain.missing[:MOST_NAMED],
        missing_count=len(gain.missing),
    )


def of_estimate(estimate: Estimate, as_of: date, unit: Unit = Unit.FRACTION) -> Figure:
    """Show an estimate; what a deviation or a quotient is of says its method."""
    return Figure(
        value=_decimal(estimate.value),
        unit=unit,
        status=estimate.status,
        as_of=as_of,
        method=estimate.method,
        observations=estimate.observations,
        explanation=estimate.reason,
    )


def of_amount(
    amount: Decimal | None, as_of: date, *, reason: Reason, missing: tuple[str, ...] = ()
) -> Figure:
    """Show money that is known, or isn't for a reason."""
    if amount is not None:
        return Figure(amount, Unit.MONEY, Status.COMPLETE, as_of)
    return of_gain(Gain(None, Status.UNAVAILABLE, reason, missing), as_of)


def _decimal(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(f"{value:.{DECIMALS}f}")
