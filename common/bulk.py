"""Many rows in one command, where the ORM would send one command a row."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from typing import Any

from django.db import connections, models
from pymongo import UpdateOne

_BATCH = 2_000


def upsert_many(
    rows: Iterable[models.Model], *, key: Collection[str], using: str = "default"
) -> int:
    """Insert each row, or overwrite the one with the same key; return how many were written.

    The backend has no `bulk_create(update_conflicts=True)`, so this goes to the driver, inside the
    transaction of the caller if there is one.

    Args:
        rows: unsaved instances of one model, any number: they are taken in batches.
        key: names of the fields of a unique constraint.
    """
    connection = connections[using]
    written = 0
    iterator = iter(rows)
    while batch := list(islice(iterator, _BATCH)):
        collection = connection.get_collection(batch[0]._meta.db_table)  # type: ignore[attr-defined]
        collection.bulk_write(
            [_upsert(row, key, connection) for row in batch],
            ordered=False,
            session=connection.session,  # type: ignore[attr-defined]
        )
        written += len(batch)
    return written


def document_of(row: models.Model, connection: Any) -> dict[str, Any]:
    """Return a row as it is stored, without its key."""
    fields: Sequence[models.Field[Any, Any]] = row._meta.concrete_fields
    return {
        str(field.column): field.get_db_prep_save(getattr(row, field.attname), connection)
        for field in fields
        if not field.primary_key
    }


def _upsert(row: models.Model, key: Collection[str], connection: Any) -> UpdateOne:
    fields: Sequence[models.Field[Any, Any]] = row._meta.concrete_fields
    match: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    for field in fields:
        if not field.primary_key:
            part = match if field.name in key else rest
            value = getattr(row, field.attname)
            part[str(field.column)] = field.get_db_prep_save(value, connection)
    return UpdateOne(match, {"$set": rest}, upsert=True)
