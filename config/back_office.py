"""The back office's front page, which says what waits for staff."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts.models import User
from brokers.domain.dead_letters import LetterState, describe_waiting
from brokers.selectors import count_letters


class BackOffice(AdminSite):
    """The one site of the admin."""

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Show the front page, above all how many dead letters wait and since when."""
        return super().index(request, {**(extra_context or {}), "letters": _letters(request)})


def _letters(request: HttpRequest) -> dict[str, str] | None:
    """Describe what waits; None where nothing does, or to whoever may not see it."""
    if not isinstance(request.user, User) or not request.user.has_perm("brokers.view_deadletter"):
        return None
    count, since = count_letters()
    if not count:
        return None
    listed = reverse("admin:brokers_deadletter_changelist")
    return {
        "words": describe_waiting(count, since),
        "url": f"{listed}?state__exact={LetterState.WAITING.value}",
    }
