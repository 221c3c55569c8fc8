"""What the numbers of an explanation are made of each other by, in decimals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_CEILING, Decimal, DecimalException
from enum import StrEnum
from itertools import chain

from common.money import exact
from portfolios.domain.unknowns import PartialSum, known_sum

_ZERO, _ONE = Decimal(0), Decimal(1)
#: What discounted flows may add up to, of their size, where the rate was found in floats.
_NOTHING = Decimal("1e-6")

Numbers = Sequence[Decimal]


class Formula(StrEnum):
    """What is done with the inputs; unknown ones make the result unknown, save in `SUM_KNOWN`."""

    #: Nothing: it was booked, quoted or stored like this, or is explained by itself.
    GIVEN = "given"
    #: Nothing: they are what statistics are made of.
    LIST = "list"
    #: All inputs added up; one that is unknown makes the sum unknown.
    SUM = "sum"
    #: Those inputs added up that are known.
    SUM_KNOWN = "sum of what is known"
    PRODUCT = "product"
    #: The first less all others.
    DIFFERENCE = "difference"
    #: The first divided by the second; there is none where that isn't above zero.
    SHARE = "share"
    #: The first divided by the second, whatever its sign; there is none of zero.
    QUOTIENT = "quotient"
    ROOT = "square root"
    #: To whole multiples of the second, such as cents.
    ROUNDED_UP = "first, rounded up to a multiple of the second"
    #: The number without its sign.
    SIZE = "size, without its sign"
    #: The first divided by the second, less 1; 0 where there was nothing to grow.
    GROWTH = "growth from the second to the first"
    #: (1 + each) multiplied, less 1.
    COMPOUND = "compound growth"
    #: There is none of what isn't above zero; `EXPONENTIAL` takes it back.
    LOGARITHM = "natural logarithm"
    EXPONENTIAL = "e to the power of it"
    #: The logarithm of the growth that a return is.
    LOG_GROWTH = "natural logarithm of (1 + it)"
    POWER = "(1 + first) to the power of second"
    #: So far on the way from one number to another one.
    BETWEEN = "first + third × (second − first)"
    #: The last of numbers that each go on from the one before.
    LAST = "the last, each going on from the one before"
    #: (1 + first) to the power of second ÷ third, less 1; a total loss stays one.
    STRETCHED = "(1 + first) to the power of second ÷ third, less 1"
    #: The first divided by (1 + third) to the power of the second.
    DISCOUNTED = "the first ÷ (1 + third) to the power of the second"
    #: The first, at which all others together are worth nothing.
    SOLUTION = "the rate at which all others add up to nothing"
    MEAN = "mean"
    MEDIAN = "median"
    MEDIAN_DEVIATION = "median distance from the median"
    #: Of a sample, that is with one less than there are in the denominator; `COVARIANCE` likewise.
    DEVIATION = "standard deviation"
    #: The same of ln(1 + each).
    LOG_DEVIATION = "standard deviation of ln(1 + each)"
    COVARIANCE = "covariance"
    #: The root of the mean of the squares of those below 0, the others counted as 0.
    SHORTFALL = "root of the mean squared shortfall below 0"
    #: The value that so large a part stays at or below, interpolated linearly.
    QUANTILE = "the value that this part of all lies below"
    #: What a course of a forecast comes to that begins with the first: the second is paid in at the
    #: end of each month; the list has the logarithms of its growth.
    COURSE = "each month × e to the power of what is listed, + second, never below 0"
    #: The same with random numbers in the list.
    RANDOM_COURSE = (
        "each month × e to the power of (third + fourth × what is listed), + second, never below 0"
    )
    #: Of a list, or of numbers; `GREATEST` likewise.
    LEAST = "the least"
    GREATEST = "the greatest"
    #: How many a list has.
    COUNT = "how many there are"


def apply(
    formula: Formula, values: Sequence[Decimal | None], lists: Sequence[Sequence[Decimal | None]]
) -> Decimal | None:
    """Compute what a formula makes of numbers, and of lists of observations.

    Returns:
        None where an input is unknown, or there is no result.
    """
    if formula in {Formula.GIVEN, Formula.LIST}:
        return None
    with exact():
        if formula is Formula.SUM_KNOWN:
            return _sum_known(values)
        known = [value for value in values if value is not None]
        samples = [[value for value in each if value is not None] for each in lists]
        if len(known) < len(values) or any(not each for each in samples):
            return None
        try:
            if formula in _OF_LISTS:
                return _OF_LISTS[formula](known, samples)
            return _OF_NUMBERS[formula](known)
        except DecimalException:
            return None


def _sum_known(values: Sequence[Decimal | None]) -> Decimal | None:
    total = PartialSum()
    for value in values:
        total.add(value)
    return total.known()


def _product(values: Numbers) -> Decimal:
    product = values[0]
    for value in values[1:]:
        product *= value
    return product


def _difference(values: Numbers) -> Decimal:
    rest = values[0]
    for value in values[1:]:
        rest -= value
    return rest


def _compound(values: Numbers) -> Decimal:
    growth = _ONE
    for value in values:
        growth *= 1 + value
    return growth - 1


def _stretched(values: Numbers) -> Decimal:
    growth, wanted, had = values
    return (1 + growth) ** (wanted / had) - 1 if growth > -1 else -_ONE


def _between(values: Numbers) -> Decimal:
    low, high, part = values
    return low + part * (high - low)


def _rounded_up(values: Numbers) -> Decimal:
    number, multiple = values
    return (number / multiple).to_integral_value(ROUND_CEILING) * multiple


def _power(values: Numbers) -> Decimal:
    growth, times = values
    return (1 + growth) ** times


def _discounted(values: Numbers) -> Decimal:
    amount, years, rate = values
    return amount / (1 + rate) ** years


def _solution(values: Numbers) -> Decimal | None:
    rate, flows = values[0], values[1:]
    left = abs(sum(flows, _ZERO))
    return rate if left <= _NOTHING * sum(map(abs, flows), _ZERO) else None


_OF_NUMBERS: Mapping[Formula, Callable[[Numbers], Decimal | None]] = {
    Formula.SUM: known_sum,
    Formula.PRODUCT: _product,
    Formula.DIFFERENCE: _difference,
    Formula.SHARE: lambda values: values[0] / values[1] if values[1] > 0 else None,
    Formula.QUOTIENT: lambda values: values[0] / values[1] if values[1] else None,
    Formula.ROOT: lambda values: values[0].sqrt(),
    Formula.ROUNDED_UP: _rounded_up,
    Formula.SIZE: lambda values: abs(values[0]),
    Formula.GROWTH: lambda values: values[0] / values[1] - 1 if values[1] else _ZERO,
    Formula.COMPOUND: _compound,
    Formula.LOGARITHM: lambda values: values[0].ln() if values[0] > 0 else None,
    Formula.EXPONENTIAL: lambda values: values[0].exp(),
    Formula.LOG_GROWTH: lambda values: (1 + values[0]).ln() if values[0] > -1 else None,
    Formula.POWER: _power,
    Formula.BETWEEN: _between,
    Formula.LAST: lambda values: values[-1],
    Formula.STRETCHED: _stretched,
    Formula.DISCOUNTED: _discounted,
    Formula.SOLUTION: _solution,
}


def _mean(sample: Numbers) -> Decimal:
    return sum(sample, _ZERO) / len(sample)


def _median(sample: Numbers) -> Decimal:
    ordered, middle = sorted(sample), len(sample) // 2
    return ordered[middle] if len(sample) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _median_deviation(sample: Numbers) -> Decimal:
    middle = _median(sample)
    return _median([abs(value - middle) for value in sample])


def _covariance(first: Numbers, second: Numbers) -> Decimal:
    middle, other = _mean(first), _mean(second)
    products = ((a - middle) * (b - other) for a, b in zip(first, second, strict=True))
    return sum(products, _ZERO) / (len(first) - 1)


def _deviation(sample: Numbers) -> Decimal:
    return _covariance(sample, sample).sqrt()


def _shortfall(sample: Numbers) -> Decimal:
    return _mean([min(value, _ZERO) ** 2 for value in sample]).sqrt()


def _quantile(part: Decimal, sample: Numbers) -> Decimal:
    ordered = sorted(sample)
    place = part * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _course(values: Numbers, sample: Numbers) -> Decimal:
    level, payment, *random = values
    drift, spread = random or (_ZERO, _ONE)
    for each in sample:
        level = max(level * (drift + spread * each).exp() + payment, _ZERO)
    return level


_OF_LISTS: Mapping[Formula, Callable[[Numbers, Sequence[Numbers]], Decimal | None]] = {
    Formula.MEAN: lambda _, lists: _mean(lists[0]),
    Formula.MEDIAN: lambda _, lists: _median(lists[0]),
    Formula.MEDIAN_DEVIATION: lambda _, lists: _median_deviation(lists[0]),
    Formula.DEVIATION: lambda _, lists: _deviation(lists[0]),
    Formula.LOG_DEVIATION: lambda _, lists: _deviation([(1 + each).ln() for each in lists[0]]),
    Formula.COVARIANCE: lambda _, lists: _covariance(lists[0], lists[1]),
    Formula.SHORTFALL: lambda _, lists: _shortfall(lists[0]),
    Formula.QUANTILE: lambda values, lists: _quantile(values[0], lists[0]),
    Formula.COURSE: lambda values, lists: _course(values, lists[0]),
    Formula.RANDOM_COURSE: lambda values, lists: _course(values, lists[0]),
    Formula.LEAST: lambda values, lists: min(chain(values, *lists), default=None),
    Formula.GREATEST: lambda values, lists: max(chain(values, *lists), default=None),
    Formula.COUNT: lambda _, lists: Decimal(len(lists[0])),
}
