"""Fields of pages that read numbers and days just as the API does."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

from common.money import NotADecimal, parse_decimal
from common.numerals import OTHER_DIGITS, has_other_digits


class DecimalField(forms.DecimalField):
    """A number that the ledger can keep exactly, without the places that it may lack."""

    def to_python(self, value: Any) -> Any:
        """Read the number; the stubs take it for a whole one."""
        if value in self.empty_values:
            return None
        try:
            return parse_decimal(str(value))
        except NotADecimal as error:
            raise forms.ValidationError(error.detail, code="invalid") from error


class DayField(forms.DateField):
    """A day, picked or typed."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=forms.DateInput(attrs={"type": "date"}), **options)

    def to_python(self, value: Any) -> date | None:
        """Read the day."""
        if isinstance(value, str) and has_other_digits(value):
            raise forms.ValidationError(OTHER_DIGITS, code="invalid")
        return super().to_python(value)
