"""Ask how a portfolio performed over a range, how risky it was, and how a benchmark went meanwhile.

A report is plain values, as they are kept in the cache and sent: decimals and days as texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

from common.money import plain
from marketdata import selectors as market
from portfolios.adapters import report_cache
from portfolios.domain.figures import Figure, of_ratio
from portfolios.domain.policy import Policy
from portfolios.domain.returns import time_weighted
from portfolios.domain.status import Status
from portfolios.models import Portfolio
from portfolios.selectors.benchmarks import benchmark_return
from portfolios.selectors.history import (
    History,
    LastStored,
    WantedDays,
    find_last_stored,
    last_day,
    load_history,
)
from portfolios.selectors.holdings import Summary
from portfolios.selectors.reports import Report

_ONE_DAY = timedelta(days=1)
_FIGURE_FIELDS = tuple(each.name for each in fields(Figure))


def get_report(
    portfolio: Portfolio,
    wanted: WantedDays,
    *,
    day: date,
    now: datetime,
    benchmark_id: str | None = None,
) -> dict[str, Any]:
    """Report on a range; what was reported a moment ago is taken again.

    Args:
        day: today, where the user is.
        benchmark_id: an instrument that the user may see.

    Raises:
        InvalidRange: the range has no days.
    """
    last = find_last_stored(portfolio.pk)
    name = _name(portfolio, wanted, last, last_day(portfolio, day=day, now=now), benchmark_id)
    report = report_cache.read(*name)
    if report is None:
        history = load_history(portfolio, wanted, day=day, now=now, last=last)
        report = _report(portfolio, wanted, history, day=day, benchmark_id=benchmark_id)
        report_cache.write(report, *name)
    return report


def period_return(summary: Summary, *, since: date | None, day: date) -> Figure | None:
    """Return the time-weighted return up to now; None where no day has been valued yet.

    Args:
        since: the day whose close it is measured from; None is the day before the first.
        day: today, where the user is.
    """
    wanted = WantedDays(start=since + _ONE_DAY if since else None)
    history = load_history(summary.portfolio, wanted, day=day, now=summary.as_of, summary=summary)
    if history is None:
        return None
    return of_ratio(time_weighted(history.series).total, history.as_of)


def _name(
    portfolio: Portfolio,
    wanted: WantedDays,
    last: LastStored | None,
    today: date,
    benchmark_id: str | None,
) -> tuple[str, ...]:
    """Name a report after everything it depends on but live prices."""
    return (
        str(portfolio.pk),
        f"{portfolio.ledger_revision}-{portfolio.computed_revision}",
        last.computed_at.isoformat() if last else "",
        repr(sorted(portfolio.policy.items())),
        today.isoformat(),
        wanted.key,
        benchmark_id or "",
    )


def _report(
    portfolio: Portfolio,
    wanted: WantedDays,
    history: History | None,
    *,
    day: date,
    benchmark_id: str | None,
) -> dict[str, Any]:
    frame = {
        "currency": portfolio.base_currency,
        "range": wanted.name.value if wanted.name else None,
        "policy": asdict(Policy.chosen(portfolio.policy)),
    }
    if history is None or not history.days.days:
        as_of = history.as_of if history else day
        return _plain_parts(frame | _nothing(as_of))
    benchmark = (
        benchmark_return(portfolio, benchmark_id, days=history.days, valued_at=history.valued_at)
        if benchmark_id
        else None
    )
    made = Report(history, benchmark)
    content = made.content()
    if benchmark_id:
        instrument = market.instruments_by_id([benchmark_id])[benchmark_id]
        names = {"symbol": instrument.symbol, "name": instrument.name}
        content["benchmark"] |= {"instrument_id": benchmark_id} | names
    return _plain_parts(frame | content) | {"index": made.index()}


def _nothing(as_of: date) -> dict[str, Any]:
    return {
        "start": None,
        "end": None,
        "measured_from": None,
        "days": 0,
        "as_of": as_of,
        "valued_at": None,
        "status": Status.UNAVAILABLE,
        "unknown_days": [],
        "unknown_days_count": 0,
        "performance": {},
        "risk": {},
        "drawdown": None,
        "index": [],
        "months": [],
        "years": [],
        "benchmark": None,
    }


def _plain_parts(parts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _plain(each) for name, each in parts.items()}


def _plain(value: Any) -> Any:
    """Turn everything into what JSON has, decimals into texts."""
    if isinstance(value, Mapping):
        return _plain_parts(value)
    if isinstance(value, Figure):
        return {name: _plain(getattr(value, name)) for name in _FIGURE_FIELDS}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, date) else value
