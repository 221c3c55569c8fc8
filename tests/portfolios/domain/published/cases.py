"""The published cases, as they stand in tests/data/calculation_cases.json."""

import json
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

CASES_FILE = Path(__file__).parents[3] / "data" / "calculation_cases.json"


@dataclass(frozen=True)
class Expected:
    """A published figure.

    Attributes:
        value: a number, a list of them, or None where there is none.
        tolerance: how far off one may be, of figures above 1 as a fraction of them: published
            figures have so many digits, not so many decimals.
        is_verified: whether independent arithmetic reproduced it; `doubt` says why not.
    """

    value: Any
    meaning: str
    tolerance: Decimal
    is_verified: bool
    doubt: str

    def allows(self, value: Any) -> bool:
        """Say whether a figure is as published."""
        if isinstance(self.value, list):
            return len(value) == len(self.value) and all(
                self._is_near(*pair) for pair in zip(value, self.value, strict=True)
            )
        return self._is_near(value, self.value)

    def _is_near(self, value: Any, published: Any) -> bool:
        # Words, or nothing, stand where there is no such figure.
        if value is None or not isinstance(published, Decimal | int):
            return value is None and not isinstance(published, Decimal | int)
        size = max(Decimal(1), abs(Decimal(published)))
        return abs(Decimal(value) - published) <= self.tolerance * size


@dataclass(frozen=True)
class Case:
    """One published case; see the README of the projects it came from."""

    id: str
    kind: str
    project: str
    description: str
    notes: str
    rows: tuple[dict[str, Any], ...]
    prices: dict[str, Any]
    fx: dict[str, dict[str, Decimal]]
    expected: dict[str, Expected]

    def __str__(self) -> str:
        return self.id

    def says(self, words: str) -> bool:
        """Say whether the case's own words match a pattern."""
        return re.search(words, self.words, re.IGNORECASE) is not None

    @cached_property
    def words(self) -> str:
        """What the case says of itself."""
        return f"{self.description}. {self.notes}"

    @cached_property
    def report(self) -> tuple[date, date] | None:
        """First and last day of the period that is reported on, where a meaning names it."""
        for each in self.expected.values():
            days = re.search(r"(\d{4}-\d\d-\d\d)\.\.(\d{4}-\d\d-\d\d)", each.meaning)
            if days:
                start, end = map(date.fromisoformat, days.groups())
                return start, end
        return None


def _case(raw: dict[str, Any]) -> Case:
    return Case(
        id=raw["id"],
        kind=raw["kind"],
        project=raw["source"].partition(":")[0].partition("/")[2].removesuffix("-help"),
        description=raw["description"],
        notes=raw["notes"],
        rows=tuple(raw.get("transactions") or raw.get("cashflows") or ()),
        prices=raw.get("prices") or {},
        fx=raw.get("fx") or {},
        expected={name: _expected(each) for name, each in raw["expected"].items()},
    )


def _expected(raw: dict[str, Any]) -> Expected:
    return Expected(
        value=raw["value"],
        meaning=raw.get("meaning") or "",
        tolerance=Decimal(raw.get("tolerance") or 0),
        is_verified=raw.get("verified", True),
        doubt=raw.get("why_not") or "",
    )


CASES = {
    raw["id"]: _case(raw)
    for raw in json.loads(CASES_FILE.read_text(), parse_float=Decimal)["cases"]
}
