"""What is exported comes back as it was; what is nonsense is refused in words."""

import csv
import io
import json
from contextlib import suppress
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from brokers.adapters import csv_statement, livefolio_json
from brokers.adapters.base import UnreadableFile
from brokers.adapters.registry import FORMATS, recognize
from brokers.domain.statements import (
    InstrumentIdentity,
    LedgerLine,
    PortfolioHeading,
)
from common.errors import InvalidInput
from portfolios.domain.kinds import Kind
from portfolios.domain.transactions import Draft
from tests.brokers.adapters.strategies import INSTRUMENT_ID, TO_INSTRUMENT_ID, ledgers

HEADING = PortfolioHeading(name='My "first" =one', base_currency="EUR", tracks_cash=True)


def line_of(row):
    """Make a row into the transaction that it came from."""
    assert row.errors == ()
    fields = dict(row.draft_fields)
    identity, to_identity = identity_in(fields, ""), identity_in(fields, "to_")
    draft = Draft(
        **fields,
        instrument_id=INSTRUMENT_ID if identity else None,
        to_instrument_id=TO_INSTRUMENT_ID if to_identity else None,
    )
    return LedgerLine(draft, identity, to_identity)


def identity_in(fields, prefix):
    """Take an instrument out of the fields of a row."""
    known = {
        "currency": fields.pop(f"{prefix}instrument_currency", ""),
        **{
            name: fields.pop(f"{prefix}{name}", "")
            for name in ("symbol", "isin", "mic", "asset_class", "name")
        },
    }
    multiplier = fields.pop(f"{prefix}multiplier", Decimal(1))
    return InstrumentIdentity(**known, multiplier=multiplier) if any(known.values()) else None


def without_lots(line):
    """A table has no way to name them."""
    return replace(line, draft=replace(line.draft, lots=()))


def written(name: str, ledger) -> bytes:
    if name == "livefolio-json":
        return b"".join(livefolio_json.write(HEADING, ledger))
    return b"".join(csv_statement.write(ledger, byte_order_mark=name == "csv with mark"))


@pytest.mark.parametrize("name", ["livefolio-json", "csv", "csv with mark"])
@given(ledger=ledgers)
def test_every_ledger_comes_back_as_it_was(rows_of, name, ledger):
    content = written(name, ledger)

    read = [line_of(row) for row in rows_of(content)]

    assert recognize(content[:65_536], "export").name == name.split(" ", maxsplit=1)[0]
    assert read == (ledger if "json" in name else [without_lots(line) for line in ledger])


def test_no_cell_of_an_export_starts_a_formula():
    texts = ["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1", "\n=1"]
    ledger = [
        LedgerLine(
            Draft(
                kind=Kind.DEPOSIT,
                trade_date=date(2026, 1, 2),
                currency="EUR",
                amount=Decimal(1),
                account=text,
                note=text,
            )
        )
        for text in texts
    ]

    table = b"".join(csv_statement.write(ledger)).decode()

    cells = [cell for row in csv.reader(io.StringIO(table, newline="")) for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))] == []


def test_exports_are_written_piece_by_piece():
    line = LedgerLine(
        Draft(kind=Kind.DEPOSIT, trade_date=date(2026, 1, 2), currency="EUR", amount=Decimal(1))
    )

    for pieces in (csv_statement.write([line] * 5_000), livefolio_json.write(HEADING, [line] * 99)):
        assert max(len(piece) for piece in pieces) < 32_768


@pytest.mark.parametrize(
    ("stored", "in_json", "in_csv"),
    [
        ("10000.0000000000", "10000", "10000"),
        ("12.5000000000", "12.5", "12.5"),
        ("1E+3", "1000", "1000"),
        ("1E-10", "0.0000000001", "0.0000000001"),
        ("123456789012345678.9012345678",) * 3,
        # Three decimals might be thousands, for somebody who reads the table alone.
        ("1.1250000000", "1.125", "1.1250"),
    ],
)
def test_numbers_are_exported_plain_and_without_idle_noughts(stored, in_json, in_csv):
    line = LedgerLine(
        Draft(
            kind=Kind.DEPOSIT, trade_date=date(2026, 1, 2), currency="EUR", amount=Decimal(stored)
        )
    )

    (row,) = json.loads(written("livefolio-json", [line]))["transactions"]
    (cells,) = csv.DictReader(io.StringIO(written("csv", [line]).decode(), newline=""))

    assert (row["amount"], cells["amount"]) == (in_json, in_csv)
    assert (row["fee"], cells["fee"]) == ("0", "0")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"format": "livefolio", "transactions": []}', "version None"),
        (b'{"format": "livefolio", "version": 2, "transactions": []}', "reads version 1"),
        (b'{"format": "livefolio", "version": true, "transactions": []}', "version True"),
        (b'{"format": "livefolio", "transactions": [], "version": 1}', "version None"),
        (b'{"format": "livefolio", "version": 1}', "no list of"),
        (b'{"format": "livefolio", "version": 1, "transactions": [{"kind":', "ends in the middle"),
        (
            b'{"format": "livefolio", "version": 1, "transactions": [], "transactions": []}',
            "more than one list",
        ),
    ],
)
def test_an_export_of_our_own_that_was_broken_is_refused(rows_of, content, words):
    with pytest.raises(InvalidInput, match=words):
        rows_of(content)


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("quantity", "1.5"),
        ("quantity", '"NaN"'),
        ("quantity", "true"),
        ("sequence", "1.5"),
        ("sequence", "-1"),
        ("kind", '"ITEM"'),
        ("trade_date", '"2026-02-30"'),
        ("executed_at", '"2026-02-03"'),
        ("lots", '"the newest"'),
        ("lots", '"3:1..5"'),
        ("to_currency", '"XXX"'),
        ("accrued", '"NaN"'),
    ],
)
def test_a_bad_field_of_our_own_export_is_named(only_row_of, field, text):
    fields = {
        "kind": '"buy"',
        "trade_date": '"2026-02-03"',
        "quantity": '"1"',
        "price": '"1"',
        "currency": '"EUR"',
    } | {field: text}
    row = ", ".join(f'"{name}": {value}' for name, value in fields.items())

    errors = only_row_of(
        f'{{"format": "livefolio", "version": 1, "transactions": [{{{row}}}]}}'
    ).errors

    assert [error.field for error in errors] == [field]


