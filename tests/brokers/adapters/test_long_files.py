"""Files of any length are read in flat memory."""

import io
import json
import tracemalloc
from collections.abc import Iterator

import psutil
import pytest

from brokers.adapters.csv_statement import CsvStatement
from brokers.adapters.ghostfolio import GhostfolioActivities
from brokers.adapters.livefolio_json import LivefolioJson

ROWS = 50_000
#: Rows that were kept would take ten times as much.
MOST_GROWTH_BYTES = 6_000_000


class Generated(io.RawIOBase):
    """A long file that is made while it is read, so that only the reader's memory is measured."""

    def __init__(self, head: bytes, row: bytes, separator: bytes, tail: bytes) -> None:
        super().__init__()
        self._parts = (head, row, separator, tail)
        self.rows = ROWS
        self.seek(0)

    def seek(self, offset: int, whence: int = 0) -> int:
        assert (offset, whence) == (0, 0)
        self._pieces = self._pieces_from_start()
        self._rest = b""
        self._position = 0
        return 0

    def tell(self) -> int:
        return self._position

    def read(self, size: int = -1) -> bytes:
        while len(self._rest) < size and (piece := next(self._pieces, b"")):
            self._rest += piece
        taken, self._rest = self._rest[:size], self._rest[size:]
        self._position += len(taken)
        return taken

    def _pieces_from_start(self) -> Iterator[bytes]:
        head, row, separator, tail = self._parts
        yield head
        for number in range(self.rows):
            yield (separator if number else b"") + row % {b"n": number % 900 + 100}
        yield tail


CSV = Generated(
    b"Date,Type,Symbol,Quantity,Price,Fee,Currency,Note\r\n",
    b'%(n)d-01-13,buy,SYM%(n)d,%(n)d,"1,%(n)d.25",4.95,USD,"note, number %(n)d"\r\n'.replace(
        b"%(n)d-01", b"2024-01"
    ),
    b"",
    b"",
)
GHOSTFOLIO = Generated(
    b'{"meta": {}, "accounts": [{"id": "a", "name": "Depot"}], "activities": [',
    json.dumps(
        {
            "accountId": "a",
            "comment": "note",
            "fee": 1.5,
            "quantity": 10,
            "type": "BUY",
            "unitPrice": "PRICE",
            "currency": "USD",
            "dataSource": "YAHOO",
            "date": "2024-01-13T00:00:00.000Z",
            "symbol": "MSFT",
            "tags": ["one", "two"],
        }
    )
    .replace('"PRICE"', "%(n)d.25")
    .encode(),
    b",\n",
    b"]}",
)
LIVEFOLIO = Generated(
    b'{"format": "livefolio", "version": 1, "transactions": [',
    b'{"kind": "buy", "trade_date": "2024-01-13", "quantity": "%(n)d", "price": "2.5", '
    b'"currency": "USD", "instrument": {"symbol": "MSFT"}}',
    b",\n",
    b"]}",
)


FORMATS = pytest.mark.parametrize(
    ("statement_format", "stream"),
    [(CsvStatement(), CSV), (GhostfolioActivities(), GHOSTFOLIO), (LivefolioJson(), LIVEFOLIO)],
    ids=["csv", "ghostfolio", "livefolio"],
)


@FORMATS
def test_fifty_thousand_rows_leave_the_process_as_large_as_it_was(statement_format, stream):
    process = psutil.Process()
    stream.rows = ROWS
    stream.seek(0)
    sizes = []

    for count, row in enumerate(statement_format.rows(stream)):
        assert row.errors == ()
        if count % 5_000 == 1_000:
            sizes.append(process.memory_info().rss)

    assert len(sizes) == ROWS // 5_000
    assert max(sizes) - sizes[0] < MOST_GROWTH_BYTES


@FORMATS
def test_peak_memory_does_not_depend_on_the_number_of_rows(statement_format, stream):
    short, long = (_peak(statement_format, stream, rows) for rows in (1_000, 4_000))

    assert long < 600_000
    assert long - short < 100_000


def _peak(statement_format, stream, rows: int) -> int:
    stream.rows = rows
    stream.seek(0)
    tracemalloc.start()
    try:
        assert sum(1 for _ in statement_format.rows(stream)) == rows
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
