"""What a file format must be able to do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Protocol

from brokers.domain.statements import StatementRow
from common.errors import InvalidInput


class UnreadableFile(InvalidInput):
    """The file can't be read."""

    code = "unreadable-file"


class StatementFormat(Protocol):
    """One way of writing transactions into a file."""

    #: For machines and for the record of an import.
    name: str
    #: For people.
    label: str

    def recognizes(self, head: bytes, file_name: str) -> bool:
        """Say whether a file that begins so is likely of this format."""
        ...

    def rows(self, stream: BinaryIO) -> Iterator[StatementRow]:
        """Read a file row by row; memory doesn't grow with it.

        Args:
            stream: seekable: a file is looked through before its first row is read, so that
                what decides how to read it may stand anywhere.

        Raises:
            UnreadableFile: the file as a whole makes no sense; says where and why. It may come
                after some rows, which then mean nothing either.
        """
        ...
