"""What people assume of the future on the forecast page."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms

from portfolios.domain.forecast import (
    LEAST_GROWTH,
    MOST_GROWTH,
    MOST_PAYMENT_GROWTH,
    MOST_VOLATILITY,
    MOST_YEARS,
)
from portfolios.selectors.forecasting import Assumptions

_ZERO = Decimal(0)
_LONE = "Growth and volatility are given together, or neither."


def _number(label: str, **options: Any) -> forms.DecimalField:
    known = {"required": False, "max_digits": 20, "decimal_places": 6, "localize": False}
    return forms.DecimalField(label=label, **(known | options))


def _percent(fraction: Decimal) -> Decimal:
    return (100 * fraction).quantize(Decimal(1))


class ForecastForm(forms.Form):
    """Assumptions; they live in the address, since they change nothing."""

    years = forms.IntegerField(label="Years", required=False, min_value=1, max_value=MOST_YEARS)
    payment = _number(
        "Paid in each month", help_text="With a minus sign it is taken out.", decimal_places=2
    )
    payment_growth = _number(
        "Payments grow by % a year",
        min_value=_percent(-MOST_PAYMENT_GROWTH),
        max_value=_percent(MOST_PAYMENT_GROWTH),
    )
    target = _number("Target", min_value=_ZERO, decimal_places=2)
    growth = _number(
        "Growth in % a year",
        min_value=_percent(LEAST_GROWTH),
        max_value=_percent(MOST_GROWTH),
        help_text="Empty: the portfolio's own history.",
    )
    volatility = _number(
        "Volatility in % a year", min_value=_ZERO, max_value=_percent(MOST_VOLATILITY)
    )

    def show_usual(self, history: Mapping[str, Any]) -> None:
        """Show in each empty field what is assumed instead.

        Args:
            history: what the portfolio's growth and volatility have been, as plain figures.
        """
        usual = {"years": f"{Assumptions().years}", "payment": "0", "payment_growth": "0"}
        usual |= {
            name: _percentage(found["value"])
            for name, found in history.items()
            if name in self.fields and found["value"] is not None
        }
        for name, text in usual.items():
            self.fields[name].widget.attrs["placeholder"] = text

    def clean(self) -> dict[str, Any]:
        """Check that growth doesn't come without volatility."""
        known: dict[str, Any] = super().clean() or {}
        if (known.get("growth") is None) != (known.get("volatility") is None):
            self.add_error("volatility" if known.get("volatility") is None else "growth", _LONE)
        return known

    def assumptions(self) -> Assumptions:
        """Return what was typed; the usual where nothing was, or something wrong."""
        if not self.is_valid():
            return Assumptions()
        known = self.cleaned_data
        return Assumptions(
            years=known["years"] or Assumptions().years,
            payment=known["payment"] or _ZERO,
            payment_growth=_fraction(known["payment_growth"]) or _ZERO,
            target=known["target"],
            growth=_fraction(known["growth"]),
            volatility=_fraction(known["volatility"]),
        )


def _percentage(fraction: str) -> str:
    return f"{Decimal(fraction).scaleb(2):.2f}"


def _fraction(percent: Decimal | None) -> Decimal | None:
    return None if percent is None else percent.scaleb(-2)
