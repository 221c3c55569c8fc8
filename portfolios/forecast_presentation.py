"""Plain values for the forecast page; nothing here asks the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from portfolios.domain.drawing import MONTHS_A_YEAR
from portfolios.domain.forecast import PERCENTILES
from portfolios.forecast_forms import ForecastForm
from portfolios.models import Portfolio
from portfolios.presentation import portfolio_line

#: The drawing's own units; the page stretches them to its width.
_WIDTH, _HEIGHT = 1_000.0, 250.0
_LOWEST, *_, _HIGHEST = (f"p{each}" for each in PERCENTILES)


def forecast_page(
    portfolio: Portfolio, found: Mapping[str, Any], *, form: ForecastForm
) -> dict[str, Any]:
    """Describe everything on the page."""
    courses = found["courses"]
    valued_at = found["valued_at"]
    form.show_usual(found["history"] if courses else {})
    return {
        "portfolio": portfolio_line(portfolio),
        "form": form,
        "forecast": found,
        "valued_at": datetime.fromisoformat(valued_at) if valued_at else None,
        "drawing": _drawing(courses, found["assumptions"]["target"]) if courses else None,
        "years": [
            each | {"month": f"{place * MONTHS_A_YEAR}"}
            for place, each in enumerate(courses[::MONTHS_A_YEAR])
        ],
        "last_month": f"{len(courses) - 1}",
        "why_query": urlencode({name: text for name, text in form.data.items() if text}),
        "end": courses[-1] if courses else None,
        "percentiles": [f"p{each}" for each in PERCENTILES],
    }


def _drawing(courses: Sequence[Mapping[str, Any]], target: str | None) -> dict[str, Any]:
    """Lay bands and lines out as points of an SVG; all of them begin at zero."""
    names = (_LOWEST, "p25", "p50", "p75", _HIGHEST, "paid_in")
    values = {name: [float(each[name]) for each in courses] for name in names}
    aim = float(target) if target else 0.0
    top = max(aim, *values[_HIGHEST], *values["paid_in"]) or 1.0

    def line(name: str) -> list[str]:
        last = len(courses) - 1
        return [
            f"{place / last * _WIDTH:.1f},{_HEIGHT - max(value, 0.0) / top * _HEIGHT:.1f}"
            for place, value in enumerate(values[name])
        ]

    def band(low: str, high: str) -> str:
        return " ".join([*line(low), *reversed(line(high))])

    return {
        "outer": band(_LOWEST, _HIGHEST),
        "inner": band("p25", "p75"),
        "middle": " ".join(line("p50")),
        "paid_in": " ".join(line("paid_in")),
        "target": f"{_HEIGHT - aim / top * _HEIGHT:.1f}" if aim else None,
        "levels": [top, top / 2, 0.0],
    }
