"""The sources of market data in the back office."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from common import clock
from common.admin import ReadOnlyAdmin
from marketdata import oversight
from marketdata.models import SourceRun


@admin.register(SourceRun)
class SourceRunAdmin(ReadOnlyAdmin[SourceRun]):
    """How the sources are, and how they were last asked."""

    list_display = ("source", "need", "state", "ran_at", "last_good_at", "newest_date", "written")
    ordering = ("source", "need")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show how the sources are above how they were asked."""
        report = oversight.get_report(now=clock.now())
        return super().changelist_view(request, (extra_context or {}) | {"report": report})
