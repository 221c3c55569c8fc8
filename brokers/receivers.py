"""What follows from what others do: the file of an import goes along with it, and the like."""

from __future__ import annotations

from functools import partial
from typing import Any

from bson import ObjectId
from django.db.models.signals import post_delete
from django_mongodb_backend.transaction import on_commit

from brokers.adapters import payloads
from brokers.models import ImportRun
from brokers.selectors import imports
from marketdata import events as market


def on_import_deleted(*, instance: ImportRun, **_more: Any) -> None:
    """Delete the file once the deletion of its import is certain."""
    on_commit(partial(payloads.delete, instance.payload_id))


def on_references_asked(*, instrument_id: ObjectId, **_more: Any) -> dict[str, int]:
    """Tell how many rows of imports that may still be committed speak of an instrument."""
    return {"row waiting in an import": imports.count_waiting(instrument_id)}


def connect() -> None:
    """Begin to listen."""
    market.references_asked.connect(on_references_asked)
    post_delete.connect(on_import_deleted, sender=ImportRun)
