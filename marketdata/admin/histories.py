"""Histories of closes in the back office: filled in, checked, and doubted."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.http import AuthedHttpRequest
from common import clock
from common.admin import CommitsItself, ModelAdmin, ReadOnlyAdmin
from marketdata import histories, services, tasks
from marketdata.domain import gaps
from marketdata.domain.backfills import BackfillState, Trigger
from marketdata.domain.doubts import Verdict
from marketdata.models import Backfill, CloseDoubt, HistoryCheck, MinuteFill
from marketdata.services import checking

#: How many gaps of a history are named in a list.
_GAPS_NAMED = 3


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


@admin.register(Backfill)
class BackfillAdmin(CommitsItself, ReadOnlyAdmin[Backfill]):
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


class MissingFilter(admin.SimpleListFilter):
    """Histories with gaps, or those of which nobody knows."""

    title = "sessions without a close"
    parameter_name = "gaps"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the choices."""
        return [("yes", "Some"), ("no", "None"), ("unknown", "Nobody knows the sessions")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[HistoryCheck]
    ) -> QuerySet[HistoryCheck]:
        """Keep what was chosen."""
        match self.value():
            case "yes":
                return queryset.filter(missing__gt=0)
            case "no":
                return queryset.filter(missing=0)
            case "unknown":
                return queryset.filter(missing__isnull=True)
            case _:
                return queryset


@admin.register(HistoryCheck)
class HistoryCheckAdmin(ReadOnlyAdmin[HistoryCheck]):
    """What is missing in histories, the most first, and its repair."""

    list_display = (
        "instrument",
        "missing",
        "where",
        "first_date",
        "last_date",
        "closes",
        "checked_at",
    )
    list_filter = (MissingFilter,)
    search_fields = ("instrument__symbol", "instrument__identity")
    list_select_related = ("instrument",)
    ordering = ("-missing", "id")
    actions = ("fill_gaps",)

    @admin.display(description="gaps")
    def where(self, check: HistoryCheck) -> str:
        """Name the newest gaps."""
        found = gaps.restored(check.gaps)
        named = [
            f"{gap.first}" if gap.first == gap.last else f"{gap.first} to {gap.last}"
            for gap in found[-_GAPS_NAMED:]
        ]
        more = len(found) - len(named)
        return ", ".join(reversed(named)) + (f" and {more} more" if more else "")

    def has_repair_permission(self, request: AuthedHttpRequest) -> bool:
        """Whoever may ask for histories may have gaps filled."""
        return request.user.has_perm("marketdata.add_backfill")

    @admin.action(description="Fill the gaps", permissions=["repair"])
    def fill_gaps(self, request: HttpRequest, queryset: QuerySet[HistoryCheck]) -> None:
        """Ask the sources for what is missing."""
        found = [(each.instrument_id, gaps.restored(each.gaps)) for each in queryset if each.gaps]
        for instrument_id, missing in found:
            job, _ = services.request_backfill(
                instrument_id,
                start=missing[0].first,
                end=missing[-1].last,
                trigger=Trigger.GAP,
                now=clock.now(),
            )
            tasks.start_backfill(job)
        self.message_user(request, f"Asked for the gaps of {len(found)}.")


@admin.register(MinuteFill)
class MinuteFillAdmin(ReadOnlyAdmin[MinuteFill]):
    """How far sources have told the minutes of each instrument, and why no further."""

    list_display = ("instrument", "asked_until", "asked_at", "source", "written", "error")
    search_fields = ("instrument__symbol", "instrument__identity")
    list_select_related = ("instrument",)
    ordering = ("-asked_at", "id")


@admin.register(CloseDoubt)
class CloseDoubtAdmin(ReadOnlyAdmin[CloseDoubt]):
    """Closes that look wrong: staff say whether they are; the closes themselves stay."""

    list_display = ("instrument", "date", "doubt", "sentence", "verdict", "decided_by")
    list_filter = ("verdict", "doubt")
    search_fields = ("instrument__symbol", "instrument__identity")
    list_select_related = ("instrument", "decided_by")
    ordering = ("-date", "id")
    actions = ("accept", "dismiss")

    def has_decide_permission(self, request: AuthedHttpRequest) -> bool:
        """Whoever may change doubts may decide them."""
        return request.user.has_perm("marketdata.change_closedoubt")

    @admin.action(description="The close is wrong", permissions=["decide"])
    def accept(self, request: AuthedHttpRequest, queryset: QuerySet[CloseDoubt]) -> None:
        """Keep the sign at the price chart."""
        self._decide(request, queryset, Verdict.ACCEPTED)

    @admin.action(description="The close is right", permissions=["decide"])
    def dismiss(self, request: AuthedHttpRequest, queryset: QuerySet[CloseDoubt]) -> None:
        """Take the sign away, for good."""
        self._decide(request, queryset, Verdict.DISMISSED)

    def _decide(
        self, request: AuthedHttpRequest, queryset: QuerySet[CloseDoubt], verdict: Verdict
    ) -> None:
        decided = checking.decide(
            list(queryset.values_list("pk", flat=True)),
            verdict=verdict,
            user_id=request.user.pk,
            now=clock.now(),
        )
        self.message_user(request, f"Decided of {decided}: {verdict.label.lower()}.")
