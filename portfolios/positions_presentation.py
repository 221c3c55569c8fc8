"""Plain values for the page of positions; nothing here asks the database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portfolios.models import Portfolio
from portfolios.presentation import portfolio_line

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
    }


def _matrix(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Lay correlations out as rows with the symbol they belong to, and how strong each is."""
    return [
        {
            "symbol": instrument["symbol"],
            "cells": [{"value": value, "strength": _strength(value)} for value in row],
        }
        for instrument, row in zip(found["instruments"], found["rows"], strict=True)
    ]


def _strength(value: str | None) -> str:
    if value is None:
        return "unknown"
    number = float(value)
    return next((name for name, least in _STRENGTHS if number >= least), "against")
