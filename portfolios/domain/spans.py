"""What is held over days in a row, and what that was worth: in columns, with an entry for each day.

A ledger changes a few positions a day, and years of days are valued at once. Going through columns
position by position is many times as fast as going through positions day by day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import repeat
from operator import add, is_, mul, or_
from typing import NamedTuple, TypeGuard

from common.money import WHOLE_DIGITS
from marketdata.domain.fx import RateHistory, pair_name
from portfolios.domain.positions import RunningPosition
from portfolios.domain.prices import DayPrices
from portfolios.domain.state import TOO_LARGE
from portfolios.domain.unknowns import PartialSum

_ZERO = Decimal(0)
#: Worths of more digits than these, which nobody has, are looked at one by one.
_SUMMED = Decimal(10) ** (WHOLE_DIGITS - 6)

#: An amount at the end of each day of a span; None where it isn't known.
Column = Sequence[Decimal | None]


class _Noted:
    """An amount that is noted when it changes."""

    __slots__ = ("_amount", "_entries")

    def __init__(self) -> None:
        self._entries: list[Decimal] = []
        self._amount = _ZERO

    def change(self, place: int, amount: Decimal) -> None:
        """Let it be another one from the end of a day on; days must not go back."""
        self._entries += [self._amount] * (place - len(self._entries))
        self._amount = amount

    def column(self, count: int) -> list[Decimal]:
        """Return the amount at the end of each of so many days."""
        return self._entries + [self._amount] * (count - len(self._entries))


class Span:
    """Days in a row, from `start` up to, but without, `end`, and what is held at their ends."""

    def __init__(self, start: date, end: date) -> None:
        self.start = start
        self.count = max((end - start).days, 0)
        self._positions: dict[str, RunningPosition] = {}
        self._quantities: dict[str, _Noted] = {}
        self._balances: dict[str, _Noted] = {}

    def days(self) -> Iterable[date]:
        """Give the days in order."""
        return (self.start + timedelta(days=place) for place in range(self.count))

    def hold(self, day: date, positions: Iterable[RunningPosition]) -> None:
        """Note how many units positions have from the end of a day on."""
        place = (day - self.start).days
        for position in positions:
            key = position.instrument_id
            self._positions[key] = position
            self._quantities.setdefault(key, _Noted()).change(place, position.quantity)

    def keep(self, day: date, balances: Mapping[str, Decimal]) -> None:
        """Note what all balances are from the end of a day on."""
        place = (day - self.start).days
        for currency, balance in balances.items():
            self._balances.setdefault(currency, _Noted()).change(place, balance)

    def quantities(self) -> Iterable[tuple[RunningPosition, Sequence[Decimal]]]:
        """Give each position that is held on one of the days, with its units at the end of each."""
        for key, noted in self._quantities.items():
            units = noted.column(self.count)
            if any(units):
                yield self._positions[key], units

    def balances(self) -> Iterable[tuple[str, Sequence[Decimal]]]:
        """Give each currency that there is cash in, with the balance at the end of each day."""
        for currency, noted in self._balances.items():
            yield currency, noted.column(self.count)


@dataclass(frozen=True, slots=True)
class _Part:
    """Part of a sum: on which days there is something of it, and what that is worth."""

    currency: str
    is_there: list[bool]
    worth: Column


class Line(NamedTuple):
    """One position over a span: its units, and what they are worth in its own currency and ours."""

    instrument_id: str
    units: Sequence[Decimal]
    worth: Column
    worth_base: Column


class Sums:
    """Sums over what is known, one for each day."""

    __slots__ = ("_has_known", "_has_unknown", "_totals")

    def __init__(self, count: int) -> None:
        self._totals = [_ZERO] * count
        self._has_known = [False] * count
        self._has_unknown: set[int] = set()

    def add(self, is_there: Sequence[bool], worth: Column) -> None:
        """Add a column, or note where what is there is unknown."""
        self._totals = list(map(add, self._totals, (each or _ZERO for each in worth)))
        known = [there and each is not None for there, each in zip(is_there, worth, strict=True)]
        self._has_known = list(map(or_, self._has_known, known))
        self._has_unknown |= {
            place
            for place, (there, seen) in enumerate(zip(is_there, known, strict=True))
            if there and not seen
        }

    def on(self, place: int) -> PartialSum:
        """Return the sum of one day."""
        found = PartialSum()
        found.total = self._totals[place]
        found.has_known = self._has_known[place]
        found.has_unknown = place in self._has_unknown
        return found


class SpanValuation:
    """Values what a span holds; arithmetic happens in the caller's context."""

    def __init__(
        self,
        span: Span,
        *,
        prices: DayPrices,
        rates: RateHistory,
        max_rate_age_days: int,
        base: str,
    ) -> None:
        self._span = span
        self._prices = prices
        self._rates = rates
        self._max_rate_age_days = max_rate_age_days
        self._base = base
        self._rates_of: dict[str, Column] = {}
        #: Instruments without a price and pairs without a rate, by the place of the day.
        self.missing: dict[int, set[str]] = {}

    def sum_holdings(self) -> Sums:
        """Add up all positions, those of one currency before they are converted.

        One conversion a currency instead of one a position is half the time.
        """
        sums = Sums(self._span.count)
        merged: dict[str, _Part] = {}
        for position, units in self._span.quantities():
            worth = self._worth(position, units)
            is_there = list(map(bool, units))
            part = _Part(position.currency, is_there, worth)
            if is_known(worth) and max(map(abs, worth), default=_ZERO) < _SUMMED:
                merged[position.currency] = _merged(merged.get(position.currency), part)
            else:
                sums.add(is_there, self._kept(position.instrument_id, self._in_base(part)))
        for part in merged.values():
            sums.add(part.is_there, self._in_base(part))
        return sums

    def sum_cash(self) -> Sums:
        """Add up all balances."""
        sums = Sums(self._span.count)
        for currency, balances in self._span.balances():
            is_there = list(map(bool, balances))
            worth = self._in_base(_Part(currency, is_there, balances))
            sums.add(is_there, self._kept(currency, worth))
        return sums

    def lines(self) -> Iterator[Line]:
        """Value each position by itself."""
        for position, units in self._span.quantities():
            worth = self._worth(position, units)
            part = _Part(position.currency, list(map(bool, units)), worth)
            worth_base = self._kept(position.instrument_id, self._in_base(part))
            yield Line(position.instrument_id, units, worth, worth_base)

    def sum_of(self, lines: Iterable[Line]) -> Sums:
        """Add up positions that are valued."""
        sums = Sums(self._span.count)
        for line in lines:
            sums.add(list(map(bool, line.units)), line.worth_base)
        return sums

    def _worth(self, position: RunningPosition, units: Sequence[Decimal]) -> Column:
        """Return what so many units were worth each day, in the instrument's currency."""
        key = position.instrument_id
        prices = self._prices.column(key, self._span.start, self._span.count)
        if not is_known(prices):
            for place, (price, held) in enumerate(zip(prices, units, strict=True)):
                if price is None and held:
                    self._miss(place, key)
            worth: list[Decimal | None] = [
                _ZERO if not held else None if price is None else held * price
                for price, held in zip(prices, units, strict=True)
            ]
        else:
            worth = list(map(mul, units, prices))
        if position.multiplier == 1:
            return worth
        return [None if each is None else each * position.multiplier for each in worth]

    def _in_base(self, part: _Part) -> Column:
        if part.currency == self._base:
            return part.worth
        rates = self._rates_from(part.currency)
        if is_known(rates) and is_known(part.worth):
            return list(map(mul, part.worth, rates))
        pair = pair_name(part.currency, self._base)
        converted: list[Decimal | None] = []
        for place, (worth, rate) in enumerate(zip(part.worth, rates, strict=True)):
            if rate is None and worth is not None and part.is_there[place]:
                self._miss(place, pair)
            converted.append(None if worth is None or rate is None else worth * rate)
        return converted

    def _rates_from(self, currency: str) -> Column:
        found = self._rates_of.get(currency)
        if found is None:
            found = self._rates_of[currency] = self._rates.column(
                currency, self._base, self._span.start, self._span.count, self._max_rate_age_days
            )
        return found

    def _kept(self, name: str, worth: Column) -> Column:
        """Drop what is too large to be kept, as if its price were unknown."""
        kept: list[Decimal | None] = []
        for place, each in enumerate(worth):
            is_too_large = each is not None and abs(each) >= TOO_LARGE
            if is_too_large:
                self._miss(place, name)
            kept.append(None if is_too_large else each)
        return kept

    def _miss(self, place: int, name: str) -> None:
        self.missing.setdefault(place, set()).add(name)


def is_known(column: Column) -> TypeGuard[Sequence[Decimal]]:
    """Say whether all is known; `None in column` would ask each decimal what a None is."""
    return not any(map(is_, column, repeat(None)))


def _merged(one: _Part | None, other: _Part) -> _Part:
    if one is None:
        return other
    return _Part(
        one.currency,
        list(map(or_, one.is_there, other.is_there)),
        list(map(add, one.worth, other.worth)),
    )
