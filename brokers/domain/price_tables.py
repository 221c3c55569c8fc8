"""Prices of one instrument as somebody pastes them: a day and a price in each line."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from brokers.domain.dates import (
    DateOrder,
    NotADate,
    NotATime,
    OrderEvidence,
    order_evidence,
    read_moment,
)
from brokers.domain.numbers import (
    DecimalSign,
    NotANumber,
    SignEvidence,
    read_number,
    sign_evidence,
)
from brokers.domain.statements import shown
from brokers.domain.vocabulary import column_of, plain
from common.errors import InvalidInput
from common.money import NotADecimal

#: Tried in this order: a comma may also be the decimal sign.
_DELIMITERS = ("\t", ";", "|", ",")
#: What columns of prices are called besides "price".
_PRICE_HEADINGS = frozenset(
    {
        *("close", "closing price", "last", "nav", "net asset value", "value"),
        *("schlusskurs", "schluss", "wert", "rücknahmepreis", "anteilspreis"),
    }
)


class UnreadableTable(InvalidInput):
    """What was pasted is no table of days and prices."""

    code = "unreadable-table"


@dataclass(frozen=True, slots=True)
class PriceLine:
    """One line; day and price are None where it can't be read, which `error` says in words."""

    number: int
    text: str
    date: date | None = None
    close: Decimal | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class _Cells:
    number: int
    text: str
    date: str
    close: str


def read_price_table(text: str, *, most: int) -> tuple[PriceLine, ...]:
    """Read days and prices, in the order of the lines; a heading may name the columns.

    Columns are held apart by tabs, semicolons, bars or commas. The decimal sign and the order of
    day and month are those of the whole table, told by its own numbers and dates and never guessed.

    Args:
        most: how many lines there may be.

    Raises:
        UnreadableTable: there is nothing, or too much, or it may be read in more than one way.
    """
    split = _split(text)
    if not split:
        raise UnreadableTable("Paste at least one line with a day and a price.")
    places, rest = _columns(split)
    if len(rest) > most:
        raise UnreadableTable(f"Paste at most {most:,} lines at once.")
    read = [_take(number, line, cells, places) for number, line, cells in rest]
    good = [each for each in read if isinstance(each, _Cells)]
    sign, order = _sign_of(good), _order_of(good)
    return tuple(
        _checked(_line(each, sign, order) if isinstance(each, _Cells) else each for each in read)
    )


