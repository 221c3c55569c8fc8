"""What the rules measure of a portfolio, and the words that go with each number."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from marketdata.domain.classification import NONE
from portfolios.domain.allocation import CASH, UNKNOWN, Allocation, By, Slice
from portfolios.domain.status import Status

_ZERO = Decimal(0)
#: Cash is no cluster, nor is what has no sector or country, such as gold.
NO_CLUSTERS = frozenset({UNKNOWN, CASH, NONE})
_NO_CASH = "The portfolio doesn't keep track of cash, or its exchange rate isn't known."


@dataclass(frozen=True, slots=True)
class Line:
    """One holding as the rules see it.

    Attributes:
        is_spread: a fund, which holds many things itself.
    """

    name: str
    value: Decimal | None
    cost: Decimal | None
    is_spread: bool


@dataclass(frozen=True, slots=True)
class Subject:
    """Everything the rules look at; all amounts in the portfolio's currency, None is unknown.

    Attributes:
        total: holdings and cash, net, over what is known.
        cash: None where it isn't tracked or no rate is known.
        monthly_spending: what its owner spends, if they said so.
        allocations: how it is spread; a dimension that isn't there makes its rule unavailable.
        label: names the key of a slice for people.
    """

    currency: str
    total: Decimal | None
    status: Status
    lines: Sequence[Line]
    cash: Decimal | None
    fees: Decimal | None
    monthly_spending: Decimal | None
    allocations: Mapping[By, Allocation]
    label: Callable[[By, str], str] = lambda _by, key: key


@dataclass(frozen=True, slots=True)
class Measured:
    """What a rule found.

    Attributes:
        value: None is unknown, and the words say why.
        most: the value could be up to this, since a part of the portfolio isn't classified.
    """

    value: Decimal | None
    words: str
    most: Decimal | None = None
    status: Status = Status.COMPLETE


def largest_position(subject: Subject) -> Measured:
    """Measure the largest holding that isn't a fund."""
    total = _total(subject)
    if isinstance(total, Measured):
        return total
    single = [each for each in subject.lines if not each.is_spread]
    priced = [each for each in single if each.value is not None]
    if not priced:
        if single:
            return Measured(None, "None of the single positions has a price.")
        return Measured(_ZERO, "Nothing but funds is held.", status=subject.status)
    largest = max(priced, key=lambda each: (abs(each.value or _ZERO), each.name))
    share = abs(largest.value or _ZERO) / total
    words = f"{largest.name} makes up {percent(share)} of the portfolio; funds don't count."
    return Measured(share, words, status=subject.status)


def cluster(by: By) -> Callable[[Subject], Measured]:
    """Make the measure of the largest slice by one dimension."""
    what = by.value.replace("_", " ")

    def measure(subject: Subject) -> Measured:
        allocation = subject.allocations.get(by)
        if allocation is None:
            return Measured(None, f"It isn't known which {what} the holdings belong to.")
        total = _total(subject)
        if isinstance(total, Measured):
            return total
        known = [each for each in allocation.slices if each.key not in NO_CLUSTERS]
        unknown = _weight(_slice(allocation, UNKNOWN))
        if not known:
            if unknown:
                return Measured(None, f"Of none of the holdings the {what} is known.")
            return Measured(_ZERO, "Nothing but cash is held.", status=allocation.status)
        largest = max(known, key=lambda each: (_weight(each), each.key))
        share = _weight(largest)
        name = subject.label(by, largest.key)
        words = f"{name} is the largest {what} with {percent(share)} of the portfolio."
        if unknown:
            words += f" Of {percent(unknown)} the {what} isn't known."
        return Measured(share, words, share + unknown, allocation.status)

    return measure


def foreign_currencies(subject: Subject) -> Measured:
    """Measure all that is in other currencies than the portfolio's own."""
    found = _by_currency(subject)
    if isinstance(found, Measured):
        return found
    foreign = [each for each in found.slices if each.key not in {subject.currency, UNKNOWN}]
    unknown = _weight(_slice(found, UNKNOWN))
    share = sum((_weight(each) for each in foreign), _ZERO)
    words = f"{percent(share)} of the portfolio moves with other currencies than "
    words += f"{subject.currency}."
    return Measured(share, words, share + unknown, found.status)


