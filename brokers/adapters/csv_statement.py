"""Tables in CSV: any with headings that we know, and our own, which is read back without loss."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import BinaryIO

from brokers.adapters.csv_dialect import Dialect, data_records, survey
from brokers.domain.numbers import SignEvidence, sign_evidence
from brokers.domain.rows import RowBuilder, raw_texts
from brokers.domain.statements import LedgerLine, RowError, StatementRow, shown
from brokers.domain.symbols import with_market
from common.money import plain
from marketdata.domain.instruments import is_isin
from portfolios.domain.kinds import Kind

#: The columns that we write; reading knows these headings and many more.
_DRAFT_COLUMNS = (
    "kind",
    "quantity",
    "price",
    "amount",
    "ratio",
    "accrued",
    "cost_share",
    "fee",
    "tax",
    "currency",
    "to_currency",
    "to_amount",
    "fx_rate",
    "account",
    "to_account",
    "note",
    "sequence",
)
_INSTRUMENT_COLUMNS = ("symbol", "isin", "mic", "name", "asset_class")
_ALL_INSTRUMENT_COLUMNS = (*_INSTRUMENT_COLUMNS, "instrument_currency", "multiplier")
COLUMNS = (
    "trade_date",
    "executed_at",
    *_DRAFT_COLUMNS,
    *_ALL_INSTRUMENT_COLUMNS,
    *(f"to_{name}" for name in _ALL_INSTRUMENT_COLUMNS),
)
_TEXT_COLUMNS = frozenset(
    {
        *("account", "to_account", "note"),
        *_INSTRUMENT_COLUMNS,
        *(f"to_{name}" for name in _INSTRUMENT_COLUMNS),
    }
)
#: No file but ours has this column.
_OUR_OWN_COLUMN = "to_instrument_currency"
_NOT_SAID = frozenset({"-", "--", "—"})
#: A spreadsheet takes a cell that begins so for a formula, and runs it.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
#: What would read as guarded is guarded too, so that taking one guard off is always right.
_GUARD = "'"
_ROWS_A_PIECE = 200


class CsvStatement:
    """Reads a table whose first line names its columns."""

    name = "csv"
    label = "CSV table"

    def recognizes(self, head: bytes, file_name: str) -> bool:
        """Say whether a file that begins so is text that may be a table."""
        if head.startswith((b"\xff\xfe", b"\xfe\xff")):
            return True
        start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        return b"\x00" not in head and not start.startswith((b"{", b"[", b"<"))

    def rows(self, stream: BinaryIO) -> Iterator[StatementRow]:
        """Read the rows one by one, once the whole file has told how.

        Raises:
            UnreadableFile: it isn't a table with the columns needed, or reads in several ways.
        """
        dialect = survey(stream)
        reader = _RowReader(dialect)
        for line, cells in data_records(stream, dialect.layout):
            yield reader.row(line, cells)


class _RowReader:
    """Reads the cells of rows that all are written in one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._headings = tuple(
            shown(heading) or f"column {place}"
            for place, heading in enumerate(dialect.layout.headings, start=1)
        )
        self._columns = dialect.layout.columns
        self._has_kind = "kind" in self._columns

    def row(self, line: int, cells: list[str]) -> StatementRow:
        """Read one row."""
        raw = raw_texts(dict(zip(self._headings, cells, strict=False)))
        if len(cells) != len(self._headings):
            message = (
                f"The row has {len(cells)} cells under {len(self._headings)} headings. A text or "
                "a number with the delimiter inside needs quotation marks."
            )
            return StatementRow(line, None, raw, (RowError("row", message),))
        builder = RowBuilder(line, raw, is_our_own=_OUR_OWN_COLUMN in self._columns)
        texts = {
            name: _unguarded(cell) if name in _TEXT_COLUMNS else cell.strip()
            for name, cell in zip(self._columns, cells, strict=True)
            if name is not None
        }
        self._read_event(builder, texts)
        for prefix in ("", "to_"):
            self._read_instrument(builder, texts, prefix)
        builder.account(texts.get("account", ""))
        builder.to_account(texts.get("to_account", ""))
        builder.note(texts.get("note", ""))
        return builder.done()

    def _read_event(self, builder: RowBuilder, texts: dict[str, str]) -> None:
        builder.when(texts.get("trade_date", ""), texts.get("time", ""), self._dialect.date_order)
        builder.instant(texts.get("executed_at", ""))
        builder.currency(texts.get("currency", ""))
        builder.to_currency(texts.get("to_currency", ""))
        builder.whole_number("sequence", texts.get("sequence", ""))
        for name, sign in self._dialect.decimal_signs.items():
            text = "" if texts[name] in _NOT_SAID else texts[name]
            if name == "ratio":
                builder.ratio(text, sign)
            elif name.endswith("multiplier"):
                builder.multiplier(text, sign, name.removesuffix("multiplier"))
            else:
                builder.number(name, text, sign)
        if self._has_kind:
            builder.kind(texts["kind"])
        else:
            _kind_by_sign(builder)

    def _read_instrument(self, builder: RowBuilder, texts: dict[str, str], prefix: str) -> None:
        def text(name: str) -> str:
            return texts.get(prefix + name, "")

        symbol, isin = text("symbol").strip(), text("isin")
        if f"{prefix}isin" not in self._columns and is_isin(symbol.upper()):
            symbol, isin = "", symbol
        # A file that names markets in a column of their own has none in its symbols.
        listing = None if f"{prefix}mic" in self._columns else with_market(symbol)
        builder.symbol(listing.symbol if listing else symbol, prefix)
        builder.mic(listing.mic if listing else text("mic"), prefix)
        builder.isin(isin, prefix)
        builder.name(text("name"), prefix)
        builder.asset_class(text("asset_class"), prefix)
        builder.instrument_currency(text("instrument_currency"), prefix)


