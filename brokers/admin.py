"""Imports in the back office, to look at."""

from django.contrib import admin

from brokers.models import ImportRow, ImportRun
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
