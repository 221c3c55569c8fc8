"""Flex statements as files: the same reading as over the Flex Web Service, as rows of a preview."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from decimal import Decimal
from typing import BinaryIO

from brokers.adapters.base import UnreadableFile
from brokers.adapters.ibkr import parser
from brokers.domain.events import BrokerEvent, InstrumentName, as_content
from brokers.domain.rows import raw_texts
from brokers.domain.statements import RowError, StatementRow
from common.remote.errors import Schema
from portfolios.domain.transactions import Draft

_MAX_BYTES = 64 * 1_048_576
_HEAD = 1_024
_SHARED = tuple(
    each.name for each in fields(Draft) if each.name in BrokerEvent.__dataclass_fields__
)
_LONE_CANCELLATION = (
    "It takes back a trade that isn't in this file. If that one is in the ledger, delete it there."
)


class FlexStatements:
    """Reads what Interactive Brokers writes for an Activity Flex Query in XML."""

    name = "ibkr-flex"
    label = "Flex statement of Interactive Brokers (XML)"

    def recognizes(self, head: bytes, file_name: str) -> bool:
        """Say whether a file that begins so is a Flex statement."""
        start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:_HEAD]
        return start.startswith(b"<") and b"<FlexQueryResponse" in start

    def rows(self, stream: BinaryIO) -> Iterator[StatementRow]:
        """Read what happened; trades that the file itself takes back are left out.

        All of it is read at once, for a row may take back or explain any other.

        Raises:
            UnreadableFile: it is no whole statement, too long, or has no executions.
        """
        body = stream.read(_MAX_BYTES + 1)
        if len(body) > _MAX_BYTES:
            raise UnreadableFile("The statement is longer than 64 MB. Get a shorter period.")
        try:
            reading = parser.read_statement(body)
        except Schema as error:
            raise UnreadableFile(
                "The file isn't a whole Flex statement: it may be cut off, or changed by hand."
            ) from error
        if parser.NO_EXECUTIONS in reading.notes:
            raise UnreadableFile(parser.NO_EXECUTIONS)
        replaced = {event.replaces for event in reading.events if event.replaces}
        known = {
            name for event in reading.events for name in (event.external_id, event.alias) if name
        }
        number = 0
        for event in reading.events:
            is_taken_back = not replaced.isdisjoint((event.external_id, event.alias))
            if is_taken_back or (event.is_canceled and event.replaces in known):
                continue
            number += 1
            yield _row(number, event)
        for unread in reading.errors:
            number += 1
            raw = raw_texts({name: str(value) for name, value in unread.raw.items()})
            yield StatementRow(number, None, raw, (RowError("row", unread.message),))


def _row(number: int, event: BrokerEvent) -> StatementRow:
    raw = raw_texts({name: _shown(value) for name, value in as_content(event).items()})
    if event.is_canceled:
        return StatementRow(number, None, raw, (RowError("row", _LONE_CANCELLATION),))
    if event.kind is None:
        return StatementRow(number, None, raw, (RowError("kind", event.problem),))
    told = {name: getattr(event, name) for name in _SHARED}
    known = {name: value for name, value in told.items() if value not in (None, "", Decimal(0))}
    # A price of nothing is a price.
    known |= {"price": event.price} if event.price is not None else {}
    named = _named(event.instrument, event, "") | _named(event.to_instrument, event, "to_")
    takes_back = event.amount is not None and event.amount < 0
    return StatementRow(number, known | named, raw, takes_back=takes_back)


def _named(name: InstrumentName | None, event: BrokerEvent, prefix: str) -> dict[str, object]:
    if name is None:
        return {}
    told = {
        "symbol": name.symbol,
        "isin": name.isin,
        "name": name.name,
        "asset_class": name.asset_class,
        "instrument_currency": name.currency or event.currency,
        "multiplier": name.multiplier,
    }
    return {f"{prefix}{field}": value for field, value in told.items() if value}


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return str(value["symbol"])
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
