"""Trading days that a broker can't tell any more, because nobody was logged in when it could."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from brokers.domain.schedule import SETTLING
from marketdata.domain.trading_days import TradingDay


class MissedDayState(StrEnum):
    """Where a missed day stands."""

    OPEN = "open"
    #: Its trades came by a file, or its owner says that nothing is missing.
    SETTLED = "settled"

    @property
    def label(self) -> str:
        """Return the name shown to people."""
        return self.value.capitalize()


@dataclass(frozen=True, slots=True)
class Missed:
    """A day whose trades aren't all known, and until when they are; None where none of them is."""

    day: date
    read_until: datetime | None


def find_missed(
    days: Sequence[TradingDay],
    *,
    zone: ZoneInfo,
    since: datetime,
    read_at: datetime | None,
    now: datetime,
) -> list[Missed]:
    """Say which days were not read to their end and can't be read any more, oldest first.

    A day is read to its end by a reading after the close, once the last trades are told. Days
    before the last reading are passed over: what that one came too late for was found before it.

    Args:
        days: of the exchange, oldest first; of those that are only assumed none is missed.
        zone: at midnight there the broker begins to tell the trades of the next day only.
        since: when the account was connected.
        read_at: when the trades of a day were last read; None if never.
    """
    found = []
    for each in days:
        ends_at = each.closes_at + SETTLING
        gone_at = datetime.combine(each.day + timedelta(days=1), time.min, tzinfo=zone)
        is_read = read_at is not None and read_at >= ends_at
        if each.is_assumed or each.closes_at <= since or is_read or gone_at.astimezone(UTC) > now:
            continue
        is_begun = read_at is not None and read_at > each.opens_at
        found.append(Missed(each.day, read_at if is_begun else None))
    return found
