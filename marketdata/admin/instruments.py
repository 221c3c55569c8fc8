"""Instruments and their closes in the back office."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from common import clock
from common.admin import CommitsItself, ReadOnlyAdmin
from marketdata.adapters.registry import known_sources
from marketdata.admin.merging import Mergeable
from marketdata.domain.chains import (
    NOBODY,
    ChainRefused,
    Chains,
    read_chain,
    restored,
    stored,
    written,
)
from marketdata.domain.classification import WeightsRefused, check_weights, stored_weights
from marketdata.domain.instruments import AssetClass
from marketdata.domain.sources import Need
from marketdata.models import Instrument, PriceBar
from marketdata.services import rename_instrument, wrong_with_renaming

#: For what staff choose sources.
CHOSEN_NEEDS = (Need.QUOTE, Need.BARS, Need.FX)


class InstrumentForm(forms.ModelForm):  # type: ignore[type-arg]  # no type argument at run time
    """An instrument whose weights and sources are checked as the services check them."""

    renamed_since = forms.DateField(
        required=False,
        label="Symbol since",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The first day of another symbol; empty is today. Up to then it is found by the "
        "one that it has now, in files and brokers' histories too.",
    )
    quote_sources = forms.CharField(required=False, label="Sources of quotes")
    bars_sources = forms.CharField(required=False, label="Sources of daily closes")
    fx_sources = forms.CharField(required=False, label="Sources of exchange rates")

    class Meta:
        model = Instrument
        fields = (
            "symbol",
            "name",
            "isin",
            "mic",
            "asset_class",
            "weights",
            "weights_source",
            "is_active",
        )
        help_texts = {
            "weights": 'Fractions as texts: {"sector": {"energy": "0.4"}, "country": {"US": "1"}}. '
            "Dimensions: asset_class, sector, country, currency. What is missing to 1 is unknown."
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        chains = restored(self.instance.sources)
        for need in CHOSEN_NEEDS:
            field = self.fields[f"{need.value}_sources"]
            field.initial = written(chains.get(need))
            field.help_text = (
                "Asked in this order, and no others; the next one stands in for one that is down. "
                f"Of {', '.join(known_sources(need))}, as far as the settings name them. "
                f"Empty is the order of the settings, “{NOBODY}” is nobody."
            )

    def clean_symbol(self) -> str:
        """Write it the way it is compared."""
        return str(self.cleaned_data["symbol"]).strip().upper()

    def clean(self) -> dict[str, Any]:
        """Refuse a symbol that it can't have since then."""
        known: dict[str, Any] = super().clean() or {}
        symbol = known.get("symbol", self.instance.symbol)
        if symbol != self.instance.symbol and "renamed_since" in known:
            known["renamed_since"] = known["renamed_since"] or clock.now().date()
            wrong = wrong_with_renaming(self.instance, symbol=symbol, since=known["renamed_since"])
            for field, lines in wrong.items():
                self.add_error("renamed_since" if field == "since" else field, lines)
        return known

    def clean_quote_sources(self) -> Any:
        """Take names of sources that can quote."""
        return self._chain(Need.QUOTE)

    def clean_bars_sources(self) -> Any:
        """Take names of sources that know daily closes."""
        return self._chain(Need.BARS)

    def clean_fx_sources(self) -> Any:
        """Take names of sources that know exchange rates."""
        chain = self._chain(Need.FX)
        if chain is not None and self.instance.asset_class != AssetClass.CURRENCY.value:
            raise forms.ValidationError("Only a currency pair has exchange rates.")
        return chain

    def _chain(self, need: Need) -> tuple[str, ...] | None:
        try:
            return read_chain(self.cleaned_data[f"{need.value}_sources"], known=known_sources(need))
        except ChainRefused as error:
            raise forms.ValidationError(error.detail) from error

    def chains(self) -> Chains:
        """Return the sources that were chosen."""
        found = {need: self.cleaned_data[f"{need.value}_sources"] for need in CHOSEN_NEEDS}
        return {need: chain for need, chain in found.items() if chain is not None}

    def clean_weights(self) -> dict[str, dict[str, str]] | None:
        """Take weights that an instrument can have; nothing at all means unknown."""
        given = self.cleaned_data["weights"]
        if given is None:
            return None
        try:
            return stored_weights(check_weights(given))
        except WeightsRefused as error:
            lines = [f"{name}: {line}" for name, found in error.errors.items() for line in found]
            raise forms.ValidationError(lines or [error.detail]) from error


@admin.register(Instrument)
class InstrumentAdmin(CommitsItself, Mergeable):
    """Staff may correct names, numbers and weights; identity stays."""

    form = InstrumentForm

    list_display = ("symbol", "name", "mic", "currency", "asset_class", "last_close", "is_active")
    list_filter = ("asset_class", "is_active", "currency")
    search_fields = ("symbol", "name", "isin")
    ordering = ("symbol", "id")
    # Closes and ledgers are read in the currency; another one is another instrument.
    readonly_fields = (
        "identity",
        "share_class_figi",
        "identified_at",
        "currency",
        "owner",
        "last_close",
        "last_close_date",
    )
    fields = (
        "identity",
        "symbol",
        "renamed_since",
        "name",
        "isin",
        "share_class_figi",
        "identified_at",
        "mic",
        "currency",
        "asset_class",
        "weights",
        "weights_source",
        "is_active",
        "quote_sources",
        "bars_sources",
        "fx_sources",
        "owner",
        "last_close",
        "last_close_date",
    )
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Instruments come from the directory and from users."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Ledgers speak of instruments; they are switched off, never deleted."""
        return False

    def save_model(self, request: HttpRequest, obj: Instrument, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """Note when it was changed, which sources were chosen, and what it was called before."""
        obj.updated_at = clock.now()
        obj.sources = stored(form.chains())
        if "symbol" in form.changed_data:
            renamed = rename_instrument(
                obj.pk,
                symbol=obj.symbol,
                since=form.cleaned_data["renamed_since"],
                owner_id=obj.owner_id,
                now=obj.updated_at,
            )
            obj.identified_at = renamed.identified_at
        if not {"isin", "mic"}.isdisjoint(form.changed_data):
            # What was told of it was told of another one.
            obj.share_class_figi, obj.identified_at = "", None
        super().save_model(request, obj, form, change)


@admin.register(PriceBar)
class PriceBarAdmin(ReadOnlyAdmin[PriceBar]):
    """Closes, to look at."""

    list_display = ("instrument", "date", "close", "source", "told_in", "recorded_at")
    list_filter = ("source", "told_in")
    search_fields = ("source",)
    list_select_related = ("instrument",)
    ordering = ("-date", "instrument")
