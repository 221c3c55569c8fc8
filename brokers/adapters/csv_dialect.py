"""How a CSV file is written, decided once from all of it, and never row by row."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from brokers.adapters.base import UnreadableFile
from brokers.adapters.text_stream import BoundedLines, encoding_name, find_encoding, text_lines
from brokers.domain.dates import DateOrder, OrderEvidence, order_evidence
from brokers.domain.numbers import DecimalSign, SignEvidence, sign_evidence
from brokers.domain.statements import shown
from brokers.domain.vocabulary import column_of

NUMBER_FIELDS = frozenset(
    {
        *("quantity", "price", "amount", "ratio", "fee", "tax", "fx_rate"),
        *("accrued", "cost_share", "to_amount", "multiplier", "to_multiplier"),
    }
)

_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_MOST_COLUMNS = 100
_EXCEL_HINT = re.compile(r'"?sep=([,;|\t])"?\s*', re.IGNORECASE)
_NEEDED = {"trade_date": "the date (such as “Date”)", "currency": "the currency (“Currency”)"}
_SIGNS = {SignEvidence.POINT: DecimalSign.POINT, SignEvidence.COMMA: DecimalSign.COMMA}
_ORDERS = {
    OrderEvidence.DAY_FIRST: DateOrder.DAY_FIRST,
    OrderEvidence.MONTH_FIRST: DateOrder.MONTH_FIRST,
}


@dataclass(frozen=True, slots=True)
class Layout:
    """What holds a file's cells apart, and what its columns mean."""

    encoding: str
    delimiter: str
    headings: tuple[str, ...]
    #: Our field for each column; None for one that isn't read.
    columns: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file's numbers and dates are to be read."""

    layout: Layout
    decimal_signs: Mapping[str, DecimalSign]
    date_order: DateOrder

    def describe(self) -> str:
        """Say in words how the file is read."""
        signs = set(self.decimal_signs.values())
        decimals = " and ".join(f"decimal {sign.name.lower()}" for sign in sorted(signs))
        return (
            f"{encoding_name(self.layout.encoding)}, {_DELIMITERS[self.layout.delimiter]} "
            f"between columns, {decimals or 'whole numbers'}, dates {self.date_order}"
        )


@dataclass(slots=True)
class _Witnesses:
    """Where in the file something was first seen: evidence → line and text."""

    seen: dict[str, tuple[int, str]] = field(default_factory=dict)

    def add(self, evidence: str, line: int, text: str) -> None:
        """Remember the first place of each kind of evidence."""
        if evidence not in self.seen:
            self.seen[evidence] = (line, text)

    def quote(self, evidence: str) -> str:
        """Name the place in words."""
        line, text = self.seen[evidence]
        return f"“{shown(text)}” in line {line:,}"


def survey(stream: BinaryIO) -> Dialect:
    """Look through a whole file and decide how to read it; the stream ends where it began.

    Raises:
        UnreadableFile: it isn't a table with the columns needed, or its numbers or dates read
            in more than one way.
    """
    begin = stream.tell()
    layout = _find_layout(stream, find_encoding(stream))
    stream.seek(begin)
    numbers = {name: _Witnesses() for name in layout.columns if name in NUMBER_FIELDS}
    dates = _Witnesses()
    for line, cells in data_records(stream, layout):
        for name, cell in zip(layout.columns, cells, strict=False):
            text = cell.strip()
            if name in numbers and text and (sign := sign_evidence(text)) is not None:
                numbers[name].add(sign, line, text)
            elif name == "trade_date" and text:
                dates.add(order_evidence(text), line, text)
    stream.seek(begin)
    return Dialect(layout, _decide_signs(layout, numbers), _decide_order(dates))


def data_records(stream: BinaryIO, layout: Layout) -> Iterator[tuple[int, list[str]]]:
    """Read the rows below the heading, each with the number of its first line; blank ones go.

    Raises:
        UnreadableFile: the quotation marks don't match.
    """
    is_heading = True
    for line, cells in _records(stream, layout.encoding, layout.delimiter):
        if is_heading:
            is_heading = _EXCEL_HINT.fullmatch(layout.delimiter.join(cells)) is not None
            continue
        yield line, cells


