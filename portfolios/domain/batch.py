"""Many portfolios valued at once: the same figures as `valuation.value`, from vectors of prices.

Floats are quick and not exact. So each sum comes with a bound on what rounding can have done to it;
where the bound reaches the half cent at which the figure would be rounded the other way, or the
figure is too large for it, that portfolio is valued anew in decimals. The figures are rounded to
what the currency can pay, half to even, and equal the rounded ones of `value` to the last digit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from common.currencies import minor_units
from common.errors import Conflict
from common.money import Money, rounded
from marketdata.domain.fx import Rates
from marketdata.domain.quotes import Quote
from portfolios.domain.estimates import Floats
from portfolios.domain.status import Status
from portfolios.domain.valuation import Holding, Valuation

Places = npt.NDArray[np.intp]
#: Half the distance from 1 to the next float: how far one operation may be off, relatively.
_UNIT = 2.0**-53
#: By number of decimals.
_SCALES = np.array([10.0**digits for digits in range(10)])
_Truths = npt.NDArray[np.bool_]
_Numbers = TypeVar("_Numbers", Floats, Places)


class OutdatedLayout(Conflict):
    """An instrument is quoted in another currency than when the layout was made."""

    code = "outdated-layout"


@dataclass(frozen=True, slots=True)
class Held:
    """What one portfolio holds; its cash is None where it isn't tracked."""

    base_currency: str
    holdings: Sequence[Holding]
    cash: Mapping[str, Decimal] | None


@dataclass(frozen=True, slots=True)
class Layout:
    """What many portfolios hold, as arrays; it lasts until a holding changes.

    A line is an instrument seen from a base currency; many portfolios hold the same line.

    Attributes:
        instruments: names of the places in the vectors of prices. The first, None, is cash: units
            of something that always costs 1.
        pairs: currencies of a price and of a portfolio, names of the places in those of rates.
        line_instruments: of each line, a place in `instruments`.
        line_pairs: of each line, a place in `pairs`.
        offsets: where each portfolio's positions begin, and one more for where the last end.
        lines: of each position, cash among them.
        quantities: of each position.
        digits: of each portfolio, decimals of what its currency can pay.
    """

    instruments: tuple[str | None, ...]
    pairs: tuple[tuple[str, str], ...]
    line_instruments: Places
    line_pairs: Places
    offsets: Places
    lines: Places
    quantities: Floats
    digits: npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Prices:
    """Vectors of prices and rates, in the order of a layout; NaN where one is unknown."""

    prices: Floats
    previous_closes: Floats
    rates: Floats
    previous_rates: Floats


@dataclass(frozen=True, slots=True)
class BatchValue:
    """One portfolio's worth and change of the day, rounded to what its currency can pay.

    Attributes:
        missing: how many positions and balances lack a price or a rate.
    """

    value: Decimal | None
    day_change: Decimal | None
    missing: int
    status: Status
    day_change_status: Status
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Revaluation:
    """The worth of many portfolios.

    Attributes:
        values: in the smallest unit the currency can pay, whole numbers; NaN if nothing of it is
            known. Exact for all that aren't in `exactly`.
        day_changes: likewise.
        counts: positions and balances of each portfolio.
        missing: those of them without a price or a rate.
        missing_before: those without a previous one either; the change leaves them out.
        exactly: valuations of those portfolios that floats couldn't decide, by place.
    """

    digits: npt.NDArray[np.int8]
    values: Floats
    day_changes: Floats
    counts: Places
    missing: Places
    missing_before: Places
    exactly: Mapping[int, Valuation]

    def at(self, place: int) -> BatchValue:
        """Return one portfolio's figures."""
        count, missing = int(self.counts[place]), int(self.missing[place])
        exact_one = self.exactly.get(place)
        if exact_one is None:
            worth = self._decimal(self.values, place)
            change = self._decimal(self.day_changes, place)
        else:
            worth = _payable(exact_one.total, exact_one.currency)
            change = _payable(exact_one.day_change, exact_one.currency)
        return BatchValue(
            value=worth,
            day_change=change,
            missing=missing,
            status=_status(missing, count),
            day_change_status=_status(int(self.missing_before[place]), count),
            reason=f"{missing} of {count} prices or rates are unknown." if missing else None,
        )

    def _decimal(self, figures: Floats, place: int) -> Decimal | None:
        figure = float(figures[place])
        digits = int(self.digits[place])
        return None if math.isnan(figure) else Decimal(int(figure)).scaleb(-digits)


