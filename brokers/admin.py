"""Imports, connections and syncs in the back office, to look at; no secret is shown there."""

from django.contrib import admin

from brokers.models import BrokerRow, Connection, Discrepancy, ImportRow, ImportRun, Sync
from common.admin import ReadOnlyAdmin


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
