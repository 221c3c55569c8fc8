"""What instruments are called elsewhere, in the back office."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from common import clock
from common.admin import ModelAdmin
from marketdata.models import InstrumentAlias
from marketdata.services import Alias, identity_of_alias, wrong_with_alias


class AliasForm(forms.ModelForm):  # type: ignore[type-arg]  # no type argument at run time
    """What an instrument is called elsewhere, checked as the services check it."""

    class Meta:
        model = InstrumentAlias
        fields = ("instrument", "source", "symbol", "valid_from", "valid_until")
        help_texts = {
            "source": "The source's or broker's name here: alpaca, binance, kite. “isin” where the "
            "symbol is an ISIN; empty where everybody spells it so.",
            "symbol": "As the source spells it: BRK B, NSE:INFY.",
            "valid_from": "The first day on which it was called so; empty is since ever.",
            "valid_until": "The day after the last one; empty is without end.",
        }

    def clean_symbol(self) -> str:
        """Write it the way it is compared."""
        return str(self.cleaned_data["symbol"]).strip().upper()

    def clean(self) -> dict[str, Any]:
        """Refuse what the services refuse, field by field."""
        known: dict[str, Any] = super().clean() or {}
        if {"instrument", "symbol"} <= known.keys():
            alias = Alias(
                symbol=known["symbol"],
                source=known.get("source") or "",
                valid_from=known.get("valid_from"),
                valid_until=known.get("valid_until"),
                owner_id=self.instance.owner_id,
            )
            errors = wrong_with_alias(known["instrument"], alias, besides=self.instance.pk)
            for field, lines in errors.items():
                self.add_error(field, lines)
        return known


@admin.register(InstrumentAlias)
class InstrumentAliasAdmin(ModelAdmin[InstrumentAlias]):
    """What sources call instruments, for staff to see and correct."""

    form = AliasForm

    list_display = ("symbol", "source", "instrument", "owner", "valid_from", "valid_until")
    list_filter = ("source",)
    search_fields = ("symbol", "instrument__symbol")
    list_select_related = ("instrument", "owner")
    autocomplete_fields = ("instrument",)
    readonly_fields = ("owner",)
    ordering = ("symbol", "id")
    show_full_result_count = False

    def save_model(
        self,
        request: HttpRequest,
        obj: InstrumentAlias,
        form: Any,
        change: bool,  # noqa: FBT001 - Django's signature
    ) -> None:
        """Note when it was changed, and keep what makes it unique."""
        obj.updated_at = clock.now()
        if not change:
            obj.created_at = obj.updated_at
        obj.identity = identity_of_alias(obj)
        super().save_model(request, obj, form, change)
