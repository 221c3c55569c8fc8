"""Bars shorter than a day: made of live quotes or told by a source, merged into longer ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import groupby

from common.money import DECIMAL_PLACES, exact
from marketdata.domain.quotes import MarketState, Quote


class Interval(StrEnum):
    """How long a bar is."""

    MINUTE = "1m"
    FIVE_MINUTES = "5m"
    HOUR = "1h"

    @property
    def length(self) -> timedelta:
        """Return the time that a bar covers."""
        return {
            Interval.MINUTE: timedelta(minutes=1),
            Interval.FIVE_MINUTES: timedelta(minutes=5),
            Interval.HOUR: timedelta(hours=1),
        }[self]

    def floor(self, moment: datetime) -> datetime:
        """Return when the bar begins that a moment is in."""
        return floor(moment, self.length)


class BarStatus(StrEnum):
    """How much a bar can be relied on."""

    #: Told by a source for the whole of its time.
    FINAL = "final"
    #: Made of the quotes that were seen: its ends may lie further apart, and it may still change.
    SAMPLED = "sampled"


@dataclass(frozen=True, slots=True)
class Bar:
    """The prices of one instrument in a span of time, as they were traded.

    Attributes:
        at: when the span begins.
        opened_at: the moment of the first price, which tells of two which one came first.
        closed_at: the moment of the last price.
        source: who told them; several names with commas between them where they were merged.
    """

    at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    opened_at: datetime
    closed_at: datetime
    source: str
    status: BarStatus


#: A bar, and the id of its instrument.
KeyedBar = tuple[str, Bar]


def floor(moment: datetime, length: timedelta) -> datetime:
    """Return the last whole span, counted from midnight UTC, that begins no later than a moment."""
    midnight = datetime.combine(moment.date(), time(tzinfo=moment.tzinfo))
    return moment - (moment - midnight) % length


def told(at: datetime, prices: tuple[Decimal, Decimal, Decimal, Decimal], *, source: str) -> Bar:
    """Return the bar of a minute as a source tells it.

    Args:
        prices: open, high, low, close.

    Raises:
        ValueError: they are no prices, or out of order.
    """
    opened, high, low, closed = prices
    if not all(each.is_finite() and each > 0 for each in prices):
        raise ValueError("A price that isn't above zero.")
    if not low <= min(opened, closed) <= max(opened, closed) <= high:
        raise ValueError("The highest price is below another, or the lowest above.")
    # The last millisecond, for that is what the database keeps.
    end = at + Interval.MINUTE.length - timedelta(milliseconds=1)
    return Bar(at, opened, high, low, closed, at, end, source, BarStatus.FINAL)


def of_quote(quote: Quote) -> Bar | None:
    """Return the bar of a minute of which nothing is known but a quote.

    None while it isn't traded: what is told then was a price at another time.
    """
    if quote.market_state is not MarketState.OPEN:
        return None
    at, price = quote.at.replace(second=0, microsecond=0), quote.price
    return Bar(at, price, price, price, price, quote.at, quote.at, quote.source, BarStatus.SAMPLED)


def joined(*bars: Bar, at: datetime | None = None) -> Bar:
    """Return what bars tell together, in whatever order they come.

    Args:
        at: when the span begins that they are joined to, if it isn't their own.
    """
    first = min(bars, key=lambda each: (each.opened_at, each.open))
    last = max(bars, key=lambda each: (each.closed_at, each.close))
    is_final = all(each.status is BarStatus.FINAL for each in bars)
    return Bar(
        at=at or first.at,
        open=first.open,
        high=max(each.high for each in bars),
        low=min(each.low for each in bars),
        close=last.close,
        opened_at=first.opened_at,
        closed_at=last.closed_at,
        source=_names({each.source for each in bars}),
        status=BarStatus.FINAL if is_final else BarStatus.SAMPLED,
    )


def together(known: Bar, new: Bar) -> Bar:
    """Return what is kept of two bars of one span and source: what was told replaces the rest."""
    if new.status is BarStatus.FINAL:
        return new
    return known if known.status is BarStatus.FINAL else joined(known, new)


def _names(sources: set[str]) -> str:
    """Name each source once, also of bars that were merged before."""
    return ", ".join(sorted({name for each in sources for name in each.split(", ")}))


def chosen(bars: Iterable[Bar]) -> list[Bar]:
    """Return one bar of each moment, oldest first: of several sources' the most reliable one.

    What a source has told goes before what was made of quotes, and then what was seen last.
    """
    found: dict[datetime, Bar] = {}
    for bar in bars:
        known = found.get(bar.at)
        if known is None or _reliability(bar) > _reliability(known):
            found[bar.at] = bar
    return [found[at] for at in sorted(found)]


def _reliability(bar: Bar) -> tuple[bool, datetime, str]:
    return bar.status is BarStatus.FINAL, bar.closed_at, bar.source


def merged(bars: Sequence[Bar], interval: Interval) -> list[Bar]:
    """Merge bars into longer ones.

    Args:
        bars: oldest first, none longer than the interval.
    """
    groups = groupby(bars, key=lambda each: interval.floor(each.at))
    return [joined(*group, at=at) for at, group in groups]


def in_units_of_now(bars: Sequence[Bar], splits: Sequence[tuple[date, Decimal]]) -> list[Bar]:
    """Write bars as traded in units of today: those before a split are divided by its ratio.

    A bar belongs to its day in UTC, which is that of the session nearly everywhere.

    Args:
        splits: first day and ratio of each.
    """
    found = list(bars)
    with exact():
        for first_day, ratio in splits:
            found = [
                each if each.at.date() >= first_day else _divided(each, ratio) for each in found
            ]
    return found


def _divided(bar: Bar, ratio: Decimal) -> Bar:
    prices = (bar.open, bar.high, bar.low, bar.close)
    opened, high, low, closed = (round(each / ratio, DECIMAL_PLACES) for each in prices)
    return replace(bar, open=opened, high=high, low=low, close=closed)


class Sampler:
    """Makes bars of minutes out of quotes, and hands them over now and then.

    What is handed over tells of the quotes since the last time only: whoever keeps bars joins them.
    So nothing is lost or counted twice when another process goes on with the same minute.
    """

    def __init__(self) -> None:
        self._bars: dict[tuple[str, str, datetime], Bar] = {}

    def take(self, quotes: Iterable[Quote], *, wanted: Mapping[str, object]) -> None:
        """Take quotes of wanted instruments in."""
        for quote in quotes:
            if quote.instrument_id in wanted and (bar := of_quote(quote)) is not None:
                self._add(quote.instrument_id, bar)

    def hand_over(self) -> list[KeyedBar]:
        """Return what was seen since the last time."""
        taken, self._bars = self._bars, {}
        return [(instrument_id, bar) for (instrument_id, _, _), bar in taken.items()]

    def take_back(self, bars: Iterable[KeyedBar], *, since: datetime) -> None:
        """Take back what couldn't be kept, to be handed over again; what is old is given up."""
        for instrument_id, bar in bars:
            if bar.at >= since:
                self._add(instrument_id, bar)

    def _add(self, instrument_id: str, bar: Bar) -> None:
        key = (instrument_id, bar.source, bar.at)
        known = self._bars.get(key)
        self._bars[key] = bar if known is None else joined(known, bar)
