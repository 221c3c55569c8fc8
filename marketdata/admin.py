"""Instruments and closes in the back office."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from common import clock
from common.admin import ModelAdmin, ReadOnlyAdmin
from marketdata.models import Instrument, PriceBar


@admin.register(Instrument)
class InstrumentAdmin(ModelAdmin[Instrument]):
    """Staff may correct names and numbers; identity stays."""

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
