"""Plain values for the performance page; nothing here asks the database."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from portfolios.domain.ranges import RangeName
from portfolios.models import Portfolio
from portfolios.performance_forms import ComparisonForm
from portfolios.presentation import portfolio_line
from portfolios.range_presentation import range_choice


class _Line(NamedTuple):
    """Where a figure is in a report, how it is labeled, explained and written."""

    name: str
    label: str
    #: The heading of the methods that explains it.
    method: str
    #: How it is written: `rate`, `change`, `money`, `percent` or `number`.
    style: str


_PERFORMANCE = (
    _Line("time_weighted", "Time-weighted return", "Time-weighted return", "rate"),
    _Line("time_weighted_yearly", "Time-weighted per year", "Per year", "rate"),
    _Line("money_weighted", "Money-weighted return", "Money-weighted return", "rate"),
    _Line("money_weighted_yearly", "Money-weighted per year", "Money-weighted return", "rate"),
    _Line("gain", "Gain of the period", "Gain of a period", "change"),
    _Line("opening_value", "Value at the start", "Gain of a period", "money"),
    _Line("closing_value", "Value at the end", "Gain of a period", "money"),
    _Line("inflow", "Paid in", "Gain of a period", "money"),
    _Line("outflow", "Taken out", "Gain of a period", "money"),
)
_RISK = (
    _Line("volatility", "Volatility", "Volatility", "percent"),
    _Line("downside_deviation", "Downside deviation", "Downside deviation", "percent"),
    _Line("sharpe", "Sharpe", "Ratios", "number"),
    _Line("sortino", "Sortino", "Ratios", "number"),
    _Line("calmar", "Calmar", "Ratios", "number"),
    _Line("value_at_risk", "Value at risk", "Value at risk", "rate"),
    _Line("normal_value_at_risk", "Parametric value at risk", "Value at risk", "rate"),
    _Line("expected_shortfall", "Expected shortfall", "Value at risk", "rate"),
    _Line("best_day", "Best day", "Best and worst day", "rate"),
    _Line("worst_day", "Worst day", "Best and worst day", "rate"),
)
_BENCHMARK = (
    _Line("time_weighted", "Time-weighted return", "Time-weighted return", "rate"),
    _Line("time_weighted_yearly", "Time-weighted per year", "Per year", "rate"),
    _Line("same_flows_value", "Value with the same flows", "Benchmark", "money"),
    _Line("lead", "Lead", "Benchmark", "rate"),
    _Line("beta", "Beta", "Against a benchmark", "number"),
    _Line("alpha", "Alpha", "Against a benchmark", "rate"),
    _Line("correlation", "Correlation", "Against a benchmark", "number"),
    _Line("tracking_error", "Tracking error", "Against a benchmark", "percent"),
)
#: Figures that name the day they are of.
_DATED = {"best_day", "worst_day"}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def performance_page(
    portfolio: Portfolio, report: Mapping[str, Any], *, form: ComparisonForm
) -> dict[str, Any]:
    """Describe everything on the page."""
    valued_at = report["valued_at"]
    benchmark = report["benchmark"]
    kept = form.blend_parameters()
    return {
        "portfolio": portfolio_line(portfolio),
        **range_choice(
            form,
            chosen=RangeName(report["range"]) if report["range"] else None,
            kept=kept,
            is_open=bool(kept),
        ),
        "report": report,
        "valued_at": datetime.fromisoformat(valued_at) if valued_at else None,
        "performance": _lines(_PERFORMANCE, report["performance"]),
        "risk": _lines(_RISK, report["risk"]),
        "benchmark": benchmark,
        "benchmark_figures": _lines(_BENCHMARK, benchmark or {}, of="benchmark."),
        "values": _points(report["index"], "portfolio"),
        "benchmark_values": _points(report["index"], "benchmark"),
        "months": _MONTHS,
        "grid": _grid(report),
        "why_query": urlencode(form.range_parameters() | kept),
        "more_unknown": report["unknown_days_count"] - len(report["unknown_days"]),
    }


def _lines(
    lines: Sequence[_Line], figures: Mapping[str, Any], *, of: str = ""
) -> list[dict[str, Any]]:
    return [
        {
            "name": line.name,
            "why": f"{of}{line.name}",
            "label": line.label,
            "method": line.method,
            "style": line.style,
            "is_dated": line.name in _DATED,
            "figure": figures[line.name],
        }
        for line in lines
        if line.name in figures
    ]


def _points(index: Sequence[Mapping[str, Any]], name: str) -> list[dict[str, str]]:
    """Return the days of an index that are known."""
    return [
        {"date": point["date"], "value": point[name]} for point in index if point[name] is not None
    ]


def _grid(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Lay months out by years, newest first; None where the range has no days."""
    found = {each["period"]: each["return"] for each in report["months"]}
    days = (report["start"] or "", report["end"] or "")
    return [
        {
            "year": year["period"],
            "months": [
                {
                    "label": label,
                    "return": found.get(f"{year['period']}-{number:02}"),
                    **_cut(f"{year['period']}-{number:02}", *days),
                }
                for number, label in enumerate(_MONTHS, start=1)
            ],
            "total": year["return"],
            **_cut(year["period"], *days),
        }
        for year in reversed(report["years"])
    ]


def _cut(period: str, start: str, end: str) -> dict[str, str]:
    """Return the days of a year or a month as far as the range has them, as ISO texts."""
    year, month = int(period[:4]), int(period[5:] or 0)
    last = monthrange(year, month or 12)[1]
    return {
        "start": max(f"{year:04}-{month or 1:02}-01", start),
        "end": min(f"{year:04}-{month or 12:02}-{last}", end),
    }
