"""Corporate actions in the back office."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from common import clock
from common.admin import ReadOnlyAdmin
from common.errors import Failure, InvalidInput
from marketdata.admin.merging import may_change_instruments
from marketdata.domain.actions import ActionKind
from marketdata.models import CorporateAction
from marketdata.services import rename_instrument


@admin.register(CorporateAction)
class CorporateActionAdmin(ReadOnlyAdmin[CorporateAction]):
    """What companies did to their shares; staff withdraw what isn't so."""

    list_display = ("instrument", "kind", "ex_date", "ratio", "cash", "source", "state")
    list_filter = ("kind", "state", "source")
    search_fields = ("instrument__symbol", "source_id")
    list_select_related = ("instrument",)
    ordering = ("-ex_date", "-id")
    actions = ("withdraw", "announce", "rename")

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

    @admin.action(description="Rename the instrument as it says", permissions=["correct"])
    def rename(self, request: HttpRequest, chosen: QuerySet[CorporateAction]) -> None:
        """Give instruments the symbols that renamings tell, each since its day."""
        rows = chosen.filter(kind=ActionKind.RENAMING.value, state=CorporateAction.ANNOUNCED)
        renamed = 0
        # One that was renamed twice gets its symbols in the order of their days.
        for action in rows.exclude(other_symbol="").order_by("ex_date", "id"):
            try:
                rename_instrument(
                    action.instrument_id,
                    symbol=action.other_symbol,
                    since=action.ex_date,
                    now=clock.now(),
                )
            except Failure as error:
                self.message_user(request, f"{action}: {_lines(error)}", messages.ERROR)
            else:
                self.log_change(request, action, f"Renamed to {action.other_symbol}.")
                renamed += 1
        self.message_user(request, f"{renamed} renamed; what is no renaming was left alone.")

    def _set(self, request: HttpRequest, chosen: QuerySet[CorporateAction], state: str) -> None:
        for action in chosen.order_by("id"):
            self.log_change(request, action, state)
        changed = chosen.update(state=state, updated_at=clock.now())
        self.message_user(request, f"{changed} {state}.")


def _lines(error: Failure) -> str:
    if isinstance(error, InvalidInput) and error.errors:
        return " ".join(line for lines in error.errors.values() for line in lines)
    return error.detail