def make_layout(portfolios: Iterable[Held], currencies: Mapping[str, str]) -> Layout:
    """Bring holdings into arrays.

    Args:
        currencies: that each instrument is quoted in. One that isn't there has no price now, and
            its holdings' own currency is taken.

    Raises:
        UnknownCurrency: a portfolio's currency has no smallest unit.
    """
    places: dict[str | None, int] = {None: 0}
    pairs: dict[tuple[str, str], int] = {}
    lines: dict[tuple[int, int], int] = {}
    offsets, held, quantities, digits = [0], [], [], []
    for portfolio in portfolios:
        base = portfolio.base_currency
        for instrument_id, currency, quantity in _positions(portfolio, currencies):
            place = places.setdefault(instrument_id, len(places))
            pair = pairs.setdefault((currency, base), len(pairs))
            held.append(lines.setdefault((place, pair), len(lines)))
            quantities.append(float(quantity))
        offsets.append(len(held))
        digits.append(minor_units(base))
    by_line = np.array(list(lines), dtype=np.intp).reshape(-1, 2)
    return Layout(
        instruments=tuple(places),
        pairs=tuple(pairs),
        line_instruments=by_line[:, 0],
        line_pairs=by_line[:, 1],
        offsets=np.array(offsets, dtype=np.intp),
        lines=np.array(held, dtype=np.intp),
        quantities=np.array(quantities, dtype=np.float64),
        digits=np.array(digits, dtype=np.int8),
    )


def make_prices(
    layout: Layout, quotes: Mapping[str, Quote], rates: Rates, previous_rates: Rates | None = None
) -> Prices:
    """Bring quotes and rates into the order of a layout.

    Raises:
        OutdatedLayout: a quote's currency isn't the one that the layout was made for.
    """
    count = len(layout.instruments)
    prices, closes = np.full(count, np.nan), np.full(count, np.nan)
    prices[0] = closes[0] = 1
    quoted = [quotes.get(name) if name is not None else None for name in layout.instruments]
    for place, quote in enumerate(quoted):
        if quote is not None:
            prices[place] = float(quote.price)
            if quote.previous_close is not None:
                closes[place] = float(quote.previous_close)
    for place, pair in zip(layout.line_instruments, layout.line_pairs, strict=True):
        quote = quoted[place]
        if quote is not None and quote.currency != layout.pairs[pair][0]:
            raise OutdatedLayout(f"{quote.instrument_id} is quoted in {quote.currency} now.")
    return Prices(
        prices,
        closes,
        _rates_of(layout.pairs, rates),
        _rates_of(layout.pairs, previous_rates or rates),
    )


def revalue(
    layout: Layout, prices: Prices, *, value_exactly: Callable[[int], Valuation]
) -> Revaluation:
    """Value every portfolio of a layout at given prices.

    Args:
        value_exactly: values one portfolio, by its place, with `valuation.value` at the same
            prices and rates; asked for the few that floats can't decide.
    """
    with np.errstate(all="ignore"):
        return _revalue(layout, prices, value_exactly)