def _kind_by_sign(builder: RowBuilder) -> None:
    """Where no column tells the type, units coming in were bought, units going out sold."""
    quantity = builder.fields.get("quantity")
    if isinstance(quantity, Decimal):
        builder.fields["kind"] = Kind.SELL if quantity < 0 else Kind.BUY
        builder.fields["quantity"] = abs(quantity)


def _guarded(text: str) -> str:
    return _GUARD + text if _FORMULA.match(text) else text


def _unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith(_GUARD) and _FORMULA.match(cell) else cell


def write(lines: Iterable[LedgerLine], *, byte_order_mark: bool = False) -> Iterator[bytes]:
    """Write a ledger as CSV, piece by piece.

    Texts that a spreadsheet would run as formulas get an apostrophe in front, which reading
    takes off again.

    Args:
        byte_order_mark: begin with one, without which Excel takes UTF-8 for something else.
    """
    if byte_order_mark:
        yield b"\xef\xbb\xbf"
    piece = io.StringIO(newline="")
    writer = csv.writer(piece)
    writer.writerow(COLUMNS)
    for count, line in enumerate(lines, start=1):
        writer.writerow(_cells(line))
        if count % _ROWS_A_PIECE == 0:
            yield _taken(piece)
    yield _taken(piece)


def _taken(piece: io.StringIO) -> bytes:
    text = piece.getvalue()
    piece.seek(0)
    piece.truncate()
    return text.encode()


def _cells(line: LedgerLine) -> list[str]:
    draft = line.draft
    values: dict[str, object] = {
        name: getattr(draft, name) for name in ("trade_date", "executed_at", *_DRAFT_COLUMNS)
    }
    # A column of noughts would only be in the way.
    values["accrued"] = draft.accrued or None
    for prefix, identity in (("", line.instrument), ("to_", line.to_instrument)):
        if identity is not None:
            values |= {f"{prefix}{name}": getattr(identity, name) for name in _INSTRUMENT_COLUMNS}
            values[f"{prefix}instrument_currency"] = identity.currency
            is_plain = identity.multiplier == 1
            values[f"{prefix}multiplier"] = None if is_plain else identity.multiplier
    return [_cell(name, values.get(name)) for name in COLUMNS]


def _number(value: Decimal) -> str:
    text = plain(value)
    # 1.125 might be taken for thousands; 1.1250 can't.
    return f"{text}0" if sign_evidence(text) is SignEvidence.EITHER else text


def _cell(name: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return _guarded(str(value)) if name in _TEXT_COLUMNS else str(value)
