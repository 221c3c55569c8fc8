"""What was gained by sales in each calendar year, by how long the units had been held."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from common.currencies import in_major
from common.money import exact
from portfolios.domain.books import Disposal
from portfolios.domain.status import Status
from portfolios.domain.unknowns import PartialSum, times

_ONE = Decimal(1)
#: What was held for more days than these was held for long.
LONG_TERM_DAYS = 365
LONG_TERM_RULE = f"Long-term is what was held for more than {LONG_TERM_DAYS} days."


def is_long_term(held_days: int) -> bool:
    """Say whether units were held for long by the rule that `LONG_TERM_RULE` names."""
    return held_days > LONG_TERM_DAYS


@dataclass(frozen=True, slots=True)
class CurrencyGain:
    """The sales of a year in instruments of one currency, in it."""

    currency: str
    proceeds: Decimal | None
    cost: Decimal | None
    gain: Decimal | None


@dataclass(frozen=True, slots=True)
class TaxYear:
    """The sales of one calendar year, in the portfolio's currency; sums run over what is known.

    Attributes:
        short_term: gains of lots held no longer than a year; `long_term` of the others.
        other: gains that a payment alone realized, without any units going.
        status: partial where the proceeds or the cost of some sale aren't known.
    """

    year: int
    disposals: int
    proceeds: Decimal | None
    cost: Decimal | None
    gain: Decimal | None
    short_term: Decimal | None
    long_term: Decimal | None
    other: Decimal | None
    by_currency: tuple[CurrencyGain, ...]
    status: Status


class SoldLot(NamedTuple):
    """How long the units of a lot were held, and what they gained."""

    held_days: int
    gain_base: Decimal | None


@dataclass(frozen=True, slots=True)
class Sale:
    """What is added up of a disposal, as it is stored: the same whichever way it was computed."""

    date: date
    currency: str
    proceeds: Decimal | None
    cost: Decimal | None
    gain: Decimal | None
    proceeds_base: Decimal | None
    cost_base: Decimal | None
    gain_base: Decimal | None
    lots: tuple[SoldLot, ...]


def tax_years(disposals: Iterable[Disposal | Sale]) -> tuple[TaxYear, ...]:
    """Add up disposals by the calendar year of their business date, the newest year first."""
    years: dict[int, _Year] = defaultdict(_Year)
    with exact():
        for each in disposals:
            years[each.date.year].add(each)
        return tuple(years[year].total(year) for year in sorted(years, reverse=True))


class _Sums:
    """Proceeds, cost and gain in the making."""

    __slots__ = ("cost", "gain", "proceeds")

    def __init__(self) -> None:
        self.proceeds = PartialSum()
        self.cost = PartialSum()
        self.gain = PartialSum()


class _Year:
    """One year in the making; arithmetic happens in the caller's context."""

    def __init__(self) -> None:
        self._count = 0
        self._base = _Sums()
        self._local: dict[str, _Sums] = defaultdict(_Sums)
        self._short = PartialSum()
        self._long = PartialSum()
        self._other = PartialSum()

    def add(self, disposal: Disposal | Sale) -> None:
        self._count += 1
        self._base.proceeds.add(disposal.proceeds_base)
        self._base.cost.add(disposal.cost_base)
        self._base.gain.add(disposal.gain_base)
        currency, unit = in_major(disposal.currency, _ONE)
        sums = self._local[currency]
        sums.proceeds.add(times(disposal.proceeds, unit))
        sums.cost.add(times(disposal.cost, unit))
        sums.gain.add(times(disposal.gain, unit))
        for lot in disposal.lots:
            (self._long if is_long_term(lot.held_days) else self._short).add(lot.gain_base)
        if not disposal.lots:
            self._other.add(disposal.gain_base)

    def total(self, year: int) -> TaxYear:
        return TaxYear(
            year=year,
            disposals=self._count,
            proceeds=self._base.proceeds.known(),
            cost=self._base.cost.known(),
            gain=self._base.gain.known(),
            short_term=self._short.known(),
            long_term=self._long.known(),
            other=self._other.known(),
            by_currency=tuple(
                CurrencyGain(name, each.proceeds.known(), each.cost.known(), each.gain.known())
                for name, each in sorted(self._local.items())
            ),
            status=self._base.gain.status(),
        )
