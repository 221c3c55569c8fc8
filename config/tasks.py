"""Background jobs of the platform itself."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from celery import shared_task
from django.conf import settings


@shared_task(name="config.tasks.clear_sessions")
def clear_sessions(**_later: Any) -> None:
    """Delete the sessions that have expired."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
