"""When a connection is due again: by what its broker can have to tell, and when."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from marketdata.domain.trading_days import TradingDay

Jitter = Callable[[float, float], float]

_WHILE_OPEN, _WHILE_CLOSED = timedelta(minutes=30), timedelta(hours=4)
#: How much sooner or later, as a part of the rhythm.
_SPREAD = 0.2
#: From a close until the last trades of the day are told.
SETTLING = timedelta(minutes=15)
#: Over how long those are spread that wait for the same moment.
_SPREAD_OF_MOMENT, _SPREAD_OF_DAY = timedelta(minutes=30), timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class AlwaysOpen:
    """A broker whose markets never close."""

    @property
    def rhythm(self) -> str:
        """Say in words how often it is asked."""
        return "about every half an hour, day and night"


@dataclass(frozen=True, slots=True)
class OnceADay:
    """A broker that tells something new no more often than once a day."""

    zone: ZoneInfo
    at: time

    @property
    def rhythm(self) -> str:
        """Say in words how often it is asked."""
        place = self.zone.key.rpartition("/")[2].replace("_", " ")
        return f"once a day, after {self.at:%H:%M} in {place}"

    def next_after(self, now: datetime) -> datetime:
        """Return the next such moment, in UTC."""
        local = now.astimezone(self.zone)
        on = local.date() if local.time() < self.at else local.date() + timedelta(days=1)
        return datetime.combine(on, self.at, tzinfo=self.zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class ExchangeHours:
    """A broker in whose accounts things happen while an exchange trades.

    Attributes:
        mic: of the exchange, whose calendar counts.
        label: its name, as people know it, with its article.
        rests: between two sessions there is nothing new, once what followed the close is read.
    """

    mic: str
    label: str
    rests: bool = False

    @property
    def rhythm(self) -> str:
        """Say in words how often it is asked."""
        often = f"about every half an hour while {self.label} trades, once more after it closes"
        return often if self.rests else f"{often}, and otherwise every four hours"


Hours = AlwaysOpen | OnceADay | ExchangeHours


def next_sync_at(
    now: datetime,
    hours: Hours,
    *,
    days: Sequence[TradingDay] = (),
    has_failed: bool = False,
    jitter: Jitter = random.uniform,
) -> datetime:
    """Say when a connection is due again: often while there may be news, else seldom.

    Spread at random, so that connections made together, or waiting for the same bell, don't all
    come at once.

    Args:
        days: of the exchange, from the one before `now` to the one after it at least, oldest
            first; needless where no exchange counts.
        has_failed: nothing came of the sync that ends, or not all of it.
        jitter: returns a number between two others.
    """
    match hours:
        case AlwaysOpen():
            return now + _WHILE_OPEN * _factor(jitter)
        case OnceADay():
            if has_failed:
                return now + _WHILE_CLOSED * _factor(jitter)
            return hours.next_after(now) + _SPREAD_OF_DAY * jitter(0, 1)
        case ExchangeHours():
            return _by_exchange(now, hours, days, has_failed=has_failed, jitter=jitter)


def _by_exchange(
    now: datetime,
    hours: ExchangeHours,
    days: Sequence[TradingDay],
    *,
    has_failed: bool,
    jitter: Jitter,
) -> datetime:
    bell = _SPREAD_OF_MOMENT * jitter(0, 1)
    for each in days:
        if each.opens_at <= now < each.closes_at + SETTLING:
            due = now + _WHILE_OPEN * _factor(jitter)
            # The last sync of a day waits for the last trade.
            return due if due < each.closes_at else each.closes_at + SETTLING + bell
    opening = next((each.opens_at + bell for each in days if each.opens_at > now), None)
    if opening is not None and hours.rests and not has_failed:
        return opening
    due = now + _WHILE_CLOSED * _factor(jitter)
    return due if opening is None else min(due, opening)


def _factor(jitter: Jitter) -> float:
    return jitter(1 - _SPREAD, 1 + _SPREAD)
