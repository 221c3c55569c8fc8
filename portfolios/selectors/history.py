"""Ask for a portfolio's daily values over a range, as the series that statistics take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import nan
from typing import Any

import numpy as np
from bson import Decimal128, ObjectId

from common.bulk import aggregate, at_midnight
from portfolios.domain.ranges import DayRange, RangeName, custom_range, named_range
from portfolios.domain.series import DayRow, Floats, ValueSeries
from portfolios.domain.status import Status
from portfolios.models import DailyValue, Portfolio, Transaction
from portfolios.selectors.holdings import Summary, summarize

_ONE_DAY = timedelta(days=1)
#: What is known in part counts as unknown.
_COMPLETE_VALUE = {"$cond": [{"$eq": ["$status", Status.COMPLETE.value]}, "$value", None]}
_NOTHING: Mapping[str, Any] = {"dates": [], "values": [], "flows": []}


@dataclass(frozen=True, slots=True)
class WantedDays:
    """A range by its name, or by its first and last day; without any the last year."""

    name: RangeName | None = None
    start: date | None = None
    end: date | None = None

    @property
    def key(self) -> str:
        """Return a text that is equal for equal ranges only."""
        return self.name or f"{self.start}..{self.end}"

    def days(self, *, today: date, first_day: date) -> DayRange:
        """Find the days.

        Raises:
            InvalidRange: the range has no days.
        """
        if self.name is not None:
            return named_range(self.name, today=today, first_day=first_day)
        start = self.start or min(first_day, self.end or first_day)
        # What begins after the last day there is has no days, but is no mistake.
        last = self.end or max(today, start)
        return custom_range(start, last, today=today, first_day=first_day)


@dataclass(frozen=True, slots=True)
class LastStored:
    """How far the daily values of a portfolio reach, and when they were computed."""

    date: date
    computed_at: datetime


@dataclass(frozen=True, slots=True)
class _Stored:
    """What is stored of a range: the day before it and its days, NaN where it is unknown."""

    values: Floats
    ends: Mapping[date, Decimal | None]
    flows: tuple[DayRow, ...]

    def exact(self, day: date) -> Decimal | None:
        """Return the value of the first or the last day; None where that isn't stored."""
        return self.ends.get(day)


@dataclass(frozen=True, slots=True)
class History:
    """A portfolio over a range.

    Attributes:
        series: every day of the range; what isn't wholly known is unknown.
        opening: the exact value at the close of the day before; zero where the portfolio begins.
        closing: the exact value of the last day.
        flows: exactly what came in and went out, on the days on which something did.
        valued_at: when the last day's value was made of live prices; None if that day has ended.
    """

    portfolio: Portfolio
    days: DayRange
    series: ValueSeries
    opening: Decimal | None
    closing: Decimal | None
    flows: tuple[DayRow, ...]
    valued_at: datetime | None

    @property
    def as_of(self) -> date:
        """Return the last day."""
        return self.days.end - _ONE_DAY

    @property
    def rows(self) -> tuple[DayRow, ...]:
        """Return the days that gains are made of: those with flows, and the last."""
        return (DayRow(self.days.start, None), *self.flows, DayRow(self.as_of, self.closing))

    @property
    def unknown_days(self) -> tuple[str, ...]:
        """Return the days whose value lacks a price or a rate, or that aren't valued yet."""
        return self.series.days_where(np.isnan(self.series.value))


def find_last_stored(portfolio_id: ObjectId) -> LastStored | None:
    """Find how far the daily values of a portfolio reach."""
    found = (
        DailyValue.objects.filter(portfolio_id=portfolio_id)
        .order_by("-date")
        .values_list("date", "computed_at")
        .first()
    )
    return LastStored(*found) if found else None


def last_day(portfolio: Portfolio, *, day: date, now: datetime) -> date:
    """Return the last day there may be a value of, for somebody whose day it is.

    Where the portfolio's days are counted that day need not have begun yet.
    """
    return min(day, now.date())