@pytest.mark.parametrize("statement_format", FORMATS, ids=lambda each: each.name)
@given(content=st.binary(max_size=400))
@example(content=b"")
@example(content=b"\xff\xfe\x00")
@example(content=b"\x01\r\x01")
def test_random_bytes_are_refused_or_read_but_never_fail_otherwise(statement_format, content):
    with suppress(InvalidInput):
        recognize(content, "random")
    with suppress(InvalidInput):
        list(statement_format.rows(io.BytesIO(content)))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=8,
)
_KEYS = st.sampled_from(
    [
        *("type", "date", "quantity", "unitPrice", "fee", "currency", "symbol", "dataSource"),
        *("accountId", "comment", "isDraft", "SymbolProfile", "kind", "trade_date", "executed_at"),
        *("price", "amount", "ratio", "sequence", "instrument"),
    ]
)


@given(
    entries=st.lists(st.dictionaries(_KEYS, _JSON, max_size=8) | _JSON, max_size=4),
    accounts=_JSON,
    cut=st.none() | st.integers(0, 300),
)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_json_of_the_right_shape_with_wrong_values_never_fails_otherwise(entries, accounts, cut):
    shapes = (
        {"accounts": accounts, "activities": entries, "assetProfiles": accounts},
        {"format": "livefolio", "version": 1, "transactions": entries},
    )
    for shape, statement_format in zip(shapes, (FORMATS[1], FORMATS[0]), strict=True):
        with suppress(InvalidInput):
            for row in statement_format.rows(io.BytesIO(json.dumps(shape).encode()[:cut])):
                assert (row.draft_fields is None) == bool(row.errors)


_DATE_STYLES = {
    "iso": "%Y-%m-%d",
    "european": "%d.%m.%Y",
    "british": "%d/%m/%Y",
    "american": "%m/%d/%Y",
}
_TRADES = st.lists(
    st.fixed_dictionaries(
        {
            "trade_date": st.dates(date(1990, 1, 1), date(2026, 11, 23)),
            "kind": st.sampled_from([Kind.BUY, Kind.SELL]),
            "symbol": st.sampled_from(["MSFT", "SAP", "BRK.B"]),
            "quantity": st.decimals(Decimal("0.0001"), 10**6, places=4),
            "price": st.decimals(0, 10**6, places=2),
            "currency": st.just("EUR"),
            "note": st.text('aäß,;|\t"\n x', max_size=12),
        }
    ),
    min_size=1,
    max_size=5,
)


def _table(trades, *, delimiter, decimal_sign, date_style, groups) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(["Date", "Type", "Symbol", "Quantity", "Price", "Currency", "Note"])
    other = "." if decimal_sign == "," else ","
    swap = str.maketrans({".": decimal_sign, ",": other})
    for trade in trades:
        numbers = [
            f"{number:,.{places}f}" if groups else f"{number:.{places}f}"
            for number, places in ((trade["quantity"], 4), (trade["price"], 2))
        ]
        writer.writerow(
            [
                f"{trade['trade_date']:{_DATE_STYLES[date_style]}}",
                trade["kind"],
                trade["symbol"],
                *(number.translate(swap) for number in numbers),
                trade["currency"],
                trade["note"],
            ]
        )
    return text.getvalue()


@given(
    trades=_TRADES,
    delimiter=st.sampled_from(",;\t|"),
    decimal_sign=st.sampled_from(".,"),
    date_style=st.sampled_from(sorted(_DATE_STYLES)),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    groups=st.booleans(),
)
def test_trades_survive_every_dialect_or_the_file_is_refused(
    rows_of, trades, delimiter, decimal_sign, date_style, encoding, groups
):
    content = _table(
        trades,
        delimiter=delimiter,
        decimal_sign=decimal_sign,
        date_style=date_style,
        groups=groups,
    ).encode(encoding)

    try:
        rows = rows_of(content)
    except UnreadableFile:
        # Rightly so only where nothing tells the day from the month.
        assert date_style in ("american", "british")
        assert all(trade["trade_date"].day <= 12 for trade in trades)
        return

    read = [
        {name: row.draft_fields.get(name, "") for name in trade}
        for trade, row in zip(trades, rows, strict=True)
    ]
    assert read == trades
