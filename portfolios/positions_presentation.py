"""Plain values for the pages of positions; nothing here asks the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from portfolios.models import Portfolio
from portfolios.presentation import portfolio_line

_ONE_DAY = timedelta(days=1)
#: From when on two count as moving alike so much, the most first, for the color.
_STRENGTHS = (("strong", 0.75), ("clear", 0.5), ("weak", 0.25), ("none", -0.25))


def positions_page(
    portfolio: Portfolio, report: Mapping[str, Any] | None, *, refused: str | None
) -> dict[str, Any]:
    """Describe everything on the page but its range.

    Args:
        report: None where there is none.
        refused: why.
    """
    return {
        "portfolio": portfolio_line(portfolio),
        "report": report,
        "refused": refused,
        "matrix": _matrix(report["correlations"]) if report else [],
        "why_query": f"start={report['start']}&end={report['end']}" if report else "",
    }


def position_page(
    portfolio: Portfolio,
    instrument: Any,
    days: Sequence[Mapping[str, Any]],
    *,
    refused: str,
    is_until_now: bool,
) -> dict[str, Any]:
    """Describe a position and what it was worth at the end of each day.

    Args:
        days: those on which it was held, oldest first.
        refused: why there are none, where they can't be had.
        is_until_now: whether the range goes on to today, so that the drawing stays live.
    """
    values = _worths(days)
    unknown = [day["date"] for day in days if day["value_base"] is None]
    if not refused and not days:
        refused = "It was held on no day of this range."
    elif not refused and not values:
        refused = "A price or an exchange rate is missing on every day of this range."
    key = f"position:{portfolio.pk}:{instrument.pk}:value_base"
    return {
        "portfolio": portfolio_line(portfolio),
        "instrument": instrument,
        "values": values,
        "unknown": {"count": len(unknown), "first": unknown[0]} if unknown else None,
        "quantity": days[-1]["quantity"] if days else None,
        "last": days[-1]["date"] if days else None,
        "refused": refused,
        "live": key if is_until_now else "",
    }


def _worths(days: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """List what is known, as a drawing takes it; between two holdings it was worth nothing."""
    points: list[dict[str, str]] = []
    before: date | None = None
    for day in days:
        if before is not None and day["date"] - before > _ONE_DAY:
            gone = {before + _ONE_DAY, day["date"] - _ONE_DAY}
            points += [{"date": each.isoformat(), "value": "0"} for each in sorted(gone)]
        before = day["date"]
        if (worth := day["value_base"]) is not None:
            points.append({"date": before.isoformat(), "value": format(worth, "f")})
    return points


def _matrix(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Lay correlations out as rows with the symbol they belong to, and how strong each is."""
    return [
        {
            **instrument,
            "cells": [
                {"value": value, "strength": _strength(value), "other": other["instrument_id"]}
                for other, value in zip(found["instruments"], row, strict=True)
            ],
        }
        for instrument, row in zip(found["instruments"], found["rows"], strict=True)
    ]


def _strength(value: str | None) -> str:
    if value is None:
        return "unknown"
    number = float(value)
    return next((name for name, least in _STRENGTHS if number >= least), "against")
