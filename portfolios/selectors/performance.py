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
from portfolios.adapters import report_cache
from portfolios.domain.benchmark import Blend
from portfolios.domain.figures import Figure, of_ratio
from portfolios.domain.policy import Policy
from portfolios.domain.returns import time_weighted
from portfolios.domain.status import Status
from portfolios.models import Portfolio
from portfolios.selectors.benchmarks import benchmark_return, blend_names
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
    blend: Blend | None = None,
) -> dict[str, Any]:
    """Report on a range; what was reported a moment ago is taken again.

    Args:
        day: today, where the user is.
        blend: of instruments that the user may see, to go beside the portfolio.

    Raises:
        InvalidRange: the range has no days.
    """
    last = find_last_stored(portfolio.pk)
    today = last_day(portfolio, day=day, now=now)
    name = report_name(portfolio, last, today, wanted.key, blend.key if blend else "")
    report = report_cache.read(*name)
    if report is None:
        history = load_history(portfolio, wanted, day=day, now=now, last=last)
        report, _ = report_on(portfolio, wanted, history, day=day, blend=blend)
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


def report_name(
    portfolio: Portfolio, last: LastStored | None, today: date, *details: str
) -> tuple[str, ...]:
    """Name a report after everything it depends on but live prices.

    Args:
        details: what was asked.
    """
    return (
        str(portfolio.pk),
        f"{portfolio.ledger_revision}-{portfolio.computed_revision}",
        last.computed_at.isoformat() if last else "",
        repr(sorted(portfolio.policy.items())),
        today.isoformat(),
        *details,
    )


def report_on(
    portfolio: Portfolio,
    wanted: WantedDays,
    history: History | None,
    *,
    day: date,
    blend: Blend | None,
) -> tuple[dict[str, Any], Report | None]:
    """Report on a range that is loaded.

    Returns:
        The report as plain values, and what it was written from: None where there are no days.
    """
    frame = {
        "currency": portfolio.base_currency,
        "range": wanted.name.value if wanted.name else None,
        "policy": asdict(Policy.chosen(portfolio.policy)),
    }
    if history is None or not history.days.days:
        as_of = history.as_of if history else day
        return plain_parts(frame | _nothing(as_of)), None
    benchmark = (
        benchmark_return(portfolio, blend, days=history.days, valued_at=history.valued_at)
        if blend
        else None
    )
    made = Report(history, benchmark)
    content = made.content()
    if blend:
        content["benchmark"] |= blend_names(blend)
    return plain_parts(frame | content) | {"index": made.index()}, made


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


def plain_parts(parts: Mapping[str, Any]) -> dict[str, Any]:
    """Turn all parts of a report into what JSON has, decimals and days into texts."""
    return {name: _plain(each) for name, each in parts.items()}


def _plain(value: Any) -> Any:
    """Turn everything into what JSON has, decimals into texts."""
    if isinstance(value, Mapping):
        return plain_parts(value)
    if isinstance(value, Figure):
        return {name: _plain(getattr(value, name)) for name in _FIGURE_FIELDS}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, date) else value
