"""Prices out of nothing, for development and demonstrations: lively, plausible, repeatable.

Every close and every quote is a pure function of the seed, the instrument and the moment. So the
feed can be killed and started again, or handed to another process, without a jump; and two
installations with one seed show the same prices.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from math import sqrt

from common import clock
from marketdata.adapters import directory
from marketdata.adapters.base import DailyClose, Listing
from marketdata.adapters.directory import Entry
from marketdata.adapters.noise import normal, uniform, wave
from marketdata.adapters.sessions import Sessions
from marketdata.domain.instruments import AssetClass
from marketdata.domain.intraday import Bar, Interval, told
from marketdata.domain.quotes import MarketState, Quote
from marketdata.domain.sources import Capabilities, Need

TICK = timedelta(milliseconds=100)

_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
_ANCHOR_DATE = date(2022, 12, 30)
_ONE_DAY = timedelta(days=1)
_TRADING_DAYS = 252
_TRADING_SECONDS = _TRADING_DAYS * 6.5 * 3_600
# Distances in seconds of the markets' clock. A layer's size grows with the root of its distance,
# as a random walk's would; 0.6 keeps the sum of all layers within a day's usual range.
_OCTAVES = tuple(
    (float(distance), 0.6 * sqrt(distance / _TRADING_SECONDS))
    for distance in (15, 60, 225, 900, 3_600, 14_400)
)
# In one of seven ticks: each instrument is quoted about three times in two seconds.
_QUOTED = 1 / 7
# How much of their moves shares have in common, and how much is their own; the squares make one.
_COMMON, _OWN = 0.6, 0.8
# A bar of a minute is made of these ticks: of all six hundred it would take as long as the minute.
_LOOKED_AT = tuple(timedelta(seconds=each) for each in (0, 20, 40, 59))
_SHARES = {AssetClass.STOCK, AssetClass.ETF, AssetClass.FUND}
_HOLIDAYS = {(1, 1), (12, 25)}


class SimulatedSource:
    """A price source that needs nothing but a seed."""

    name = "simulated"
    most_days = 1_000
    most_minutes = 24 * 60
    minutes_late = 1
    capabilities = Capabilities(
        needs=frozenset({Need.QUOTE, Need.BARS}), asset_classes=frozenset(AssetClass), streams=True
    )
    most_instruments = None
    takes_all = True

    def __init__(
        self,
        *,
        seed: int,
        speed: float,
        entries: Iterable[Entry] | None = None,
        clock: Callable[[], datetime] = clock.now,
    ) -> None:
        """Set the simulation up.

        Args:
            seed: other seeds, other prices.
            speed: how many seconds pass on the markets' clock in one of ours.
            entries: the instruments it knows; all that are shipped unless told.
            clock: tells the time.
        """
        self._seed = seed
        self._speed = speed
        self._clock = clock
        self._sessions = Sessions(seed)
        known = directory.entries() if entries is None else entries
        self._paths = {entry.identity: _Path(seed, entry) for entry in known}

    def daily_closes(self, listing: Listing, *, start: date, end: date) -> Sequence[DailyClose]:
        """Return the closes from `start` to `end`, both included, oldest first."""
        path = self._paths.get(listing.identity)
        if path is None:
            return []
        return [
            DailyClose(date=day, close=_on_grid(path.close(day), listing))
            for day in _days(start, end)
            if path.trades_on(day)
        ]

    def minute_bars(self, listing: Listing, *, start: datetime, end: datetime) -> Sequence[Bar]:
        """Return the bars that begin from `start` on and before `end`, oldest first."""
        minutes = int((end - start) / Interval.MINUTE.length)
        found = (
            self._minute(listing, start + number * Interval.MINUTE.length)
            for number in range(minutes)
        )
        return [bar for bar in found if bar is not None]

    def _minute(self, listing: Listing, at: datetime) -> Bar | None:
        """Return what a few ticks of a minute tell, or None where it isn't traded in all of them.

        A minute in which trading begins or rests is made of quotes while they come, and of none
        afterwards: a source may leave minutes out.
        """
        quotes = [self.quote(listing, at=at + after) for after in _LOOKED_AT]
        prices = [each.price for each in quotes if each and each.market_state is MarketState.OPEN]
        if len(prices) < len(_LOOKED_AT):
            return None
        return told(at, (prices[0], max(prices), min(prices), prices[-1]), source=self.name)

    def covers(self, listing: Listing) -> bool:
        """Say whether the simulation knows an instrument."""
        return listing.identity in self._paths

    def state_of(self, listing: Listing, *, now: datetime) -> MarketState:
        """Say whether an instrument is traded at a moment."""
        return self._sessions.state(listing, seconds=self._seconds(now))[0]

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[SimulatedConnection]:
        """Begin to tick."""
        yield SimulatedConnection(self, now=self._clock)

    def snapshot(self, listings: Sequence[Listing]) -> Sequence[Quote]:
        """Return what the last tick was worth for all of them."""
        return self.quotes(listings, tick=_tick_of(self._clock()), everything=True)

    def quotes(
        self, listings: Sequence[Listing], *, tick: int, everything: bool = False
    ) -> list[Quote]:
        """Return the quotes that come with one tick, counted from the simulation's epoch."""
        moment = _moment_of(tick)
        found = (
            self.quote(listing, at=moment)
            for listing in listings
            if everything or uniform(self._seed, "quoted", listing.identity, tick) < _QUOTED
        )
        return [quote for quote in found if quote is not None]

    def quote(self, listing: Listing, *, at: datetime) -> Quote | None:
        """Return what an instrument is quoted at, or None if the simulation doesn't know it."""
        path = self._paths.get(listing.identity)
        if path is None:
            return None
        seconds = self._seconds(at)
        # While trading rests, the price stays where it stood; what moved on meanwhile shows as a
        # gap when it begins again.
        state, moved_until = self._sessions.state(listing, seconds=seconds)
        level = path.level(at - timedelta(seconds=(seconds - moved_until) / self._speed))
        move = wave(self._seed, listing.identity, place=moved_until, octaves=_OCTAVES)
        gap = self._sessions.gap(listing, seconds=moved_until) / sqrt(_TRADING_DAYS)
        return Quote(
            instrument_id=listing.instrument_id,
            price=_on_grid(level * (1 + path.volatility * (move + gap)), listing),
            currency=listing.currency,
            at=at,
            source=self.name,
            previous_close=_on_grid(path.close(at.date() - _ONE_DAY), listing),
            market_state=state,
        )

    def _seconds(self, moment: datetime) -> float:
        """Return what the markets' clock shows."""
        return (moment - _EPOCH).total_seconds() * self._speed


