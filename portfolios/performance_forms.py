"""What people choose on the pages of performance and gains: a range, and what goes beside it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from bson import ObjectId
from django import forms

from common.forms import DayField, DecimalField
from marketdata import selectors as market
from portfolios.domain.benchmark import Blend, Rebalancing
from portfolios.domain.ranges import RangeName
from portfolios.selectors.history import WantedDays

#: Offered beside a portfolio; more would only make the page heavy.
_MOST_BENCHMARKS = 200
#: The fields of the instruments of a blend, and those of their weights.
_PARTS = (("benchmark", "weight"), ("benchmark_2", "weight_2"), ("benchmark_3", "weight_3"))
_REBALANCING = {
    Rebalancing.DAILY.value: "rebalanced daily",
    Rebalancing.NEVER.value: "left alone",
}


def _weight_field() -> DecimalField:
    return DecimalField(label="Weight, %", required=False, min_value=0, max_value=100)


class RangeForm(forms.Form):
    """A range by its name or its days."""

    range = forms.ChoiceField(
        choices=[(each.value.lower(), each.value) for each in RangeName],
        required=False,
        widget=forms.HiddenInput,
    )
    start = DayField(label="From", required=False)
    end = DayField(label="To", required=False)

    def clean(self) -> dict[str, Any]:
        """Check that the days follow each other."""
        known: dict[str, Any] = super().clean() or {}
        start, end = known.get("start"), known.get("end")
        if start and end and end < start:
            self.add_error("end", "The last day is before the first.")
        return known

    def range_fields(self) -> list[forms.BoundField]:
        """Return the fields that are shown at once."""
        return [self["start"], self["end"]]

    def range_parameters(self) -> dict[str, str]:
        """Return what of the address says which range it is."""
        typed = {name: str(self.data.get(name, "")) for name in ("range", "start", "end")}
        return {name: text for name, text in typed.items() if text} if self.chosen() else {}

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
    """A range, and what is to go beside the portfolio: an instrument, or a blend of several."""

    def __init__(self, *args: Any, user_id: ObjectId, **options: Any) -> None:
        super().__init__(*args, **options)
        self._blend: Blend | None = None
        offered = market.list_instruments(user_id)[:_MOST_BENCHMARKS]
        names = [(str(each.pk), f"{each.symbol} · {each.name}") for each in offered]
        for place, (part, weight) in enumerate(_PARTS):
            self.fields[part] = forms.ChoiceField(
                label="and" if place else "Beside",
                required=False,
                choices=[("", "nothing more" if place else "nothing"), *names],
            )
            self.fields[weight] = _weight_field()
        self.fields["rebalancing"] = forms.ChoiceField(
            label="The blend is", required=False, choices=list(_REBALANCING.items())
        )

    def clean(self) -> dict[str, Any]:
        """Make a blend of what is chosen; one weight that is left open takes the rest."""
        known = super().clean()
        chosen = [(known[part], known.get(weight)) for part, weight in _PARTS if known.get(part)]
        if not chosen or any(name in self.errors for pair in _PARTS for name in pair):
            return known
        given = sum((weight for _, weight in chosen if weight is not None), Decimal(0))
        rest = 100 - given
        weights = {key: rest if weight is None else weight for key, weight in chosen}
        if len(weights) < len(chosen):
            self.add_error("benchmark", "Choose each instrument once.")
        elif sum(weights.values()) != 100 or min(weights.values()) <= 0:
            self.add_error("weight", "The weights are above 0 and add up to 100.")
        else:
            fractions = {key: weight.scaleb(-2) for key, weight in weights.items()}
            self._blend = Blend(fractions, Rebalancing(known.get("rebalancing") or "daily"))
        return known

    def wanted(self) -> WantedDays:
        """Return the range; the last year where none is chosen, or not rightly."""
        return self.chosen() or WantedDays(name=RangeName.YEAR)

    def blend(self) -> Blend | None:
        """Return what is to go beside the portfolio, if something is chosen rightly."""
        self.is_valid()
        return self._blend

    def blend_parameters(self) -> dict[str, str]:
        """Return what of the address says what goes beside the portfolio."""
        names = (*(name for pair in _PARTS for name in pair), "rebalancing")
        typed = {name: str(self.data.get(name, "")) for name in names}
        return {name: text for name, text in typed.items() if text} if self.blend() else {}

    def is_blended(self) -> bool:
        """Say whether several instruments are chosen, or something of them is wrong."""
        blend = self.blend()
        wrong = any(field.errors for field in self.blend_fields())
        return wrong or (blend is not None and not blend.is_alone)

    def range_fields(self) -> list[forms.BoundField]:
        """Return the fields of the days, and of the first instrument."""
        return [*super().range_fields(), self["benchmark"]]

    def blend_fields(self) -> list[forms.BoundField]:
        """Return the fields that a blend has beside those."""
        parts = [self[name] for pair in _PARTS for name in pair]
        return [*parts[1:], self["rebalancing"]]
