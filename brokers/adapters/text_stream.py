"""Text out of bytes: which encoding, then line by line, never more than a line at once."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO

from brokers.adapters.base import UnreadableFile

LONGEST_LINE = 65_536
#: A record may span lines inside quotation marks, but not the rest of the file.
_LONGEST_RECORD = 4 * LONGEST_LINE
_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_ENCODING_NAMES = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "utf-16": "UTF-16", "cp1252": "Latin-1"}


class _Unowned(io.RawIOBase):
    """Lends a stream to a text reader, which would close it."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Read as much as fits or is at hand."""
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def encoding_name(encoding: str) -> str:
    """Return an encoding's name for people."""
    return _ENCODING_NAMES.get(encoding, encoding)


def marked_encoding(stream: BinaryIO) -> str | None:
    """Say which encoding a byte order mark tells, or None without one."""
    begin = stream.tell()
    head = stream.read(3)
    stream.seek(begin)
    return next((name for mark, name in _MARKS.items() if head.startswith(mark)), None)


def find_encoding(stream: BinaryIO) -> str:
    """Decide how a file is encoded by reading all of it: as its mark says, UTF-8, or Latin-1.

    Raises:
        UnreadableFile: none of them fits, or it isn't text.
    """
    begin = stream.tell()
    encoding = marked_encoding(stream) or "utf-8"
    is_plain_so_far = True
    number = 0
    try:
        for number, line in enumerate(text_lines(stream, encoding), start=1):  # noqa: B007 - told below
            is_plain_so_far = is_plain_so_far and line.isascii()
    except UnicodeDecodeError as error:
        is_plain_so_far = is_plain_so_far and bytes(error.object[: error.start]).isascii()
        if encoding != "utf-8" or not is_plain_so_far:
            name = encoding_name(encoding)
            message = f"The file stops being {name} near line {number + 1:,}: it may be cut off."
            raise UnreadableFile(message) from error
        encoding = "cp1252"
        stream.seek(begin)
        _check_all(stream, encoding)
    finally:
        stream.seek(begin)
    return encoding


def _check_all(stream: BinaryIO, encoding: str) -> None:
    try:
        for _ in text_lines(stream, encoding):
            pass
    except UnicodeDecodeError as error:
        raise UnreadableFile("The file isn't text in UTF-8, UTF-16 or Latin-1.") from error


def text_lines(stream: BinaryIO, encoding: str) -> Iterator[str]:
    """Read a stream's lines with their ends as they are.

    Raises:
        UnreadableFile: a line has no end in sight, or a character that no text has.
    """
    reader = io.TextIOWrapper(io.BufferedReader(_Unowned(stream)), encoding=encoding, newline="")
    number = 0
    while line := reader.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise UnreadableFile(
                f"Line {number:,} is longer than 64 kB: this is no file of transactions."
            )
        if "\x00" in line:
            raise UnreadableFile(f"Line {number:,} holds a NUL byte: this isn't a text file.")
        yield line


class BoundedLines:
    """Hands out lines to the CSV reader, but never endlessly for a single record."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._first_line = 1
        self._line = 0
        self._size = 0

    def __iter__(self) -> BoundedLines:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self._line += 1
        self._size += len(line)
        if self._size > _LONGEST_RECORD:
            raise UnreadableFile(
                f"Line {self._first_line:,} opens a quotation mark that isn't closed."
            )
        return line

    def begin_record(self) -> int:
        """Start to count anew; return the number of the line that comes next."""
        self._size = 0
        self._first_line = self._line + 1
        return self._first_line
