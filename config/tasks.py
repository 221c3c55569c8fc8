"""Background jobs of the platform itself."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from celery import shared_task
from django.conf import settings

#: How long the back office shows who signed in from where.
SIGN_IN_LOG_DAYS = 30


@shared_task(name="config.tasks.clear_sessions")
def clear_sessions(**_later: Any) -> None:
    """Delete the sessions that have expired."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()


@shared_task(name="config.tasks.clear_sign_in_log")
def clear_sign_in_log(**_later: Any) -> None:
    """Delete what is logged of sign-ins that were too long ago."""
    AxesProxyHandler.reset_logs(age_days=SIGN_IN_LOG_DAYS)
