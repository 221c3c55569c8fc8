"""Instruments that turned out to be others, in the back office."""

from typing import Any

from bson import ObjectId
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from accounts.models import User
from common import clock
from common.admin import ModelAdmin, ReadOnlyAdmin
from common.errors import Failure
from common.ids import parse_object_id
from marketdata.models import Instrument, InstrumentMerge, MergeDismissal
from marketdata.selectors import count_references, list_suggested_merges
from marketdata.services import (
    dismiss_suggestion,
    merge_instruments,
    suggest_again,
    undo_merge,
    wrong_with_merge,
)
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

    def get_urls(self) -> list[URLPattern]:
        """Add where a suggestion is dismissed."""
        dismiss = path(
            "dismiss/",
            self.admin_site.admin_view(self.dismiss),
            name="marketdata_instrumentmerge_dismiss",
        )
        return [dismiss, *super().get_urls()]

    def dismiss(self, request: HttpRequest) -> HttpResponse:
        """Remember that two that were suggested are two."""
        if not may_change_instruments(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            first, second = (parse_object_id(request.POST[name]) for name in ("first", "second"))
            made = dismiss_suggestion(
                first, second, user_id=ObjectId(str(request.user.pk)), now=clock.now()
            )
        except (KeyError, Failure) as error:
            reason = error.detail if isinstance(error, Failure) else "Choose two instruments."
            self.message_user(request, reason, messages.ERROR)
        else:
            self.message_user(
                request, f"{made.first} and {made.second} are two, and no longer suggested."
            )
        return redirect("admin:marketdata_instrumentmerge_changelist")

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


@admin.register(MergeDismissal)
class MergeDismissalAdmin(ReadOnlyAdmin[MergeDismissal]):
    """Of which pairs staff have said that they are two, who and when."""

    list_display = ("first", "second", "by", "dismissed_by", "dismissed_at")
    search_fields = ("first__symbol", "second__symbol")
    list_select_related = ("first", "second", "dismissed_by")
    ordering = ("-dismissed_at", "id")
    actions = ("suggest",)

    def has_undo_permission(self, request: HttpRequest) -> bool:
        """Who may change instruments may also take that back."""
        return may_change_instruments(request)

    @admin.action(description="Take back: suggest them again", permissions=["undo"])
    def suggest(self, request: HttpRequest, chosen: QuerySet[MergeDismissal]) -> None:
        """Let what was dismissed be suggested again."""
        rows = list(chosen)
        for each in rows:
            # The row goes: what it said stays in the log.
            said = f"{each.dismissed_by} had said so on {each.dismissed_at:%Y-%m-%d %H:%M} UTC"
            self.log_change(request, each, f"Suggested again; {said}.")
        count = suggest_again([each.pk for each in rows])
        self.message_user(request, f"{count} suggested again.")