class SimulatedConnection:
    """The simulation's ticks, as they come."""

    def __init__(self, source: SimulatedSource, *, now: Callable[[], datetime]) -> None:
        self._source = source
        self._now = now
        self._listings: Sequence[Listing] = ()
        self._tick = _tick_of(now())

    @property
    def subscribed(self) -> frozenset[str]:
        """All that was asked for."""
        return frozenset(each.instrument_id for each in self._listings)

    async def want(self, listings: Sequence[Listing]) -> None:
        """Tick for these."""
        self._listings = listings

    async def receive(self) -> Sequence[Quote]:
        """Wait for the next tick."""
        await asyncio.sleep(max(0.0, (_moment_of(self._tick + 1) - self._now()).total_seconds()))
        # After a pause of the whole machine the ticks in between are simply gone.
        self._tick = max(self._tick + 1, _tick_of(self._now()))
        return self._source.quotes(self._listings, tick=self._tick)


class _Path:
    """The closes of one instrument, from its anchor onwards and backwards."""

    def __init__(self, seed: int, entry: Entry) -> None:
        self.volatility = entry.volatility
        self._seed = seed
        self._entry = entry
        self._every_day = entry.asset_class is AssetClass.CRYPTO
        days = 365 if self._every_day else _TRADING_DAYS
        self._drift = entry.drift / days
        self._spread = entry.volatility / sqrt(days)
        # Closes by days since the anchor, and before it; days without trading repeat the last.
        self._later = [float(entry.anchor_price)]
        self._earlier = [float(entry.anchor_price)]

    def trades_on(self, day: date) -> bool:
        """Tell whether a day has a close of its own."""
        return self._every_day or (day.weekday() < 5 and (day.month, day.day) not in _HOLIDAYS)

    def close(self, day: date) -> float:
        """Return the last close on or before a day."""
        distance = (day - _ANCHOR_DATE).days
        while len(self._later) <= distance:
            next_day = _ANCHOR_DATE + timedelta(days=len(self._later))
            self._later.append(self._later[-1] * self._factor(next_day))
        while len(self._earlier) <= -distance:
            day_after = _ANCHOR_DATE - timedelta(days=len(self._earlier) - 1)
            self._earlier.append(self._earlier[-1] / self._factor(day_after))
        return self._later[distance] if distance >= 0 else self._earlier[-distance]

    def level(self, at: datetime) -> float:
        """Return the point at a moment on the straight way from the last close to the next."""
        last = at.date() - _ONE_DAY
        while not self.trades_on(last):
            last -= _ONE_DAY
        following = at.date()
        while not self.trades_on(following):
            following += _ONE_DAY
        part = (at - _end_of(last)) / (_end_of(following) - _end_of(last))
        return self.close(last) + (self.close(following) - self.close(last)) * part

    def _factor(self, day: date) -> float:
        if not self.trades_on(day):
            return 1.0
        move = normal(self._seed, self._entry.identity, day.toordinal())
        if self._entry.asset_class in _SHARES:
            move = _OWN * move + _COMMON * _market_move(self._seed, day)
        return 1 + self._drift + self._spread * move


@lru_cache(maxsize=8_192)
def _market_move(seed: int, day: date) -> float:
    return normal(seed, "market", day.toordinal())


def _on_grid(price: float, listing: Listing) -> Decimal:
    """Round to the steps in which such a price is quoted."""
    if listing.asset_class is AssetClass.CURRENCY:
        places = 3 if listing.currency == "JPY" else 5
    else:
        places = 2 if price >= 1 else 4
    return Decimal(f"{price:.{places}f}")


def _days(start: date, end: date) -> Iterator[date]:
    return (start + timedelta(days=number) for number in range((end - start).days + 1))


def _end_of(day: date) -> datetime:
    return datetime.combine(day + _ONE_DAY, time(tzinfo=UTC))


def _tick_of(moment: datetime) -> int:
    return (moment - _EPOCH) // TICK


def _moment_of(tick: int) -> datetime:
    return _EPOCH + tick * TICK
