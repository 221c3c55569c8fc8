"""What goes along with an import, whoever deletes it: its file, which no cascade reaches."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db.models.signals import post_delete
from django_mongodb_backend.transaction import on_commit

from brokers.adapters import payloads
from brokers.models import ImportRun


def on_import_deleted(*, instance: ImportRun, **_more: Any) -> None:
    """Delete the file once the deletion of its import is certain."""
    on_commit(partial(payloads.delete, instance.payload_id))


def connect() -> None:
    """Begin to listen."""
    post_delete.connect(on_import_deleted, sender=ImportRun)