def load_history(
    portfolio: Portfolio,
    wanted: WantedDays,
    *,
    day: date,
    now: datetime,
    last: LastStored | None = None,
    summary: Summary | None = None,
) -> History | None:
    """Load a range; None where no day of the portfolio has been valued yet.

    What is stored ends with the last day that is over. Today is valued at the newest prices, unless
    the ledger already has rows after what is stored: what flowed by them is computed with the day.

    Args:
        day: today, where the user is.
        last: how far the daily values reach, where that is at hand.
        summary: what the portfolio is worth now, where that is at hand.

    Raises:
        InvalidRange: the range has no days.
    """
    last = last or find_last_stored(portfolio.pk)
    if last is None:
        return None
    today = last_day(portfolio, day=day, now=now)
    is_open = today > last.date and not _has_rows_after(portfolio.pk, last.date)
    today = today if is_open else min(today, last.date)
    first_day = _first_day(portfolio.pk)
    days = wanted.days(today=today, first_day=first_day)
    stored = _stored(portfolio.pk, days)
    opening = Decimal(0) if days.start == first_day else stored.exact(days.opening_date)
    closing, valued_at = stored.exact(days.end - _ONE_DAY), None
    if is_open and days.end > today >= days.start:
        closing, valued_at = _live_value(summary or summarize(portfolio, now=now)), now
        stored.values[-1] = nan if closing is None else float(closing)
    return History(
        portfolio=portfolio,
        days=days,
        series=_series(stored, days, opening),
        opening=opening,
        closing=closing,
        flows=stored.flows,
        valued_at=valued_at,
    )


def _first_day(portfolio_id: ObjectId) -> date:
    first: date = (
        DailyValue.objects.filter(portfolio_id=portfolio_id)
        .order_by("date")
        .values_list("date", flat=True)[0]
    )
    return first


def _has_rows_after(portfolio_id: ObjectId, day: date) -> bool:
    rows = Transaction.objects.filter(portfolio_id=portfolio_id, is_void=False, trade_date__gt=day)
    return rows.exists()


def _stored(portfolio_id: ObjectId, days: DayRange) -> _Stored:
    """Read the values of a range, and of the day before it, as one document.

    Ten years are 3,650 days: as rows of the ORM they would take longer than all that is computed
    from them. Statistics are made of floats anyway; where money must be exact, at both ends and
    wherever something flowed, it is read as it is stored.
    """
    found = aggregate(
        DailyValue,
        [
            {
                "$match": {
                    "portfolio_id": portfolio_id,
                    "date": {"$gte": at_midnight(days.opening_date), "$lt": at_midnight(days.end)},
                }
            },
            {"$sort": {"date": 1}},
            {
                "$group": {
                    "_id": None,
                    "dates": {"$push": "$date"},
                    "values": {"$push": {"$toDouble": _COMPLETE_VALUE}},
                    "first": {"$first": {"date": "$date", "value": _COMPLETE_VALUE}},
                    "last": {"$last": {"date": "$date", "value": _COMPLETE_VALUE}},
                    "flows": {
                        "$push": {
                            "$cond": [
                                {"$and": [{"$eq": ["$inflow", 0]}, {"$eq": ["$outflow", 0]}]},
                                "$$REMOVE",
                                {"date": "$date", "inflow": "$inflow", "outflow": "$outflow"},
                            ]
                        }
                    },
                }
            },
        ],
    )
    return _read(next(iter(found), _NOTHING), days)


def _read(document: Mapping[str, Any], days: DayRange) -> _Stored:
    values = np.full(days.days + 1, nan)
    for day, value in zip(document["dates"], document["values"], strict=True):
        if value is not None:
            values[(day.date() - days.opening_date).days] = value
    flows = (
        DayRow(each["date"].date(), None, _exact(each["inflow"]), _exact(each["outflow"]))
        for each in document["flows"]
    )
    return _Stored(
        values=values,
        ends={
            each["date"].date(): _exact(each["value"])
            for each in (document.get("first"), document.get("last"))
            if each
        },
        flows=tuple(each for each in flows if each.date >= days.start),
    )


def _exact(stored: Decimal128 | None) -> Decimal | None:
    return None if stored is None else stored.to_decimal()


def _series(stored: _Stored, days: DayRange, opening: Decimal | None) -> ValueSeries:
    inflow, outflow = np.zeros(days.days), np.zeros(days.days)
    for row in stored.flows:
        place = (row.date - days.start).days
        inflow[place] = nan if row.inflow is None else float(row.inflow)
        outflow[place] = nan if row.outflow is None else float(row.outflow)
    return ValueSeries(
        first=days.start,
        opening=nan if opening is None else float(opening),
        value=stored.values[1:],
        inflow=inflow,
        outflow=outflow,
    )


def _live_value(summary: Summary) -> Decimal | None:
    """Return what a portfolio is worth at the newest prices; None unless all of it has one."""
    worth = summary.valuation
    return worth.total if worth.status is Status.COMPLETE else None
