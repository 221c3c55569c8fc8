"""Instruments that turned out to be others, in the back office."""

from typing import Any

from bson import ObjectId
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from accounts.models import User
from common import clock
from common.admin import ModelAdmin, ReadOnlyAdmin
from common.errors import Failure
from marketdata.models import Instrument, InstrumentMerge
from marketdata.selectors import count_references, list_suggested_merges
from marketdata.services import merge_instruments, undo_merge, wrong_with_merge
from marketdata.tasks import start_following


def may_change_instruments(request: HttpRequest) -> bool:
    """Say whether somebody may change instruments, and so what they were said to be or do."""
    user = request.user
    return isinstance(user, User) and user.has_perm("marketdata.change_instrument")


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


@admin.register(InstrumentMerge)
class InstrumentMergeAdmin(ReadOnlyAdmin[InstrumentMerge]):
    """Which instruments turned out to be others, to look at and to take back."""

    list_display = ("duplicate", "survivor", "asked_by", "state", "moved", "returned", "created_at")
    list_filter = ("state",)
    search_fields = ("duplicate__symbol", "survivor__symbol")
    list_select_related = ("duplicate", "survivor", "asked_by")
    ordering = ("-id",)
    actions = ("undo",)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show above what was merged what looks as if it should be."""
        suggested = list_suggested_merges() if may_change_instruments(request) else []
        return super().changelist_view(request, (extra_context or {}) | {"suggested": suggested})

    def has_undo_permission(self, request: HttpRequest) -> bool:
        """Who may change instruments may also take that back."""
        return may_change_instruments(request)

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
