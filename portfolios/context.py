"""What the frame around every page shows of portfolios' alerts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest

from portfolios.selectors import watching


def inbox(request: HttpRequest) -> dict[str, Callable[[], int]]:
    """Offer `unread_count`; the database is asked only by pages that show it."""

    def unread_count() -> int:
        user: Any = getattr(request, "user", None)
        return watching.count_unread(user.pk) if user is not None and user.is_authenticated else 0

    return {"unread_count": unread_count}
