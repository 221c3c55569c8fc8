"""Instruments and closes in the back office."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from common import clock
from common.admin import ModelAdmin, ReadOnlyAdmin
from marketdata import histories, oversight, services, tasks
from marketdata.adapters.registry import known_sources
from marketdata.domain.backfills import BackfillState, Trigger
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
from marketdata.models import Backfill, Instrument, PriceBar, SourceRun

#: For what staff choose sources.
CHOSEN_NEEDS = (Need.QUOTE, Need.BARS, Need.FX)


class InstrumentForm(forms.ModelForm):  # type: ignore[type-arg]  # no type argument at run time
    """An instrument whose weights and sources are checked as the services check them."""

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


class BackfillForm(forms.ModelForm):  # type: ignore[type-arg]  # no type argument at run time
    """Which closes are wanted; checked as the service checks them."""

    class Meta:
        model = Backfill
        fields = ("instrument", "start", "end")
        help_texts = {"end": "Yesterday at the latest. Closes that are there already stay."}

    def clean(self) -> dict[str, Any]:
        """Take days in order, of an instrument that everybody sees."""
        given: dict[str, Any] = super().clean() or {}
        instrument, start, end = (given.get(name) for name in ("instrument", "start", "end"))
        if instrument is not None and instrument.owner_id is not None:
            self.add_error("instrument", "It is somebody's own: its prices come from its owner.")
        if start and end:
            try:
                services.check_span(start, end, today=clock.now().date())
            except services.BackfillRefused as error:
                self.add_error("start", [each for lines in error.errors.values() for each in lines])
        return given


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
        """Note when it was changed, and which sources were chosen."""
        obj.updated_at = clock.now()
        obj.sources = stored(form.chains())
        super().save_model(request, obj, form, change)


@admin.register(Backfill)
class BackfillAdmin(ReadOnlyAdmin[Backfill]):
    """Histories of closes on their way in: staff ask for them, see how far they are, retry."""

    list_display = (
        "instrument",
        "start",
        "end",
        "state",
        "percent",
        "source",
        "written",
        "trigger",
        "retry_at",
        "error",
        "updated_at",
    )
    list_filter = ("state", "trigger")
    search_fields = ("instrument__symbol", "instrument__identity")
    list_select_related = ("instrument",)
    ordering = ("-id",)
    form = BackfillForm
    raw_id_fields = ("instrument",)
    actions = ("ask_again",)

    @admin.display(description="done")
    def percent(self, job: Backfill) -> str:
        """Return how much is done."""
        return f"{histories.percent_of(job)} %"

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever may change back-fills may ask for one."""
        return ModelAdmin.has_add_permission(self, request)

    def get_fields(self, request: HttpRequest, obj: Backfill | None = None) -> Any:
        """Show what is asked for, or all that came of it."""
        if obj is None:
            return ("instrument", "start", "end")
        return [each.name for each in Backfill._meta.concrete_fields if not each.primary_key]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Take the form without Django's `atomic` around it, inside which ours can't commit."""
        return self._changeform_view(request, object_id, form_url, extra_context)  # type: ignore[attr-defined]

    def save_model(self, request: HttpRequest, obj: Backfill, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """Ask for it; one that is open for the instrument is made longer instead."""
        job, _ = services.request_backfill(
            obj.instrument_id, start=obj.start, end=obj.end, trigger=Trigger.STAFF, now=clock.now()
        )
        obj.__dict__.update(job.__dict__)
        tasks.start_backfill(job)

    @admin.action(description="Ask again for what failed", permissions=["add"])
    def ask_again(self, request: HttpRequest, queryset: QuerySet[Backfill]) -> None:
        """Begin failed back-fills anew, each at the day that it had reached."""
        failed = list(queryset.filter(state=BackfillState.FAILED.value).order_by("id"))
        for old in failed:
            job, _ = services.request_backfill(
                old.instrument_id,
                start=min(old.next_date, old.end),
                end=old.end,
                trigger=Trigger.STAFF,
                now=clock.now(),
            )
            tasks.start_backfill(job)
        self.message_user(request, f"Asked for {len(failed)} again; others had not failed.")


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
