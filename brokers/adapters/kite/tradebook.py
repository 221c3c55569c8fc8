"""The tradebook of Zerodha Console as CSV: the history that Kite itself doesn't tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from brokers.adapters.base import UnreadableFile
from brokers.adapters.csv_dialect import Layout, data_records
from brokers.adapters.kite.parser import CURRENCY
from brokers.adapters.text_stream import find_encoding
from brokers.domain.dates import DateOrder
from brokers.domain.rows import RowBuilder, raw_texts
from brokers.domain.statements import RowError, StatementRow
from marketdata.domain.instruments import AssetClass

#: No other table has all of these.
_MARKS = frozenset({"symbol", "trade_date", "trade_type", "trade_id", "order_execution_time"})
_MARKETS = {"NSE": "XNSE", "BSE": "XBOM"}
_CLASSES = {"EQ": AssetClass.STOCK, "MF": AssetClass.FUND}
#: Whose account it is the file doesn't say.
_ACCOUNT = "Zerodha Kite"
#: Times are those of the wall clock in India, and say so nowhere.
_OFFSET = "+05:30"


class KiteTradebook:
    """Reads the file that Console offers under Reports, Tradebook."""

    name = "kite-tradebook"
    label = "Zerodha tradebook (CSV)"

    def recognizes(self, head: bytes, file_name: str) -> bool:
        """Say whether the first line has the tradebook's headings."""
        del file_name
        first_line = head.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0]
        return set(_headings(first_line.decode("ascii", "replace"))) >= _MARKS

    def rows(self, stream: BinaryIO) -> Iterator[StatementRow]:
        """Read the rows one by one.

        Raises:
            UnreadableFile: it isn't text, lacks one of the tradebook's headings, or its quotation
                marks don't match.
        """
        begin = stream.tell()
        encoding = find_encoding(stream)
        stream.seek(begin)
        headings = _headings(stream.readline().decode(encoding))
        if lacking := sorted(_MARKS.difference(headings)):
            raise UnreadableFile(f"The first line lacks the headings {', '.join(lacking)}.")
        stream.seek(begin)
        layout = Layout(encoding, ",", headings, headings)
        for line, cells in data_records(stream, layout):
            yield _row(line, headings, cells)


def _headings(first_line: str) -> tuple[str, ...]:
    cells = first_line.removeprefix("\ufeff").strip().split(",")
    return tuple(cell.strip().strip('"').lower() for cell in cells)


def _row(line: int, headings: tuple[str, ...], cells: list[str]) -> StatementRow:
    texts = {name: cell.strip() for name, cell in zip(headings, cells, strict=False)}
    raw = raw_texts(texts)
    if len(cells) != len(headings):
        message = f"The row has {len(cells)} cells under {len(headings)} headings."
        return StatementRow(line, None, raw, (RowError("row", message),))
    builder = RowBuilder(line, raw)
    segment = texts.get("segment", "EQ")
    if segment not in _CLASSES:
        builder.fail("segment", "Futures and options aren't imported; record it by hand.")
    builder.kind(texts["trade_type"])
    builder.when(texts["trade_date"], order=DateOrder.DAY_FIRST)
    if moment := texts["order_execution_time"]:
        builder.instant(f"{moment}{_OFFSET}")
    builder.currency(CURRENCY)
    builder.number("quantity", texts.get("quantity", ""))
    builder.number("price", texts.get("price", ""))
    builder.symbol(texts["symbol"])
    builder.isin(texts.get("isin", ""))
    builder.mic(_MARKETS.get(texts.get("exchange", ""), ""))
    builder.account(_ACCOUNT)
    builder.asset_class(_CLASSES.get(segment, AssetClass.OTHER).value)
    return builder.done()
