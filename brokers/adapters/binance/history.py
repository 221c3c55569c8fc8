"""What is asked of Binance by spans of time, and how far it has been asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from brokers.adapters.binance.parser import DEPOSITS, DIVIDENDS, DUST, REWARDS, WITHDRAWALS

#: What was on its way is told anew, with its first day, once it is there.
_OVERLAP = timedelta(days=30)
_MILLISECOND = timedelta(milliseconds=1)
_OPENED = date(2017, 7, 1)


@dataclass(frozen=True, slots=True)
class History:
    """A list that is asked for span by span.

    Attributes:
        most_days: the longest span that is answered.
        most_rows: so many at most are told of a span; if it is as many, there may be more.
        since: there is nothing older.
        params: what is asked beside the span.
    """

    path: str
    most_days: int
    most_rows: int
    params: Mapping[str, str]
    since: date = _OPENED

    def spans(self, done: int, *, now: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Walk from where it was left, a little before that, up to now.

        Args:
            done: up to when it was asked, in milliseconds since 1970; 0 is never.
        """
        first = datetime.combine(self.since, time.min, tzinfo=UTC)
        start = max(first, from_milliseconds(done) - _OVERLAP) if done else first
        while start < now:
            end = min(now, start + timedelta(days=self.most_days))
            yield start, end
            start = end


HISTORIES = (
    History(DEPOSITS, 89, 1_000, {"limit": "1000"}),
    History(WITHDRAWALS, 89, 1_000, {"limit": "1000"}),
    # Older conversions aren't told.
    History(DUST, 89, 100, {}, since=date(2020, 12, 1)),
    History(DIVIDENDS, 89, 500, {"limit": "500"}),
    History(REWARDS, 29, 100, {"size": "100", "type": "ALL"}, since=date(2022, 8, 1)),
)


def milliseconds(moment: datetime) -> int:
    """Return an instant as Binance counts it."""
    return (moment - datetime.fromtimestamp(0, tz=UTC)) // _MILLISECOND


def from_milliseconds(number: int) -> datetime:
    """Return the instant that Binance means."""
    return datetime.fromtimestamp(0, tz=UTC) + number * _MILLISECOND
