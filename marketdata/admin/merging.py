"""Instruments that turned out to be others, in the back office."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import User
from common import clock
from common.admin import ReadOnlyAdmin
from common.errors import Failure
from marketdata.models import InstrumentMerge
from marketdata.services import undo_merge
from marketdata.tasks import start_following


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
        user = request.user
        return isinstance(user, User) and user.has_perm("marketdata.change_instrument")

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
