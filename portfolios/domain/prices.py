"""What one unit was worth at the end of a day, whatever splits lie between day and close."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from portfolios.domain.kinds import Kind
from portfolios.domain.policy import PriceBasis
from portfolios.domain.transactions import Event

#: A close is taken for this long, which bridges any run of holidays.
MAX_CLOSE_AGE_DAYS = 10
_ONE = Decimal(1)

#: Closes in the instrument's currency, oldest first, by instrument.
Closes = Mapping[str, Sequence[tuple[date, Decimal]]]
#: Day and ratio of each split, oldest first, by instrument.
Splits = Mapping[str, Sequence[tuple[date, Decimal]]]


def splits_of(events: Iterable[Event]) -> Splits:
    """Find the splits in a ledger; what several accounts report of one counts once."""
    found: dict[str, set[tuple[date, Decimal]]] = {}
    for event in events:
        if event.kind is Kind.SPLIT and event.ratio and event.ratio.is_finite():
            splits = found.setdefault(event.instrument_id or "", set())
            splits.add((event.trade_date, event.ratio))
    return {key: sorted(splits) for key, splits in found.items()}


class DayPrices:
    """The last close of each instrument, in units of the day, as the days go by."""

    __slots__ = ("_basis", "_days", "_known", "_lasting", "_next", "_splits")

    def __init__(
        self,
        closes: Closes,
        splits: Splits,
        basis: PriceBasis,
        lasting: Collection[str] = (),
    ) -> None:
        """Take closes, splits, and the instruments whose last close is taken however old it is."""
        by_day: dict[date, list[tuple[str, Decimal]]] = {}
        for instrument_id, series in closes.items():
            for day, close in series:
                by_day.setdefault(day, []).append((instrument_id, close))
        #: What is closed on which day, oldest first, and which of these days comes next.
        self._days = sorted(by_day.items())
        self._next = 0
        self._known: dict[str, tuple[date, Decimal]] = {}
        self._lasting = lasting
        self._splits = splits
        self._basis = basis

    def on(self, instrument_id: str, day: date) -> Decimal | None:
        """Return what a unit of a day was worth, in the caller's context; days must not go back.

        A close as traded is of the units of its own day, one that is adjusted of today's: splits in
        between turn the one into the other.
        """
        if self._next < len(self._days) and self._days[self._next][0] <= day:
            self._advance(day)
        known = self._known.get(instrument_id)
        if known is None:
            return None
        closed_on, close = known
        # Nearly always it is today's; the rest is looked at only where it isn't.
        if closed_on != day and self._is_too_old(instrument_id, (day - closed_on).days):
            return None
        splits = self._splits.get(instrument_id)
        return close if splits is None else self._in_units_of(day, closed_on, close, splits)

    def _advance(self, day: date) -> None:
        while self._next < len(self._days) and self._days[self._next][0] <= day:
            closed_on, closes = self._days[self._next]
            for instrument_id, close in closes:
                self._known[instrument_id] = (closed_on, close)
            self._next += 1

    def _is_too_old(self, instrument_id: str, age_days: int) -> bool:
        return age_days > MAX_CLOSE_AGE_DAYS and instrument_id not in self._lasting

    def _in_units_of(
        self, day: date, closed_on: date, close: Decimal, splits: Sequence[tuple[date, Decimal]]
    ) -> Decimal:
        if self._basis is PriceBasis.SPLIT_ADJUSTED:
            return close * _product(ratio for split_on, ratio in splits if split_on > day)
        return close / _product(ratio for split_on, ratio in splits if closed_on < split_on <= day)


def _product(ratios: Iterable[Decimal]) -> Decimal:
    product = _ONE
    for ratio in ratios:
        product *= ratio
    return product
