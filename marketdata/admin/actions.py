"""Corporate actions in the back office."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from common import clock
from common.admin import ReadOnlyAdmin
from marketdata.admin.merging import may_change_instruments
from marketdata.models import CorporateAction


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
        return may_change_instruments(request)

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