def _split(text: str) -> list[tuple[int, str, list[str] | None]]:
    """Split into numbered lines with their cells; None where quotation marks don't match."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept = [(number, line.strip(" \ufeff")) for number, line in enumerate(lines, 1)]
    kept = [(number, line) for number, line in kept if line.strip()]
    found = (each for each in _DELIMITERS if any(each in line for _, line in kept))
    delimiter = next(found, ",")
    return [(number, line, _cells(line, delimiter)) for number, line in kept]


def _cells(line: str, delimiter: str) -> list[str] | None:
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, strict=True))]
    except csv.Error:
        return None


def _columns(
    split: list[tuple[int, str, list[str] | None]],
) -> tuple[tuple[int, int] | None, list[tuple[int, str, list[str] | None]]]:
    """Find the places of day and price by a heading, if there is one, and what follows it."""
    first = split[0][2] or []
    names = [_name_of(cell) for cell in first]
    for name, words in (("date", "days"), ("price", "prices")):
        if names.count(name) > 1:
            raise UnreadableTable(f"Two columns of the heading look like {words}. Delete one.")
    if "date" in names and "price" in names:
        return (names.index("date"), names.index("price")), split[1:]
    if len(first) == 2 and _is_date(first[0]) is _is_number(first[1]) is False:
        return None, split[1:]
    return None, split


def _name_of(heading: str) -> str | None:
    if plain(heading) in _PRICE_HEADINGS:
        return "price"
    return {"trade_date": "date", "price": "price"}.get(column_of(heading) or "")


def _is_date(text: str) -> bool:
    try:
        read_moment(text)
    except (NotADate, NotATime):
        return order_evidence(text) is not OrderEvidence.NONE
    return True


def _is_number(text: str) -> bool:
    return sign_evidence(text) is not None


def _take(
    number: int, line: str, cells: list[str] | None, places: tuple[int, int] | None
) -> _Cells | PriceLine:
    said = shown(line, 80)
    if cells is None:
        return PriceLine(number, said, error="The quotation marks don't match.")
    if places is None and len(cells) != 2:
        hint = (
            " With decimal commas, hold the columns apart by semicolons or tabs."
            if len(cells) > 2
            else ""
        )
        error = f"It has {len(cells)} column{'s' * (len(cells) != 1)} instead of two.{hint}"
        return PriceLine(number, said, error=error)
    day, price = places or (0, 1)
    if max(day, price) >= len(cells):
        return PriceLine(number, said, error="It has fewer columns than the heading.")
    return _Cells(number, said, cells[day], cells[price])


def _sign_of(rows: Sequence[_Cells]) -> DecimalSign:
    seen = _first_of(rows, lambda row: (sign_evidence(row.close), row.close))
    if SignEvidence.POINT in seen and SignEvidence.COMMA in seen:
        raise UnreadableTable(
            "The prices are written in two ways: "
            f"{seen[SignEvidence.POINT]}, {seen[SignEvidence.COMMA]}."
        )
    if SignEvidence.COMMA in seen:
        return DecimalSign.COMMA
    if SignEvidence.EITHER in seen and SignEvidence.POINT not in seen:
        raise UnreadableTable(
            f"{seen[SignEvidence.EITHER]} may be thousands or a fraction, and no other price tells "
            "which. Write it without a sign for thousands, or with a nought behind: 1234 or 1.2340."
        )
    return DecimalSign.POINT


def _order_of(rows: Sequence[_Cells]) -> DateOrder:
    seen = _first_of(rows, lambda row: (order_evidence(row.date), row.date))
    if OrderEvidence.DAY_FIRST in seen and OrderEvidence.MONTH_FIRST in seen:
        raise UnreadableTable(
            "The days are written in two ways: "
            f"{seen[OrderEvidence.DAY_FIRST]}, {seen[OrderEvidence.MONTH_FIRST]}."
        )
    if OrderEvidence.MONTH_FIRST in seen:
        return DateOrder.MONTH_FIRST
    if OrderEvidence.EITHER in seen and OrderEvidence.DAY_FIRST not in seen:
        raise UnreadableTable(
            f"{seen[OrderEvidence.EITHER]} may have the day or the month first, and no other day "
            "tells which. Write the days like 2026-01-31."
        )
    return DateOrder.DAY_FIRST


def _first_of(
    rows: Sequence[_Cells], look: Callable[[_Cells], tuple[str | None, str]]
) -> dict[str, str]:
    """Name in words where each kind of evidence was first seen."""
    seen: dict[str, str] = {}
    for row in rows:
        evidence, text = look(row)
        if evidence is not None:
            seen.setdefault(evidence, f"“{shown(text)}” in line {row.number:,}")
    return seen


def _line(row: _Cells, sign: DecimalSign, order: DateOrder) -> PriceLine:
    line = PriceLine(row.number, row.text)
    try:
        return replace(
            line, date=read_moment(row.date, order).day, close=read_number(row.close, sign)
        )
    except (NotADate, NotATime, NotANumber, NotADecimal) as error:
        return replace(line, error=error.detail)


def _checked(lines: Iterator[PriceLine]) -> Iterator[PriceLine]:
    """Refuse a day that a line above has named."""
    named: dict[date, int] = {}
    for line in lines:
        if line.date is not None and line.date in named:
            error = f"{line.date} stands in line {named[line.date]:,} already."
            yield PriceLine(line.number, line.text, error=error)
            continue
        if line.date is not None:
            named[line.date] = line.number
        yield line
