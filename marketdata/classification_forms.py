"""What people type about what an instrument of theirs consists of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import Any

from django import forms

from common.choices import grouped_currencies
from common.forms import DecimalField
from common.money import DECIMAL_PLACES, exact, plain
from marketdata.domain.classification import Dimension, Weights, label_of, members_of
from marketdata.services import LONGEST_SOURCE

#: Empty rows that each dimension begins with; asking for more adds as many.
_BLANK_ROWS = 3
#: The last two digits of a fraction are those of a percentage.
_PLACES = DECIMAL_PLACES - 2
_TITLES: Mapping[Dimension, str] = {
    Dimension.SECTOR: "Sectors",
    Dimension.COUNTRY: "Countries",
    Dimension.ASSET_CLASS: "Kinds",
    Dimension.CURRENCY: "Currencies",
}


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one dimension, and what is wrong with them together."""

    title: str
    rows: list[tuple[forms.BoundField, forms.BoundField]]
    errors: list[str]


class ClassificationForm(forms.Form):
    """Parts and their percentages by dimension; what is missing to 100 stays unknown."""

    source = forms.CharField(
        label="Where that is from",
        max_length=LONGEST_SOURCE,
        required=False,
        help_text="Such as the fund's report of June.",
    )

    def __init__(self, *args: Any, weights: Weights, more: bool = False, **kwargs: Any) -> None:
        """Set the form up.

        Args:
            weights: what is known so far.
            more: there is to be room for more parts than were sent.
        """
        super().__init__(*args, **kwargs)
        self._together: dict[Dimension, list[str]] = {}
        self._rows: dict[Dimension, int] = {}
        for dimension in _TITLES:
            known = list(weights.get(dimension, {}).items())
            wanted = self._sent(dimension) if self.is_bound else len(known) + _BLANK_ROWS
            wanted += _BLANK_ROWS if more else 0
            self._rows[dimension] = min(len(members_of(dimension)), wanted)
            self._add_rows(dimension, known)

    def groups(self) -> Iterator[Group]:
        """Go through the dimensions with their rows."""
        for dimension, title in _TITLES.items():
            pairs = (_names(dimension, number) for number in range(self._rows[dimension]))
            rows = [(self[key], self[percent]) for key, percent in pairs]
            yield Group(title, rows, self._together.get(dimension, []))

    def clean(self) -> dict[str, Any]:
        """Put the rows together: part and percentage belong together, and each part comes once."""
        known = super().clean() or {}
        known["weights"] = {}
        for dimension, rows in self._rows.items():
            for number in range(rows):
                self._take_row(known, dimension, number)
        return known

    def take_refusal(self, errors: Mapping[str, list[str]], *, detail: str) -> None:
        """Show what the service had to say, beside the dimension it speaks of."""
        for name, lines in (errors or {"": [detail]}).items():
            if name in set(Dimension):
                self._together[Dimension(name)] = lines
            else:
                self.add_error("source" if name == "source" else None, lines)

    def _take_row(self, known: dict[str, Any], dimension: Dimension, number: int) -> None:
        key_name, percent_name = _names(dimension, number)
        if key_name in self.errors or percent_name in self.errors:
            return
        key, percent = known[key_name], known[percent_name]
        found: dict[str, str] = known["weights"].setdefault(dimension.value, {})
        if key and percent is None:
            self.add_error(percent_name, "Say how many percent.")
        elif percent is not None and not key:
            self.add_error(key_name, "Choose a part.")
        elif key in found:
            self.add_error(key_name, "This part is named twice.")
        elif key:
            with exact():
                found[key] = plain(percent.scaleb(-2))

    def _sent(self, dimension: Dimension) -> int:
        return next(n for n in count() if _names(dimension, n)[0] not in self.data)

    def _add_rows(self, dimension: Dimension, known: list[tuple[str, Decimal]]) -> None:
        choices = [("", "–"), *_choices(dimension)]
        for number in range(self._rows[dimension]):
            key, fraction = known[number] if number < len(known) else ("", None)
            key_name, percent_name = _names(dimension, number)
            self.fields[key_name] = forms.ChoiceField(
                label=f"{_TITLES[dimension]}, part {number + 1}",
                choices=choices,
                required=False,
                initial=key,
            )
            self.fields[percent_name] = DecimalField(
                label=f"{_TITLES[dimension]}, percent of part {number + 1}",
                decimal_places=_PLACES,
                required=False,
                initial=None if fraction is None else plain(fraction.scaleb(2)),
                widget=forms.NumberInput(attrs={"min": "0", "max": "100", "step": "any"}),
            )


def _names(dimension: Dimension, number: int) -> tuple[str, str]:
    return f"{dimension.value}_{number}", f"{dimension.value}_{number}_percent"


def _choices(dimension: Dimension) -> list[Any]:
    if dimension is Dimension.CURRENCY:
        return list(grouped_currencies())
    return [(key, label_of(dimension, key)) for key in members_of(dimension)]
