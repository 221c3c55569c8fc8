"""What people type about instruments of their own."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms

from common.money import DECIMAL_PLACES, WHOLE_DIGITS
from marketdata.adapters.base import DailyClose


class PriceForm(forms.Form):
    """What an instrument cost at the end of a day."""

    date = forms.DateField(label="Day", widget=forms.DateInput(attrs={"type": "date"}))
    close = forms.DecimalField(
        label="Price of one unit",
        max_digits=WHOLE_DIGITS + DECIMAL_PLACES,
        decimal_places=DECIMAL_PLACES,
        localize=False,
    )

    def __init__(self, *args: Any, currency: str, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("date", today)
        self.fields["close"].label = f"Price of one unit in {currency}"

    def price(self) -> DailyClose:
        """Return what was typed, once the form is valid."""
        return DailyClose(**self.cleaned_data)
