"""Reads lists of small objects out of JSON of any size, piece by piece."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, BinaryIO, TypeAlias

import ijson
from ijson.common import JSONError
from ijson.utils import sendable_list

from brokers.adapters.base import UnreadableFile
from brokers.domain.statements import shown

Scalar: TypeAlias = str | int | Decimal | bool | None

_CHUNK_BYTES = 16_384
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_DEEPEST = 32
_MOST_FIELDS = 200
#: A chunk without a single token of JSON in it belongs to a very long text.
_LONGEST_TEXT_BYTES = 1_000_000
#: Python refuses to make integers of more than 4,300 digits, and ijson's C code dies of that.
_MOST_DIGITS = 4_000
_TOO_MANY_DIGITS = re.compile(rb"[0-9]{%d}" % _MOST_DIGITS)


@dataclass(slots=True)
class JsonRecord:
    """One object of a list, or a plain value of the outermost object.

    Attributes:
        section: the key of the list, or "" for the outermost object.
        number: the position in the list, from 1; 0 announces a list, whether asked for or not.
        values: the plain values; those of an inner object as `outer.inner`.
        repeated: the keys that the object has twice.
    """

    section: str
    number: int
    values: dict[str, Scalar] = field(default_factory=dict)
    repeated: list[str] = field(default_factory=list)


def read_records(stream: BinaryIO, sections: Collection[str]) -> Iterator[JsonRecord]:
    """Read the plain values of the outermost object, and the objects of some of its lists.

    Numbers come as written, never as floats. What lies deeper is checked and left out.

    Raises:
        UnreadableFile: it isn't JSON, ends early or is made to do harm; says where.
    """
    collector = _Collector(frozenset(sections))
    begin = stream.tell()
    offset = 0
    events: Any = sendable_list()
    parser = ijson.basic_parse_coro(events)
    for chunk in _chunks(stream):
        try:
            parser.send(chunk)
        except (JSONError, InvalidOperation) as error:
            deque(collector.take(events, 0), maxlen=0)
            raise _not_json(stream, begin, offset, collector, error) from error
        yield from collector.take(events, len(chunk))
        events.clear()
        offset += len(chunk)
    try:
        parser.close()
    except JSONError as error:
        message = f"The file ends in the middle{collector.place()}: a part of it is missing."
        raise UnreadableFile(message) from error


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    is_first = True
    tail = b""
    while chunk := stream.read(_CHUNK_BYTES):
        if is_first and chunk.startswith(_BYTE_ORDER_MARK):
            # Blanks keep the offsets right.
            chunk = b"   " + chunk[3:]
        is_first = False
        if _TOO_MANY_DIGITS.search(tail + chunk):
            raise UnreadableFile(f"The file has a number of more than {_MOST_DIGITS:,} digits.")
        tail = chunk[-_MOST_DIGITS:]
        yield chunk


def _not_json(
    stream: BinaryIO, begin: int, offset: int, collector: _Collector, error: Exception
) -> UnreadableFile:
    """Find the byte at which a chunk stops being JSON, and say so."""
    stream.seek(begin)
    parser = ijson.basic_parse_coro(sendable_list())
    line, line_start, position = 1, 0, 0
    try:
        for chunk in _chunks(stream):
            pieces = [chunk] if position < offset else [chunk[i : i + 1] for i in range(len(chunk))]
            for piece in pieces:
                parser.send(piece)
                line += piece.count(b"\n")
                if b"\n" in piece:
                    line_start = position + piece.rindex(b"\n") + 1
                position += len(piece)
    except (JSONError, InvalidOperation):
        pass
    reason = (
        "is a number beyond all bounds" if isinstance(error, InvalidOperation) else "isn't JSON"
    )
    return UnreadableFile(
        f"Line {line:,}, column {position - line_start + 1:,}{collector.place()}: "
        f"what stands there {reason}."
    )


class _Collector:
    """Turns the tokens of JSON into records."""

    def __init__(self, sections: frozenset[str]) -> None:
        self._sections = sections
        #: For each open bracket, whether it is an object's.
        self._open: list[bool] = []
        self._keys = ["", "", ""]
        self._record: JsonRecord | None = None
        self._count = 0
        self._silent_bytes = 0

    def place(self) -> str:
        """Say in words where in the file the last token stood."""
        section, key, _ = self._keys
        if not section:
            return ""
        entry = f", entry {self._count:,}" if self._count else ""
        inside = f", field “{shown(key)}”" if len(self._open) > 2 and key else ""
        return f" (“{shown(section)}”{entry}{inside})"

    def take(self, events: list[tuple[str, Any]], chunk_bytes: int) -> Iterator[JsonRecord]:
        """Go on with some tokens; yield the records they complete."""
        self._silent_bytes = 0 if events else self._silent_bytes + chunk_bytes
        if self._silent_bytes > _LONGEST_TEXT_BYTES:
            raise UnreadableFile(f"A text in the file{self.place()} is longer than 1 MB.")
        for event, value in events:
            done = None
            if event == "map_key":
                self._name(value)
            elif event in ("start_map", "start_array"):
                done = self._descend(is_object=event == "start_map")
            elif event in ("end_map", "end_array"):
                done = self._ascend()
            else:
                done = self._value(value)
            if done is not None:
                yield done

    def _name(self, key: str) -> None:
        depth = len(self._open)
        if depth == 1:
            self._keys[:] = [key, "", ""]
            self._count = 0
        elif 3 <= depth <= 4:
            self._keys[depth - 2] = key

    def _descend(self, *, is_object: bool) -> JsonRecord | None:
        depth = len(self._open)
        if depth == 0 and not is_object:
            raise UnreadableFile("The file is a bare JSON list; Livefolio reads a JSON object.")
        if depth == _DEEPEST:
            raise UnreadableFile(f"The JSON is nested more than {_DEEPEST} levels deep.")
        self._open.append(is_object)
        if depth == 1 and not is_object:
            return JsonRecord(self._keys[0], 0)
        if depth == 2 and not self._open[1]:
            self._count += 1
            self._keys[1:] = ["", ""]
            if self._keys[0] in self._sections:
                self._record = JsonRecord(self._keys[0], self._count)
        return None

    def _ascend(self) -> JsonRecord | None:
        self._open.pop()
        if len(self._open) != 2 or self._record is None:
            return None
        done, self._record = self._record, None
        return done

    def _value(self, value: Scalar) -> JsonRecord | None:
        depth = len(self._open)
        if depth == 0:
            raise UnreadableFile("The file is a bare JSON value; Livefolio reads a JSON object.")
        if depth == 1:
            return JsonRecord("", 0, {self._keys[0]: value})
        if depth == 2 and not self._open[1] and self._keys[0] in self._sections:
            self._count += 1
            return JsonRecord(self._keys[0], self._count)
        if self._record is not None and depth <= 4 and all(self._open[2:]):
            self._keep(self._record, ".".join(self._keys[1 : depth - 1]), value)
        return None

    def _keep(self, record: JsonRecord, name: str, value: Scalar) -> None:
        if name in record.values:
            record.repeated.append(name)
        if len(record.values) >= _MOST_FIELDS:
            raise UnreadableFile(f"An object{self.place()} has more than {_MOST_FIELDS} fields.")
        record.values[name] = value
