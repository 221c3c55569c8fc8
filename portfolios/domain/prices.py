"""What one unit was worth at the end of a day, whatever splits lie between day and close."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from marketdata.domain.last_known import LastKnown
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
    """The last close of each instrument up to a day, in units of that day."""

    __slots__ = ("_basis", "_lasting", "_series", "_splits")

    def __init__(
        self,
        closes: Closes,
        splits: Splits,
        basis: PriceBasis,
        lasting: Collection[str] = (),
    ) -> None:
        """Take closes, splits, and the instruments whose last close is taken however old it is."""
        self._series = {key: LastKnown(points) for key, points in closes.items() if points}
        self._lasting = lasting
        self._splits = splits
        self._basis = basis

    def on(self, instrument_id: str, day: date) -> Decimal | None:
        """Return what a unit of a day was worth, in the caller's context.

        A close as traded is of the units of its own day, one that is adjusted of today's: splits in
        between turn the one into the other.
        """
        return self.column(instrument_id, day, 1)[0]

    def column(self, instrument_id: str, start: date, count: int) -> list[Decimal | None]:
        """Return what `on` does for so many days in a row, in the caller's context."""
        series = self._series.get(instrument_id)
        if series is None:
            return [None] * count
        longest = None if instrument_id in self._lasting else MAX_CLOSE_AGE_DAYS
        splits = self._splits.get(instrument_id)
        if splits is None:
            return series.column(start, count, longest)
        days = (start + timedelta(days=place) for place in range(count))
        return [self._in_units_of(day, series.on(day, longest), splits) for day in days]

    def _in_units_of(
        self,
        day: date,
        known: tuple[date, Decimal] | None,
        splits: Sequence[tuple[date, Decimal]],
    ) -> Decimal | None:
        if known is None:
            return None
        closed_on, close = known
        if self._basis is PriceBasis.SPLIT_ADJUSTED:
            return close * _product(ratio for split_on, ratio in splits if split_on > day)
        return close / _product(ratio for split_on, ratio in splits if closed_on < split_on <= day)


def _product(ratios: Iterable[Decimal]) -> Decimal:
    product = _ONE
    for ratio in ratios:
        product *= ratio
    return product