def _records(stream: BinaryIO, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    lines = BoundedLines(text_lines(stream, encoding))
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    number = lines.begin_record()
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield number, cells
            number = lines.begin_record()
    except csv.Error as error:
        raise UnreadableFile(f"Line {number:,}: the quotation marks don't match.") from error


def _find_layout(stream: BinaryIO, encoding: str) -> Layout:
    begin = stream.tell()
    first_line = next((line for line in text_lines(stream, encoding) if line.strip()), "")
    hint = _EXCEL_HINT.fullmatch(first_line)
    candidates = [hint[1]] if hint else list(_DELIMITERS)
    layouts = []
    for delimiter in candidates:
        stream.seek(begin)
        headings = _headings(stream, encoding, delimiter)
        columns = tuple(column_of(heading) for heading in headings)
        layouts.append(Layout(encoding, delimiter, headings, columns))
    best = max(layouts, key=lambda each: len(each.columns) - each.columns.count(None))
    _check_columns(best)
    return best


def _headings(stream: BinaryIO, encoding: str, delimiter: str) -> tuple[str, ...]:
    try:
        for _, cells in _records(stream, encoding, delimiter):
            if not _EXCEL_HINT.fullmatch(delimiter.join(cells)):
                return tuple(cell.strip() for cell in cells)
    except UnreadableFile:
        # With the right delimiter the quotation marks match, or the survey says that they don't.
        return ()
    return ()


def _check_columns(layout: Layout) -> None:
    known = [name for name in layout.columns if name is not None]
    if len(known) < 2:
        found = shown(", ".join(heading for heading in layout.headings if heading), 120)
        raise UnreadableFile(
            "The first line doesn't name the columns. It needs at least the date, the type, what "
            f"was traded, how much, and the currency; it says: {found or 'nothing'}."
        )
    if len(layout.headings) > _MOST_COLUMNS:
        raise UnreadableFile(f"The file has more than {_MOST_COLUMNS} columns.")
    _check_unique(layout)
    for name, words in _NEEDED.items():
        if name not in known:
            raise UnreadableFile(f"The file has no column for {words}. Add one and try again.")
    if not {"kind", "quantity"} & set(known):
        raise UnreadableFile("The file has no column for the type (such as “Type”): buy, sell …")


def _check_unique(layout: Layout) -> None:
    headings: set[str] = set()
    fields: dict[str, str] = {}
    for heading, name in zip(layout.headings, layout.columns, strict=True):
        if heading and heading.casefold() in headings:
            raise UnreadableFile(f"Two columns are called “{shown(heading)}”. Rename one of them.")
        headings.add(heading.casefold())
        if name is not None and name in fields:
            raise UnreadableFile(
                f"The columns “{shown(fields[name])}” and “{shown(heading)}” both look like the "
                f"{name.replace('_', ' ')}. Rename or delete one of them."
            )
        if name is not None:
            fields[name] = heading


def _decide_signs(layout: Layout, numbers: Mapping[str, _Witnesses]) -> dict[str, DecimalSign]:
    """Choose each column's decimal sign: by its own numbers, else by those of all others."""
    signs: dict[str, DecimalSign] = {}
    for name, witnesses in numbers.items():
        if {SignEvidence.POINT, SignEvidence.COMMA} <= witnesses.seen.keys():
            raise UnreadableFile(
                f"The column “{_heading_of(layout, name)}” is written in two ways: "
                f"{witnesses.quote(SignEvidence.POINT)}, {witnesses.quote(SignEvidence.COMMA)}."
            )
        for evidence, sign in _SIGNS.items():
            if evidence in witnesses.seen:
                signs[name] = sign
    elsewhere = set(signs.values())
    for name, witnesses in numbers.items():
        if name in signs:
            continue
        if SignEvidence.EITHER in witnesses.seen and len(elsewhere) != 1:
            raise UnreadableFile(
                f"{witnesses.quote(SignEvidence.EITHER)} (column “{_heading_of(layout, name)}”) "
                "may be thousands or a fraction, and nothing in the file tells which. Write it "
                "without a sign for thousands, or with a nought behind: 1234 or 1.2340."
            )
        signs[name] = next(iter(elsewhere)) if len(elsewhere) == 1 else DecimalSign.POINT
    return signs


def _decide_order(dates: _Witnesses) -> DateOrder:
    """Choose whether day or month comes first, by a date that tells, never by a guess.

    Neither the language of the headings nor a decimal comma is proof: spreadsheets mix them.
    """
    if {OrderEvidence.DAY_FIRST, OrderEvidence.MONTH_FIRST} <= dates.seen.keys():
        raise UnreadableFile(
            "The dates are written in two ways: "
            f"{dates.quote(OrderEvidence.DAY_FIRST)}, {dates.quote(OrderEvidence.MONTH_FIRST)}."
        )
    for evidence, order in _ORDERS.items():
        if evidence in dates.seen:
            return order
    if OrderEvidence.EITHER in dates.seen:
        raise UnreadableFile(
            f"{dates.quote(OrderEvidence.EITHER)} may have the day or the month first, and no date "
            "in the file tells which. Write the dates like 2026-01-31."
        )
    return DateOrder.DAY_FIRST


def _heading_of(layout: Layout, name: str) -> str:
    return shown(layout.headings[layout.columns.index(name)])
