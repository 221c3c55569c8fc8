"""What people type about instruments of their own."""

from __future__ import annotations

import datetime as dt
from typing import Any

from bson import ObjectId
from django import forms
from django.urls import reverse_lazy

from common.choices import grouped_currencies
from common.forms import DecimalField
from common.money import DECIMAL_PLACES, WHOLE_DIGITS, plain
from common.texts import quoted
from marketdata import selectors, services
from marketdata.adapters.base import DailyClose
from marketdata.domain.instruments import AssetClass
from marketdata.models import Instrument

#: A pair of currencies is nothing that somebody owns.
_CLASSES = [(kind.value, kind.label) for kind in AssetClass if kind is not AssetClass.CURRENCY]


class _InstrumentFields(forms.Form):
    """What can be said of an instrument both when it is made and later."""

    name = forms.CharField(max_length=160, help_text="As you call it: House at the lake.")
    asset_class = forms.ChoiceField(label="Kind", choices=_CLASSES, initial=AssetClass.OTHER.value)
    isin = forms.CharField(label="ISIN", max_length=12, required=False)
    multiplier = DecimalField(
        label="Worth of one unit at a price of 1",
        decimal_places=DECIMAL_PLACES,
        required=False,
        help_text="1 for nearly everything; 0.01 for a bond that is priced in percent.",
    )

    def clean_isin(self) -> str:
        """Write it the way it is stored."""
        text: str = self.cleaned_data["isin"]
        return text.upper()

    def wanted(self) -> dict[str, Any]:
        """Return what was typed, once the form is valid, as the services take it."""
        known = dict(self.cleaned_data)
        known["asset_class"] = AssetClass(known["asset_class"])
        if known["multiplier"] is None:
            del known["multiplier"]
        return known


class NewInstrumentForm(_InstrumentFields):
    """An instrument that nobody but its owner is to see."""

    symbol = forms.CharField(
        max_length=32,
        help_text="A short name for forms and files: HOUSE.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    currency = forms.ChoiceField(help_text="Its prices are in it; that can't be changed later.")

    field_order = ("symbol", "name", "currency", "asset_class", "isin", "multiplier")

    def __init__(self, *args: Any, own_currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        currency = self.fields["currency"]
        assert isinstance(currency, forms.ChoiceField)  # noqa: S101 - for type checkers
        currency.choices = grouped_currencies(own_currency)
        currency.initial = own_currency


class InstrumentForm(_InstrumentFields):
    """What may be changed of an instrument of one's own."""

    is_active = forms.BooleanField(
        label="Suggest it where a symbol is typed",
        required=False,
        help_text="Without this it stays where it is recorded, but no form offers it.",
    )

    def __init__(self, *args: Any, instrument: Instrument, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {
            "name": instrument.name,
            "asset_class": instrument.asset_class,
            "isin": instrument.isin,
            "multiplier": plain(instrument.multiplier),
            "is_active": instrument.is_active,
        }
        if instrument.asset_class == AssetClass.CURRENCY.value:
            # Made by a program; it stays what it is unless something else is chosen.
            kind = self.fields["asset_class"]
            assert isinstance(kind, forms.ChoiceField)  # noqa: S101 - for type checkers
            kind.choices = [(AssetClass.CURRENCY.value, AssetClass.CURRENCY.label), *_CLASSES]


class InstrumentSearchInput(forms.TextInput):
    """A field for a symbol or an ISIN, which finds instruments while somebody types.

    Without scripts the browser suggests what the page has in its `known-symbols`.
    """

    def __init__(self) -> None:
        super().__init__(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "list": "known-symbols",
                "data-module": "instrument-search",
                "data-search": reverse_lazy("api-instrument-search"),
            }
        )


class MergeForm(forms.Form):
    """What an instrument of somebody's own really is."""

    symbol = forms.CharField(
        label="Symbol or ISIN of the one it is", max_length=160, widget=InstrumentSearchInput()
    )

    def __init__(
        self, *args: Any, instrument: Instrument, user_id: ObjectId, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._instrument = instrument
        self._user_id = user_id

    def clean_symbol(self) -> Instrument:
        """Find what is meant, if it can be that one."""
        text, currency = self.cleaned_data["symbol"], self._instrument.currency
        found = selectors.find_typed(text, user_id=self._user_id, currency=currency)
        if found is None:
            raise forms.ValidationError(f"{quoted(text)} is not known here, or not certain.")
        wrong = services.wrong_with_own_merge(self._instrument, found)
        if wrong:
            raise forms.ValidationError(wrong)
        return found


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
