"""Livefolio's own export as JSON, written and read back without loss."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import BinaryIO

from brokers.adapters.base import UnreadableFile
from brokers.adapters.json_stream import JsonRecord, Scalar, read_records
from brokers.domain.rows import RowBuilder, raw_texts
from brokers.domain.statements import (
    InstrumentIdentity,
    LedgerLine,
    PortfolioHeading,
    StatementRow,
    shown,
)
from common.money import plain

FORMAT = "livefolio"
VERSION = 1

_TRANSACTIONS = "transactions"
_DECIMALS = (
    *("quantity", "price", "amount", "ratio", "accrued", "cost_share", "to_amount"),
    *("fee", "tax", "fx_rate"),
)
#: The fields of a transaction, in the order in which they are written.
_FIELDS = (
    *("kind", "trade_date", "executed_at", *_DECIMALS, "currency", "to_currency"),
    *("account", "to_account", "note"),
)
#: Written only where they say something.
_RARE_FIELDS = ("accrued",)


class LivefolioJson:
    """Reads what `write` has written."""

    name = "livefolio-json"
    label = "Livefolio (JSON)"

    def recognizes(self, head: bytes, file_name: str) -> bool:
        """Say whether a file that begins so is one of our own."""
        text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        mark = rb'\{\s*"format"\s*:\s*"%b"' % FORMAT.encode()
        return re.match(mark, text) is not None

    def rows(self, stream: BinaryIO) -> Iterator[StatementRow]:
        """Read the transactions one by one.

        Raises:
            UnreadableFile: it isn't JSON, breaks off, or isn't of a version known here.
        """
        heading: dict[str, Scalar] = {}
        has_transactions = False
        for record in read_records(stream, (_TRANSACTIONS,)):
            if record.section == "":
                heading |= record.values
            elif record.number:
                yield _row(record)
            elif record.section == _TRANSACTIONS:
                _check_heading(heading, is_first=not has_transactions)
                has_transactions = True
        if not has_transactions:
            raise UnreadableFile(f"The file has no list of “{_TRANSACTIONS}”.")


def _check_heading(heading: dict[str, Scalar], *, is_first: bool) -> None:
    if not is_first:
        raise UnreadableFile(f"The file has more than one list of “{_TRANSACTIONS}”.")
    if heading.get("format") != FORMAT:
        raise UnreadableFile(f"The file doesn't say that its format is “{FORMAT}”.")
    version = heading.get("version")
    if version != VERSION or isinstance(version, bool):
        raise UnreadableFile(
            f"The file is of version {shown(str(version))}; this Livefolio reads version {VERSION}."
        )


def _row(record: JsonRecord) -> StatementRow:
    texts = {name: "" if value is None else str(value) for name, value in record.values.items()}
    builder = RowBuilder(record.number, raw_texts(texts), is_our_own=True)
    for name in record.repeated:
        builder.fail(shown(name), f"The field “{shown(name)}” is there twice.")
    for name, value in record.values.items():
        if not isinstance(value, str) and value is not None and name != "sequence":
            builder.fail(shown(name), f"{shown(str(value))} has to be a text in quotation marks.")
            texts[name] = ""

    def text(name: str) -> str:
        return texts.get(name, "")

    builder.kind(text("kind"))
    builder.when(text("trade_date"))
    builder.instant(text("executed_at"))
    builder.whole_number("sequence", text("sequence"))
    for name in _DECIMALS:
        builder.number(name, text(name))
    builder.currency(text("currency"))
    builder.to_currency(text("to_currency"))
    builder.account(text("account"))
    builder.to_account(text("to_account"))
    builder.note(text("note"))
    builder.lots(text("lots"))
    for prefix in ("", "to_"):
        _read_instrument(builder, texts, prefix)
    return builder.done()


def _read_instrument(builder: RowBuilder, texts: dict[str, str], prefix: str) -> None:
    def text(name: str) -> str:
        return texts.get(f"{prefix}instrument.{name}", "")

    builder.symbol(text("symbol"), prefix)
    builder.isin(text("isin"), prefix)
    builder.mic(text("mic"), prefix)
    builder.name(text("name"), prefix)
    builder.asset_class(text("asset_class"), prefix)
    builder.instrument_currency(text("currency"), prefix)
    builder.multiplier(text("multiplier"), prefix=prefix)


def write(heading: PortfolioHeading, lines: Iterable[LedgerLine]) -> Iterator[bytes]:
    """Write a portfolio's ledger as JSON, piece by piece, one transaction a line."""
    head = {"format": FORMAT, "version": VERSION, "portfolio": asdict(heading)}
    yield f'{_dump(head)[:-1]}, "{_TRANSACTIONS}": ['.encode()
    separator = "\n"
    for line in lines:
        yield f"{separator}{_dump(_as_json(line))}".encode()
        separator = ",\n"
    yield b"\n]}\n"


def _as_json(line: LedgerLine) -> dict[str, object]:
    draft = line.draft
    values = {
        name: _value(value)
        for name in _FIELDS
        if (value := getattr(draft, name)) or name not in _RARE_FIELDS
    }
    if draft.sequence:
        values["sequence"] = draft.sequence
    if draft.lots:
        values["lots"] = " ".join(f"{row}:{plain(units)}" for row, units in draft.lots)
    for name in ("instrument", "to_instrument"):
        if (identity := getattr(line, name)) is not None:
            values[name] = _identity_as_json(identity)
    return {name: value for name, value in values.items() if value not in (None, "")}


def _identity_as_json(identity: InstrumentIdentity) -> dict[str, object]:
    values = {name: _value(value) for name, value in asdict(identity).items() if value}
    if identity.multiplier == 1:
        del values["multiplier"]
    return values


def _value(value: object) -> object:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
