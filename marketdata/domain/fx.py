"""Exchange rates: today's, and those of any day, by the shortest way between two currencies."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from common.currencies import MINOR_UNITS
from common.errors import Unavailable
from common.money import exact
from marketdata.domain.last_known import LastKnown

#: A close of a week ago is still taken, which bridges any run of holidays.
MAX_AGE_DAYS = 7
_ONE = Decimal(1)
#: The way round is taken through these first, since their pairs are the most traded.
_PREFERRED_PIVOTS = ("EUR", "USD")


class RateUnavailable(Unavailable):
    """There is no exchange rate between two currencies."""

    code = "rate-unavailable"

    def __init__(self, source: str, target: str) -> None:
        super().__init__(f"There is no exchange rate from {source} to {target}.")
        self.pair = pair_name(source, target)


def pair_name(source: str, target: str) -> str:
    """Return how a pair of currencies is written: EUR/USD."""
    return f"{source}/{target}"


class Rates:
    """The exchange rates of one moment."""

    __slots__ = ("_found", "_known")

    def __init__(self, pairs: Mapping[tuple[str, str], Decimal]) -> None:
        """Take the rates there are: ("EUR", "USD") is how many USD one EUR buys.

        A rate that isn't above zero is no rate, and is left out.
        """
        self._known = {pair: rate for pair, rate in pairs.items() if is_rate(rate)}
        self._found: dict[tuple[str, str], Decimal | None] = {}

    def rate(self, source: str, target: str) -> Decimal:
        """Return how much of the target currency one unit of the source buys.

        Raises:
            RateUnavailable: neither the pair, nor its inverse, nor two pairs through one other
                currency are known.
        """
        rate = self.find_rate(source, target)
        if rate is None:
            raise RateUnavailable(source, target)
        return rate

    def find_rate(self, source: str, target: str) -> Decimal | None:
        """Return the same as `rate`, or None where there is none."""
        if source == target:
            return _ONE
        pair = (source, target)
        if pair not in self._found:
            with exact():
                self._found[pair] = self._search(source, target)
        return self._found[pair]

    def _search(self, source: str, target: str) -> Decimal | None:
        source, source_scale = MINOR_UNITS.get(source, (source, _ONE))
        target, target_scale = MINOR_UNITS.get(target, (target, _ONE))
        rate = self._between_majors(source, target)
        return None if rate is None else rate * source_scale / target_scale

    def _between_majors(self, source: str, target: str) -> Decimal | None:
        rate = self._one_step(source, target)
        if rate is not None:
            return rate
        for pivot in self._pivots():
            first, second = self._one_step(source, pivot), self._one_step(pivot, target)
            if first is not None and second is not None:
                return first * second
        return None

    def _pivots(self) -> list[str]:
        """Return the currencies that the way round may be taken through."""
        currencies = {currency for pair in self._known for currency in pair}
        preferred = [each for each in _PREFERRED_PIVOTS if each in currencies]
        return [*preferred, *sorted(currencies.difference(_PREFERRED_PIVOTS))]

    def _one_step(self, source: str, target: str) -> Decimal | None:
        if source == target:
            return _ONE
        rate = self._known.get((source, target))
        if rate is not None:
            return rate
        inverse = self._known.get((target, source))
        return None if inverse is None else _ONE / inverse


def is_rate(number: Decimal) -> bool:
    """Say whether a number can be an exchange rate."""
    return number.is_finite() and number > 0


def _inverse(rate: Decimal) -> Decimal:
    with exact():
        return _ONE / rate


class RateHistory:
    """The exchange rates of many days."""

    __slots__ = ("_by_day", "_dates", "_rates", "_series")

    def __init__(
        self, pairs: Mapping[tuple[str, str], Sequence[tuple[date, Decimal]]] | None = None
    ) -> None:
        """Take the closes of each pair, in any order; of two for one day the last given counts."""
        series = {pair: dict(points) for pair, points in (pairs or {}).items()}
        self._dates = {pair: sorted(points) for pair, points in series.items()}
        self._rates = series
        self._by_day: dict[tuple[date, int], Rates] = {}
        self._series: dict[tuple[str, str], LastKnown[Decimal | None]] = {}

    def on(self, day: date, max_age_days: int = MAX_AGE_DAYS) -> Rates:
        """Return the rates that were known at the end of a day.

        Each is the last one up to that day, unless it is older than `max_age_days`; a later one
        would be a look into the future and is never taken.
        """
        key = (day, max_age_days)
        rates = self._by_day.get(key)
        if rates is None:
            rates = self._by_day[key] = Rates(self._known_on(day, max_age_days))
        return rates

    def column(
        self, source: str, target: str, start: date, count: int, max_age_days: int = MAX_AGE_DAYS
    ) -> list[Decimal | None]:
        """Return the rate that `on` finds for each of some days in a row, None where there is none.

        Many times as fast as asking each day, wherever the two currencies make a pair.
        """
        column = self._series_of(source, target).column(start, count, max_age_days)
        for place, rate in enumerate(column):
            if rate is None:
                day = start + timedelta(days=place)
                column[place] = self.on(day, max_age_days).find_rate(source, target)
        return column

    def _series_of(self, source: str, target: str) -> LastKnown[Decimal | None]:
        """Return the rates of the pair or, if there is none, of its inverse."""
        pair = (source, target)
        if pair not in self._series:
            self._series[pair] = LastKnown(self._points(source, target))
        return self._series[pair]

    def _points(self, source: str, target: str) -> list[tuple[date, Decimal | None]]:
        if source == target or not MINOR_UNITS.keys().isdisjoint((source, target)):
            return []
        pair, inverse = (source, target), (target, source)
        if pair in self._rates:
            return [(day, self._usable(pair, day)) for day in self._dates[pair]]
        usable = ((day, self._usable(inverse, day)) for day in self._dates.get(inverse, ()))
        return [(day, None if rate is None else _inverse(rate)) for day, rate in usable]

    def _usable(self, pair: tuple[str, str], day: date) -> Decimal | None:
        rate = self._rates[pair][day]
        return rate if is_rate(rate) else None

    def _known_on(self, day: date, max_age_days: int) -> dict[tuple[str, str], Decimal]:
        oldest = day - timedelta(days=max_age_days)
        known = {}
        for pair, dates in self._dates.items():
            place = bisect_right(dates, day)
            if place and dates[place - 1] >= oldest:
                known[pair] = self._rates[pair][dates[place - 1]]
        return known
