"""Uploaded files, kept in MongoDB's GridFS exactly as they came."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, cast

from bson import ObjectId
from django.db import connection
from gridfs import GridFSBucket
from gridfs.errors import NoFile

from common.errors import NotFound

if TYPE_CHECKING:
    from django_mongodb_backend.base import DatabaseWrapper


class PayloadGone(NotFound):
    """The uploaded file is no longer stored."""

    code = "payload-gone"


@dataclass(frozen=True, slots=True)
class Payload:
    """Where a file is kept, and how to recognize it."""

    id: str
    size: int
    sha256: str


def _bucket() -> GridFSBucket:
    database = cast("DatabaseWrapper", connection).database
    return GridFSBucket(database, bucket_name="import_payloads")


def store(chunks: Iterable[bytes], *, file_name: str) -> Payload:
    """Keep a file, chunk by chunk; a file that breaks off leaves nothing behind."""
    digest = hashlib.sha256()
    size = 0
    with _bucket().open_upload_stream(file_name) as upload:
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            upload.write(chunk)
        return Payload(id=str(upload._id), size=size, sha256=digest.hexdigest())  # noqa: SLF001 - GridFS documents `_id` as public


def open_payload(payload_id: str) -> BinaryIO:
    """Open a kept file for reading as a stream.

    Raises:
        PayloadGone: it has been deleted.
    """
    try:
        return cast("BinaryIO", _bucket().open_download_stream(ObjectId(payload_id)))
    except NoFile as error:
        raise PayloadGone from error


def delete(payload_id: str) -> None:
    """Delete a kept file; deleting it twice is no error."""
    with suppress(NoFile):
        _bucket().delete(ObjectId(payload_id))
