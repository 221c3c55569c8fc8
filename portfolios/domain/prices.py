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

    __slots__ = ("_basis", "_closes", "_lasting", "_places", "_splits")

    def __init__(
        self,
        closes: Closes,
        splits: Splits,
        basis: PriceBasis,
        lasting: Collection[str] = (),
    ) -> None:
        """Take closes, splits, and the instruments whose last close is taken however old it is."""
        self._closes = closes
        self._lasting = lasting
        self._splits = splits
        self._basis = basis
        self._places: dict[str, int] = {}

    def on(self, instrument_id: str, day: date) -> Decimal | None:
        """Return what a unit of a day was worth, in the caller's context; days must not go back.

        A close as traded is of the units of its own day, one that is adjusted of today's: splits in
        between turn the one into the other.
        """
        series = self._closes.get(instrument_id)
        if not series:
            return None
        place = self._places.get(instrument_id, -1)
        while place + 1 < len(series) and series[place + 1][0] <= day:
            place += 1
        self._places[instrument_id] = place
        if place < 0:
            return None
        closed_on, close = series[place]
        is_too_old = (day - closed_on).days > MAX_CLOSE_AGE_DAYS
        if is_too_old and instrument_id not in self._lasting:
            return None
        splits = self._splits.get(instrument_id)
        if not splits:
            return close
        if self._basis is PriceBasis.SPLIT_ADJUSTED:
            return close * _product(ratio for split_on, ratio in splits if split_on > day)
        return close / _product(ratio for split_on, ratio in splits if closed_on < split_on <= day)


def _product(ratios: Iterable[Decimal]) -> Decimal:
    product = _ONE
    for ratio in ratios:
        product *= ratio
    return product
