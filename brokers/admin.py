"""Imports, connections and syncs in the back office; no secret is shown there.

Nothing is edited there. What a mended fault left behind can be read again.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from accounts.models import User
from brokers import tasks
from brokers.domain.dead_letters import describe_waiting
from brokers.models import (
    BrokerRow,
    Connection,
    DeadLetter,
    Discrepancy,
    EquityDay,
    ImportRow,
    ImportRun,
    MissedDay,
    Resync,
    Sync,
)
from brokers.selectors import count_letters
from brokers.services import replaying
from common import clock
from common.admin import ReadOnlyAdmin
from common.errors import Conflict
from common.remote.errors import Schema


def _may(request: HttpRequest, right: str) -> bool:
    return isinstance(request.user, User) and request.user.has_perm(right)


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin[ImportRun]):
    """Imports and how they went."""

    list_display = (
        "file_name",
        "owner",
        "portfolio",
        "file_format",
        "state",
        "rows_new",
        "rows_duplicate",
        "rows_error",
        "rows_done",
        "created_at",
    )
    list_filter = ("state", "file_format")
    search_fields = ("file_name", "owner__email", "payload_sha256")
    list_select_related = ("owner", "portfolio")
    ordering = ("-id",)


@admin.register(ImportRow)
class ImportRowAdmin(ReadOnlyAdmin[ImportRow]):
    """Rows of imports, with what was wrong with them."""

    list_display = ("run", "number", "state", "errors")
    list_filter = ("state",)
    search_fields = ("run__file_name",)
    list_select_related = ("run",)
    ordering = ("-id",)


@admin.register(Connection)
class ConnectionAdmin(ReadOnlyAdmin[Connection]):
    """Connections to brokers; the sealed secret is left out."""

    list_display = ("broker", "environment", "account", "owner", "state", "next_sync_at")
    list_filter = ("state", "broker", "environment")
    search_fields = ("owner__email", "account_number")
    list_select_related = ("owner",)
    ordering = ("-id",)
    exclude = ("secret",)
    actions = ("read_again",)

    def has_replay_permission(self, request: HttpRequest) -> bool:
        """Those may replay who may change connections."""
        return _may(request, "brokers.change_connection")

    @admin.action(description="Read the stored answers again", permissions=["replay"])
    def read_again(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        """Have all that is stored of some connections read again, without asking the broker."""
        begun = 0
        for connection in queryset:
            try:
                sync, is_new = replaying.request_replay(connection, now=clock.now())
            except Conflict as failure:
                self.message_user(request, f"{connection}: {failure.detail}", messages.WARNING)
                continue
            if is_new:
                tasks.start_sync(sync)
                begun += 1
            else:
                self.message_user(request, f"{connection}: a sync runs.", messages.WARNING)
        self.message_user(request, f"{begun} begun; how they go is listed under syncs.")


@admin.register(Sync)
class SyncAdmin(ReadOnlyAdmin[Sync]):
    """Syncs and how they went."""

    list_display = (
        "connection",
        "owner",
        "trigger",
        "state",
        "rows_new",
        "rows_changed",
        "rows_unbooked",
        "calls",
        "retries",
        "error",
        "created_at",
    )
    list_filter = ("state", "trigger")
    search_fields = ("owner__email", "connection__account_number")
    list_select_related = ("owner", "connection")
    ordering = ("-id",)


@admin.register(BrokerRow)
class BrokerRowAdmin(ReadOnlyAdmin[BrokerRow]):
    """What brokers told, and what became of it."""

    list_display = ("connection", "external_id", "kind", "state", "problem", "updated_at")
    list_filter = ("state", "kind")
    search_fields = ("external_id", "connection__account_number")
    list_select_related = ("connection",)
    ordering = ("-id",)


@admin.register(Discrepancy)
class DiscrepancyAdmin(ReadOnlyAdmin[Discrepancy]):
    """Figures that differ from the brokers'."""

    list_display = ("connection", "measure", "what", "theirs", "ours", "state", "last_seen_at")
    list_filter = ("state", "measure")
    search_fields = ("what", "connection__account_number", "owner__email")
    list_select_related = ("connection",)
    ordering = ("-id",)


@admin.register(EquityDay)
class EquityDayAdmin(ReadOnlyAdmin[EquityDay]):
    """What brokers say that accounts were worth, day by day."""

    list_display = ("connection", "day", "currency", "compared_at")
    search_fields = ("connection__account_number",)
    list_select_related = ("connection",)
    ordering = ("-id",)


@admin.register(MissedDay)
class MissedDayAdmin(ReadOnlyAdmin[MissedDay]):
    """Trading days that brokers can't tell any more."""

    list_display = ("connection", "day", "read_until", "state", "settled_at")
    list_filter = ("state",)
    search_fields = ("connection__account_number",)
    list_select_related = ("connection",)
    ordering = ("-id",)


@admin.register(DeadLetter)
class DeadLetterAdmin(ReadOnlyAdmin[DeadLetter]):
    """Answers and rows that couldn't be read or booked, to be replayed after a fix."""

    list_display = (
        "broker",
        "connection",
        "stream",
        "stage",
        "external_id",
        "failure",
        "error",
        "attempts",
        "adapter_version",
        "state",
        "created_at",
        "last_seen_at",
    )
    list_filter = ("state", "broker", "stage", "stream", "adapter_version")
    search_fields = ("external_id", "failure", "connection__account_number")
    list_select_related = ("connection",)
    ordering = ("-id",)
    actions = ("replay",)

    def has_replay_permission(self, request: HttpRequest) -> bool:
        """Those may replay who may change dead letters."""
        return _may(request, "brokers.change_deadletter")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Say above the list how many wait, and for how long."""
        title = describe_waiting(*count_letters())
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    @admin.action(description="Replay", permissions=["replay"])
    def replay(self, request: HttpRequest, queryset: QuerySet[DeadLetter]) -> None:
        """Read again what was chosen; all of a list can be chosen above it."""
        done, connections = 0, {}
        for letter in queryset.select_related("connection", "payload"):
            try:
                replaying.replay_letter(letter, now=clock.now())
            except (Conflict, Schema) as failure:
                self.message_user(request, f"{letter}: {failure.detail}", messages.WARNING)
                continue
            done += 1
            connections[letter.connection_id] = letter.connection
        for connection in connections.values():
            tasks.recalculate_after(connection)
        self.message_user(request, f"{done} read again.")


@admin.register(Resync)
class ResyncAdmin(ReadOnlyAdmin[Resync]):
    """Accounts that were fetched anew, and what came of it."""

    list_display = ("connection", "owner", "state", "error", "created_at", "switched_at")
    list_filter = ("state",)
    search_fields = ("owner__email", "connection__account_number")
    list_select_related = ("connection", "owner")
    ordering = ("-id",)