def largest_foreign(subject: Subject) -> Measured:
    """Measure the largest of the other currencies."""
    found = _by_currency(subject)
    if isinstance(found, Measured):
        return found
    foreign = [each for each in found.slices if each.key not in {subject.currency, UNKNOWN}]
    unknown = _weight(_slice(found, UNKNOWN))
    if not foreign:
        words = f"Nothing is known to be in another currency than {subject.currency}."
        return Measured(_ZERO, words, unknown, found.status)
    largest = max(foreign, key=lambda each: (_weight(each), each.key))
    share = _weight(largest)
    words = f"{largest.key} is the largest foreign currency with {percent(share)}."
    return Measured(share, words, share + unknown, found.status)


def _by_currency(subject: Subject) -> Allocation | Measured:
    allocation = subject.allocations.get(By.CURRENCY)
    if allocation is None:
        return Measured(None, "The currencies of the holdings aren't known.")
    total = _total(subject)
    return total if isinstance(total, Measured) else allocation


def fee_ratio(subject: Subject) -> Measured:
    """Measure all fees ever charged by what the holdings cost."""
    if subject.fees is None:
        return Measured(None, "Some fees have no known exchange rate.")
    costs = [each.cost for each in subject.lines]
    if any(cost is None for cost in costs):
        return Measured(None, "What some holdings cost isn't known.")
    invested = sum((cost for cost in costs if cost is not None), _ZERO)
    if invested <= 0:
        return Measured(None, "Nothing is invested at the moment.")
    ratio = subject.fees / invested
    words = (
        f"Fees of {_amount(subject.fees, subject)} are {percent(ratio)} of the "
        f"{_amount(invested, subject)} that the holdings cost."
    )
    return Measured(ratio, words)


def emergency_months(subject: Subject) -> Measured:
    """Measure for how many months the cash would last."""
    if subject.cash is None:
        return Measured(None, _NO_CASH)
    if not subject.monthly_spending:
        return Measured(None, "Say what you spend in a month, and the cash is measured by it.")
    months = subject.cash / subject.monthly_spending
    words = (
        f"Cash of {_amount(subject.cash, subject)} lasts {plain(months)} months at "
        f"{_amount(subject.monthly_spending, subject)} a month."
    )
    return Measured(months, words)


def cash_share(subject: Subject) -> Measured:
    """Measure the share of cash."""
    if subject.cash is None:
        return Measured(None, _NO_CASH)
    total = _total(subject)
    if isinstance(total, Measured):
        return total
    share = subject.cash / total
    return Measured(share, f"{percent(share)} of the portfolio is cash.", status=subject.status)


def count(subject: Subject) -> Measured:
    """Count the positions."""
    number = Decimal(len(subject.lines))
    plural = "" if number == 1 else "s"
    return Measured(number, f"{number} position{plural} are held; a fund counts as one.")


def concentration(subject: Subject) -> Measured:
    """Measure the Herfindahl-Hirschman index of the positions."""
    sizes = [abs(each.value) for each in subject.lines if each.value is not None]
    whole = sum(sizes, _ZERO)
    if not whole:
        return Measured(None, "Nothing with a known price is held.")
    index = sum(((size / whole) ** 2 for size in sizes), _ZERO)
    words = (
        f"The squares of the positions' weights add up to {plain(index)}, as if "
        f"{plain(1 / index)} equal positions were held; a fund counts as one."
    )
    return Measured(index, words, status=subject.status)


def unpriced(subject: Subject) -> Measured:
    """Measure how many of the positions have no known value."""
    if not subject.lines:
        return Measured(_ZERO, "Nothing is held.")
    names = sorted(each.name for each in subject.lines if each.value is None)
    share = Decimal(len(names)) / len(subject.lines)
    words = f"{len(names)} of {len(subject.lines)} positions have no known value"
    return Measured(share, f"{words}: {', '.join(names)}." if names else f"{words}.")


def _total(subject: Subject) -> Decimal | Measured:
    if subject.total is None:
        return Measured(None, "What the portfolio is worth isn't known.")
    if subject.total <= 0:
        return Measured(None, "The portfolio is worth nothing, so there are no shares of it.")
    return subject.total


def _slice(allocation: Allocation, key: str) -> Slice | None:
    return next((each for each in allocation.slices if each.key == key), None)


def _weight(part: Slice | None) -> Decimal:
    """Return the size of a slice's weight; what is owed weighs as much as what is held."""
    return abs(part.weight) if part and part.weight is not None else _ZERO


def percent(share: Decimal) -> str:
    """Write a fraction as a percentage, for the words of a check."""
    # The sign stays on the line of its number.
    return f"{share * 100:.2f}\N{NO-BREAK SPACE}%"


def plain(number: Decimal) -> str:
    """Write a number with two decimals at most."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def _amount(amount: Decimal, subject: Subject) -> str:
    return f"{amount:.2f} {subject.currency}"
