"""The file formats there are, and which of them a file is in."""

from __future__ import annotations

from brokers.adapters.base import StatementFormat
from brokers.adapters.csv_statement import CsvStatement
from brokers.adapters.ghostfolio import GhostfolioActivities
from brokers.adapters.ibkr.files import FlexStatements
from brokers.adapters.kite.tradebook import KiteTradebook
from brokers.adapters.livefolio_json import LivefolioJson
from common.errors import InvalidInput

_FLEX = FlexStatements()
#: Asked in this order: what is certain first.
FORMATS: tuple[StatementFormat, ...] = (
    LivefolioJson(),
    GhostfolioActivities(),
    _FLEX,
    KiteTradebook(),
    CsvStatement(),
)

#: What a file is by its first bytes, whatever its name says.
_SIGNATURES = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"RIFF", "a media file"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
)
_ZIP = b"PK\x03\x04"
_TAR_MARK = slice(257, 262)


class UnknownFormat(InvalidInput):
    """The file is in no format that can be imported."""

    code = "unknown-format"


def recognize(head: bytes, file_name: str) -> StatementFormat:
    """Say in which format a file is.

    Args:
        head: its first bytes, some tens of kilobytes of them.

    Raises:
        UnknownFormat: in none; says what it seems to be.
    """
    kind = _foreign_kind(head)
    if kind is None:
        for each in FORMATS:
            if each.recognizes(head, file_name):
                return each
        kind = "something that isn't text" if b"\x00" in head else "text in an unknown form"
    wanted = ", ".join(each.label for each in FORMATS)
    raise UnknownFormat(f"The file is {kind}. What can be imported: {wanted}.")


def _foreign_kind(head: bytes) -> str | None:
    """Name what a file is if it is none that anyone should try to read."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        return "empty"
    if head.startswith(_ZIP):
        return _zip_kind(head)
    for signature, name in _SIGNATURES:
        if head.startswith(signature) and not _is_words(head):
            return name
    if head[_TAR_MARK] == b"ustar":
        return "a tar archive"
    if start.startswith(b"<") and not _FLEX.recognizes(head, ""):
        return "a web page or an XML document"
    return None


def _is_words(head: bytes) -> bool:
    """Say whether a short signature such as MZ may just begin a heading."""
    first_line = head[:256].splitlines()[0]
    return first_line.isascii() and first_line.decode("ascii").isprintable() and b"," in first_line


def _zip_kind(head: bytes) -> str:
    if b"xl/" in head or b"[Content_Types].xml" in head:
        return "an Excel workbook; save it as CSV"
    if b"opendocument.spreadsheet" in head:
        return "an OpenDocument table; save it as CSV"
    return "a zip archive; unpack it first"