def _revalue(
    layout: Layout, prices: Prices, value_exactly: Callable[[int], Valuation]
) -> Revaluation:
    worth, unknown = _of_lines(layout, prices.prices, prices.rates)
    before, unknown_before = _of_lines(layout, prices.previous_closes, prices.previous_rates)
    unknown_change = unknown | unknown_before
    worth, before = np.where(unknown, 0, worth), np.where(unknown_change, 0, before)
    change = np.where(unknown_change, 0, worth - before)
    quantities = layout.quantities
    # One bound for both figures: what they'd be if nothing offset anything else.
    size = _sums(layout, np.abs(quantities), np.abs(worth) + np.abs(before))
    scale = _SCALES[layout.digits]
    counts = np.diff(layout.offsets)
    # Three numbers are rounded to floats, and two products, in each term; then every addition and
    # the scaling: twice as much is allowed for.
    slack = size * scale * (2 * counts + 16) * _UNIT
    values, sure = _rounded(_sums(layout, quantities, worth) * scale, slack)
    changes, sure_change = _rounded(_sums(layout, quantities, change) * scale, slack)
    missing = _count(layout, unknown)
    missing_before = _count(layout, unknown_change)
    values[(missing == counts) & (counts > 0)] = np.nan
    changes[(missing_before == counts) & (counts > 0)] = np.nan
    unsure = np.flatnonzero(~(sure & sure_change))
    return Revaluation(
        digits=layout.digits,
        values=values,
        day_changes=changes,
        counts=counts,
        missing=missing,
        missing_before=missing_before,
        exactly={int(place): value_exactly(int(place)) for place in unsure},
    )


def _positions(
    portfolio: Held, currencies: Mapping[str, str]
) -> Iterable[tuple[str | None, str, Decimal]]:
    """List instrument, currency and what its price is multiplied with, cash last."""
    for holding in portfolio.holdings:
        if holding.quantity:
            currency = currencies.get(holding.instrument_id, holding.currency)
            yield holding.instrument_id, currency, holding.factor
    for currency, balance in (portfolio.cash or {}).items():
        if balance:
            yield None, currency, balance


def _rates_of(pairs: Sequence[tuple[str, str]], rates: Rates) -> Floats:
    found = (rates.find_rate(*pair) for pair in pairs)
    return np.array([np.nan if rate is None else float(rate) for rate in found], dtype=np.float64)


def _of_lines(layout: Layout, prices: Floats, rates: Floats) -> tuple[Floats, _Truths]:
    """Return what one unit of each line is worth, and of which lines that is unknown."""
    of_price, of_rate = prices[layout.line_instruments], rates[layout.line_pairs]
    return of_price * of_rate, np.isnan(of_price) | np.isnan(of_rate)


def _sums(layout: Layout, quantities: Floats, line_worths: Floats) -> Floats:
    """Return quantity × worth of its line, added up for each portfolio."""
    return _added_up(layout.offsets, line_worths.take(layout.lines) * quantities)


def _count(layout: Layout, which_lines: _Truths) -> Places:
    """Return how many of each portfolio's positions are of certain lines."""
    if not which_lines.any():
        return np.zeros(layout.offsets.size - 1, dtype=np.intp)
    return _added_up(layout.offsets, which_lines.take(layout.lines).astype(np.intp))


def _added_up(offsets: Places, terms: _Numbers) -> _Numbers:
    sums = np.zeros(offsets.size - 1, dtype=terms.dtype)
    # Portfolios that hold nothing are left out: reduceat would give them their neighbor's term.
    filled = np.flatnonzero(np.diff(offsets))
    if filled.size:
        sums[filled] = np.add.reduceat(terms, offsets[filled])
    return sums


def _rounded(figures: Floats, slack: Floats) -> tuple[Floats, _Truths]:
    """Round to whole numbers, and say where rounding errors can't have decided which."""
    from_half = np.abs(figures - np.floor(figures) - 0.5)
    # Written so that infinity and NaN aren't sure.
    return np.rint(figures), (from_half > slack) & (slack < 0.5)


def _payable(amount: Decimal | None, currency: str) -> Decimal | None:
    return None if amount is None else rounded(Money(amount, currency)).amount


def _status(missing: int, count: int) -> Status:
    if not missing:
        return Status.COMPLETE
    return Status.UNAVAILABLE if missing == count else Status.PARTIAL
