"""What people choose on the pages of performance and gains: a range, and what goes beside it."""

from __future__ import annotations

from datetime import date
from typing import Any

from bson import ObjectId
from django import forms

from marketdata import selectors as market
from portfolios.domain.ranges import RangeName
from portfolios.selectors.history import WantedDays

#: Offered beside a portfolio; more would only make the page heavy.
_MOST_BENCHMARKS = 200


def _day_field(label: str) -> forms.DateField:
    return forms.DateField(
        label=label, required=False, widget=forms.DateInput(attrs={"type": "date"})
    )


class RangeForm(forms.Form):
    """A range by its name or its days."""

    range = forms.ChoiceField(
        choices=[(each.value.lower(), each.value) for each in RangeName],
        required=False,
        widget=forms.HiddenInput,
    )
    start = _day_field("From")
    end = _day_field("To")

    def clean(self) -> dict[str, Any]:
        """Check that the days follow each other."""
        known: dict[str, Any] = super().clean() or {}
        start, end = known.get("start"), known.get("end")
        if start and end and end < start:
            self.add_error("end", "The last day is before the first.")
        return known

    def chosen(self) -> WantedDays | None:
        """Return the range; None where none is chosen, or not rightly."""
        known = self.cleaned_data if self.is_valid() else {}
        if known.get("start") or known.get("end"):
            return WantedDays(start=known.get("start"), end=known.get("end"))
        return WantedDays(name=RangeName(known["range"].upper())) if known.get("range") else None


class PeriodForm(RangeForm):
    """A range of days that have ended."""

    def __init__(self, *args: Any, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self._today = today

    def clean(self) -> dict[str, Any]:
        """Check that the days have ended."""
        known = super().clean()
        for name in ("start", "end"):
            day = known.get(name)
            if day and day >= self._today:
                self.add_error(name, "Give a day that has ended.")
        return known


class ComparisonForm(RangeForm):
    """A range, and what is to go beside the portfolio."""

    def __init__(self, *args: Any, user_id: ObjectId, **options: Any) -> None:
        super().__init__(*args, **options)
        offered = market.list_instruments(user_id)[:_MOST_BENCHMARKS]
        names = [(str(each.pk), f"{each.symbol} · {each.name}") for each in offered]
        chosen = forms.ChoiceField(
            label="Beside", required=False, choices=[("", "nothing"), *names]
        )
        self.fields["benchmark"] = chosen

    def wanted(self) -> WantedDays:
        """Return the range; the last year where none is chosen, or not rightly."""
        return self.chosen() or WantedDays(name=RangeName.YEAR)

    def benchmark_id(self) -> str | None:
        """Return the instrument to go beside the portfolio, if one is chosen."""
        return self.cleaned_data.get("benchmark") or None
