"""Ask how far jobs are, whatever they do."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from bson import ObjectId

from brokers.models import ImportRun, Sync
from brokers.selectors.connections import sync_progress
from brokers.selectors.imports import progress_of


def list_progress(job_ids: Collection[ObjectId], *, owner_id: ObjectId) -> list[Mapping[str, Any]]:
    """Describe where those of some imports and syncs stand that are an owner's, oldest first."""
    runs = ImportRun.objects.filter(pk__in=job_ids, owner_id=owner_id).order_by("pk")
    syncs = (
        Sync.objects.filter(pk__in=job_ids, owner_id=owner_id)
        .select_related("connection")
        .order_by("pk")
    )
    return [*map(progress_of, runs), *map(sync_progress, syncs)]
