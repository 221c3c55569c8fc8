"""Instruments and closes in the back office."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from common import clock
from common.admin import ModelAdmin, ReadOnlyAdmin
from marketdata import oversight
from marketdata.domain.classification import WeightsRefused, check_weights, stored_weights
from marketdata.models import Instrument, PriceBar, SourceRun


class InstrumentForm(forms.ModelForm):  # type: ignore[type-arg]  # no type argument at run time
    """An instrument whose weights are checked as the services check them."""

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
class InstrumentAdmin(ModelAdmin[Instrument]):
    """Staff may correct names, numbers and weights; identity stays."""

    form = InstrumentForm

    list_display = ("symbol", "name", "mic", "currency", "asset_class", "last_close", "is_active")
    list_filter = ("asset_class", "is_active", "currency")
    search_fields = ("symbol", "name", "isin")
    ordering = ("symbol", "id")
    # Closes and ledgers are read in the currency; another one is another instrument.
    readonly_fields = ("identity", "currency", "owner", "last_close", "last_close_date")
    fields = (
        "identity",
        "symbol",
        "name",
        "isin",
        "mic",
        "currency",
        "asset_class",
        "weights",
        "weights_source",
        "is_active",
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
        """Note when it was changed."""
        obj.updated_at = clock.now()
        super().save_model(request, obj, form, change)


@admin.register(PriceBar)
class PriceBarAdmin(ReadOnlyAdmin[PriceBar]):
    """Closes, to look at."""

    list_display = ("instrument", "date", "close", "source", "recorded_at")
    list_filter = ("source",)
    search_fields = ("source",)
    list_select_related = ("instrument",)
    ordering = ("-date", "instrument")


@admin.register(SourceRun)
class SourceRunAdmin(ReadOnlyAdmin[SourceRun]):
    """How the sources are, and how they were last asked."""

    list_display = ("source", "need", "state", "ran_at", "last_good_at", "newest_date", "written")
    ordering = ("source", "need")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show how the sources are above how they were asked."""
        report = oversight.get_report(now=clock.now())
        return super().changelist_view(request, (extra_context or {}) | {"report": report})
