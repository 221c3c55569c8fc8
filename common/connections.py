"""Connections to the database in threads that outlive a request or a task."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import close_old_connections


@contextmanager
def renewed_connections() -> Iterator[None]:
    """Let no connection that was lost in a long-lived thread be used again.

    Django does so around requests; nothing does around what a thread of a command asks.
    """
    close_old_connections()
    try:
        yield
    finally:
        close_old_connections()
