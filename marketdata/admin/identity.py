"""What instruments are called, turned out to be and did, in the back office."""

from typing import Any

from bson import ObjectId
from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from accounts.models import User
from common import clock
from common.admin import ModelAdmin, ReadOnlyAdmin
from common.errors import Failure
from marketdata.models import (
    CorporateAction,
    Instrument,
    InstrumentAlias,
    InstrumentMerge,
)
from marketdata.selectors import count_references
from marketdata.services import (
    Alias,
    identity_of_alias,
    merge_instruments,
    undo_merge,
    wrong_with_alias,
    wrong_with_merge,
)
from marketdata.tasks import start_following


class Mergeable(ModelAdmin[Instrument]):
    """The list of instruments, from which two are merged that are the same."""

    actions = ("merge",)

    @admin.action(description="Merge two that are the same", permissions=["change"])
    def merge(self, request: HttpRequest, chosen: QuerySet[Instrument]) -> HttpResponse | None:
        """Say what would follow, then merge one of two instruments into the other."""
        pair = list(chosen.select_related("owner").order_by("id")[:3])
        if len(pair) != 2:
            self.message_user(request, "Choose two instruments.", messages.ERROR)
            return None
        if "into" not in request.POST:
            return TemplateResponse(
                request, "marketdata/admin_merge.html", self._merge_page(request, pair)
            )
        survivors = [each for each in pair if str(each.pk) == request.POST["into"]]
        if not survivors:
            self.message_user(request, "Choose the one that stays.", messages.ERROR)
            return None
        (duplicate,) = (each for each in pair if each != survivors[0])
        try:
            made = merge_instruments(
                duplicate.pk,
                into_id=survivors[0].pk,
                asked_by=ObjectId(str(request.user.pk)),
                now=clock.now(),
            )
        except Failure as error:
            self.message_user(request, error.detail, messages.ERROR)
            return None
        start_following(made)
        self.log_change(request, duplicate, f"Merged into {survivors[0]}.")
        self.message_user(request, f"{duplicate} is {survivors[0]} now; the rest follows.")
        return None

    def _merge_page(self, request: HttpRequest, pair: list[Instrument]) -> dict[str, Any]:
        first, second = pair
        choices = [
            {
                "instrument": survivor,
                "wrong": wrong_with_merge(duplicate, survivor),
                "used": count_references(survivor).items(),
            }
            for survivor, duplicate in ((first, second), (second, first))
        ]
        return self.admin_site.each_context(request) | {"choices": choices, "title": "Merge"}


@admin.register(CorporateAction)
class CorporateActionAdmin(ReadOnlyAdmin[CorporateAction]):
    """What companies did to their shares; staff withdraw what isn't so."""

    list_display = ("instrument", "kind", "ex_date", "ratio", "cash", "source", "state")
    list_filter = ("kind", "state", "source")
    search_fields = ("instrument__symbol", "source_id")
    list_select_related = ("instrument",)
    ordering = ("-ex_date", "-id")
    actions = ("withdraw", "announce")

    def has_correct_permission(self, request: HttpRequest) -> bool:
        """Who may change instruments may say which of these are so."""
        return _may_change_instruments(request)

    @admin.action(description="Withdraw: it isn't so", permissions=["correct"])
    def withdraw(self, request: HttpRequest, chosen: QuerySet[CorporateAction]) -> None:
        """Let actions count no more, also when their source tells them again."""
        self._set(request, chosen, CorporateAction.WITHDRAWN)

    @admin.action(description="Let it count again", permissions=["correct"])
    def announce(self, request: HttpRequest, chosen: QuerySet[CorporateAction]) -> None:
        """Let actions count again."""
        self._set(request, chosen, CorporateAction.ANNOUNCED)

    def _set(self, request: HttpRequest, chosen: QuerySet[CorporateAction], state: str) -> None:
        for action in chosen.order_by("id"):
            self.log_change(request, action, state)
        changed = chosen.update(state=state, updated_at=clock.now())
        self.message_user(request, f"{changed} {state}.")


def _may_change_instruments(request: HttpRequest) -> bool:
    user = request.user
    return isinstance(user, User) and user.has_perm("marketdata.change_instrument")


@admin.register(InstrumentMerge)
class InstrumentMergeAdmin(ReadOnlyAdmin[InstrumentMerge]):
    """Which instruments turned out to be others, to look at and to take back."""

    list_display = ("duplicate", "survivor", "asked_by", "state", "moved", "returned", "created_at")
    list_filter = ("state",)
    search_fields = ("duplicate__symbol", "survivor__symbol")
    list_select_related = ("duplicate", "survivor", "asked_by")
    ordering = ("-id",)
    actions = ("undo",)

    def has_undo_permission(self, request: HttpRequest) -> bool:
        """Who may change instruments may also take that back."""
        return _may_change_instruments(request)

    @admin.action(description="Take back: let them be two again", permissions=["undo"])
    def undo(self, request: HttpRequest, chosen: QuerySet[InstrumentMerge]) -> None:
        """Undo merges one by one; what followed goes back in the background."""
        for merge in chosen.order_by("-id"):
            try:
                start_following(undo_merge(merge.pk, now=clock.now()))
            except Failure as error:
                self.message_user(request, f"{merge}: {error.detail}", messages.ERROR)
            else:
                self.log_change(request, merge, "Taken back.")
                self.message_user(request, f"{merge}: taken back.")


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
