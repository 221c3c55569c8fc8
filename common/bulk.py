"""Many rows at once, where the ORM would send a command or take a dozen calls for each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import islice
from typing import Any, TypeVar

from django.db import connections, models
from pymongo import CursorType, UpdateOne
from pymongo.errors import BulkWriteError

from common.fields import MoneyField

_BATCH = 2_000
_DUPLICATE = 11_000
_Item = TypeVar("_Item")


def read_many(
    model: type[models.Model],
    match: Mapping[str, Any],
    *,
    columns: Collection[str],
    sort: Mapping[str, int],
    limit: int | None = None,
    using: str = "default",
) -> Iterator[dict[str, Any]]:
    """Read rows as dictionaries, several times as fast as `values()` does.

    Sees what the transaction of the caller sees, if there is one. What a JSON field holds comes as
    it is stored, without going through its decoder.

    Args:
        match: a filter as the server takes it; days are midnights there.
        columns: names of concrete fields, as the model's attributes are called.
        sort: names of columns in the database, each with 1 or -1.
        limit: at most so many rows.
    """
    fields = {field.attname: field for field in model._meta.concrete_fields}
    readers = {name: reader for name in columns if (reader := _reader(fields[name]))}
    lacking = dict.fromkeys(columns)
    connection: Any = connections[using]
    found = connection.get_collection(model._meta.db_table).find(
        dict(match),
        {"_id": 0} | {name: _sent(fields[name]) for name in columns},
        sort=list(sort.items()),
        limit=limit or 0,
        batch_size=_READ_AT_ONCE,
        # The server gets the next rows ready while these are read; it can't where it must count.
        cursor_type=CursorType.EXHAUST if limit is None else CursorType.NON_TAILABLE,
        session=connection.session,
    )
    for row in found:
        if len(row) < len(lacking):
            row = lacking | row  # noqa: PLW2901 - rows written before a column was there
        for name, read in readers.items():
            value = row[name]
            if value is not None:
                row[name] = read(value)
        yield row


def aggregate(
    model: type[models.Model],
    pipeline: Sequence[Mapping[str, Any]],
    *,
    hint: str | None = None,
    using: str = "default",
) -> Iterator[dict[str, Any]]:
    """Have the server work on a model's rows, as the transaction of the caller sees them.

    Args:
        hint: the name of the index to begin with; the server's own choice unless given.
    """
    connection: Any = connections[using]
    options = {} if hint is None else {"hint": hint}
    yield from connection.get_collection(model._meta.db_table).aggregate(
        pipeline, session=connection.session, **options
    )


def distinct(model: type[models.Model], column: str, *, using: str = "default") -> list[Any]:
    """Return each value that a column has, by an index that begins with it if there is one."""
    connection: Any = connections[using]
    collection = connection.get_collection(model._meta.db_table)
    found: list[Any] = collection.distinct(column, session=connection.session)
    return found


def at_midnight(day: date) -> datetime:
    """Return a day as it is stored."""
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 - a day


_TEXTS_KEPT = 1_000
#: Few enough that the first of them come soon.
_READ_AT_ONCE = 400


def _sent(field: models.Field[Any, Any]) -> Any:
    """Return how the server sends a column: numbers as texts, and the rest as it is.

    A decimal is made ten times as fast of a text as of what the driver makes of a Decimal128.
    """
    stored = f"${field.column}"
    if isinstance(field, MoneyField):
        return {"$toString": stored}
    # Under its own name the server hands it through, instead of computing it.
    return 1 if field.column == field.attname else stored


def _reader(field: models.Field[Any, Any]) -> Callable[[Any], Any] | None:
    """Return what makes a value as it is sent a Python one; None leaves it as it is."""
    if isinstance(field, MoneyField):
        # Many rows share their fees, their quantities and their zeros.
        return lru_cache(_TEXTS_KEPT)(lambda text: field.from_db_value(text, None, None))
    if isinstance(field, models.DateTimeField):
        return lambda moment: moment.replace(tzinfo=UTC)
    if isinstance(field, models.DateField):
        return datetime.date
    return None


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

    def upsert(collection: Any, batch: Sequence[models.Model], connection: Any) -> None:
        fields: Sequence[models.Field[Any, Any]] = batch[0]._meta.concrete_fields
        columns = [str(field.column) for field in fields if field.name in key]
        changes = [_upsert(each, columns) for each in documents_of(batch, connection)]
        collection.bulk_write(changes, ordered=False, session=connection.session)

    return _in_batches(rows, upsert, connections[using])


def insert_many(rows: Iterable[models.Model], *, using: str = "default") -> int:
    """Insert unsaved instances of one model; return how many.

    Inside the transaction of the caller if there is one. Several times as fast as `upsert_many`,
    which has to look each of them up.
    """

    def insert(collection: Any, batch: Sequence[models.Model], connection: Any) -> None:
        documents = documents_of(batch, connection)
        collection.insert_many(documents, ordered=False, session=connection.session)

    return _in_batches(rows, insert, connections[using])


def insert_missing(rows: Iterable[models.Model], *, using: str = "default") -> int:
    """Insert those unsaved instances of which no unique key is there yet; return how many.

    For rows that never change: what is there stays. Not in a transaction, which the first key
    that is there would end.
    """
    present = 0

    def insert(collection: Any, batch: Sequence[models.Model], connection: Any) -> None:
        nonlocal present
        documents = documents_of(batch, connection)
        try:
            collection.insert_many(documents, ordered=False)
        except BulkWriteError as failure:
            errors = failure.details["writeErrors"]
            if any(each["code"] != _DUPLICATE for each in errors):
                raise
            present += len(errors)

    return _in_batches(rows, insert, connections[using]) - present


def update_many(rows: Iterable[models.Model], *, using: str = "default") -> int:
    """Overwrite rows by their primary keys; return how many.

    Inside the transaction of the caller if there is one. To be preferred to deleting rows and
    inserting others with the same unique key: the server keeps what was deleted for minutes, and
    looks through all of it at each insertion.
    """

    def update(collection: Any, batch: Sequence[models.Model], connection: Any) -> None:
        documents = zip(batch, documents_of(batch, connection), strict=True)
        changes = [UpdateOne({"_id": row.pk}, {"$set": each}) for row, each in documents]
        collection.bulk_write(changes, ordered=False, session=connection.session)

    return _in_batches(rows, update, connections[using])


def batched(items: Iterable[_Item], size: int) -> Iterator[list[_Item]]:
    """Give items by the list, each of them full but the last."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _in_batches(
    rows: Iterable[models.Model],
    write: Callable[[Any, Sequence[models.Model], Any], None],
    connection: Any,
) -> int:
    written = 0
    for batch in batched(rows, _BATCH):
        write(connection.get_collection(batch[0]._meta.db_table), batch, connection)
        written += len(batch)
    return written


def document_of(row: models.Model, connection: Any) -> dict[str, Any]:
    """Return a row as it is stored, without its key."""
    return documents_of([row], connection)[0]


def documents_of(rows: Sequence[models.Model], connection: Any) -> list[dict[str, Any]]:
    """Return rows of one model as they are stored, without their keys."""
    fields = [field for field in rows[0]._meta.concrete_fields if not field.primary_key]
    names = [str(field.column) for field in fields]
    columns = (_stored_column(field, rows, connection) for field in fields)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _stored_column(
    field: models.Field[Any, Any], rows: Sequence[models.Model], connection: Any
) -> Iterator[Any]:
    attribute, prepared = field.attname, field.get_db_prep_save
    value: Any = _NOTHING
    stored: Any = _NOTHING
    for row in rows:
        before, value = value, getattr(row, attribute)
        # Rows that are written together share much: their portfolio, their moment, their status.
        if value is not before:
            stored = prepared(value, connection)
        yield stored


_NOTHING = object()


def _upsert(document: dict[str, Any], key: Collection[str]) -> UpdateOne:
    match = {name: document.pop(name) for name in key}
    return UpdateOne(match, {"$set": document}, upsert=True)
