"""Flex statements of Interactive Brokers: bytes to events, positions and cash.

Source: https://www.ibkrguides.com/reportingreference/reportguide/activity%20flex%20query%20reference.htm
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from brokers.adapters.contract import AccountName
from brokers.adapters.ibkr import actions, cash, trades, transfers
from brokers.adapters.ibkr.fields import Ids, Unreadable, date_order, refused, text
from brokers.adapters.ibkr.markup import Row, Statement, read_statements
from brokers.adapters.ibkr.names import Names
from brokers.adapters.ibkr.vocabulary import LABEL
from brokers.domain.dates import DateOrder
from brokers.domain.events import BrokerEvent, HeldCash, HeldUnits, Reading, RowError
from common.remote.errors import Schema

Found = TypeVar("Found")

#: Of a trade: what sums executions up, or takes one apart.
_NO_TRADES = frozenset({"ORDER", "SYMBOL_SUMMARY", "ASSET_SUMMARY", "CLOSED_LOT", "WASH_SALE"})
NO_EXECUTIONS = "The query gives orders or sums of trades: choose “Executions” under its Trades."
#: Without these something is missed, or can't be compared. The words are those of the portal.
_NEEDED = {
    "Trades": "Trades",
    "CashTransactions": "Cash Transactions",
    "OpenPositions": "Open Positions",
    "CashReport": "Cash Report",
}


def read_statement(body: bytes) -> Reading:
    """Read an answer of a Flex query, which may speak of several accounts.

    Raises:
        Schema: it is none.
    """
    statements = read_statements(body)
    order = date_order(statements)
    names = Names.of(statements)
    readers = [_Reader(each, names, order) for each in statements]
    for reader in readers:
        reader.read()
    return Reading(
        events=tuple(event for each in readers for event in each.events),
        positions=_all(each.positions for each in readers),
        cash=_all(each.cash for each in readers),
        is_cash_whole=not any(each.sums_cash_up for each in readers),
        errors=tuple(error for each in readers for error in each.errors),
        notes=tuple(dict.fromkeys(note for each in readers for note in each.notes())),
    )


def read_account_name(body: bytes) -> AccountName:
    """Read which account a query speaks of; of several the first by number.

    Raises:
        Schema: it is no statement, or none that says so.
    """
    first = min(read_statements(body), key=lambda each: each.account)
    if not first.account:
        raise Schema(f"{LABEL} sent a statement without the number of the account.")
    described = first.rows("AccountInformation")
    currency = text(described[0], "currency", default="") if described else ""
    return AccountName(first.account[:64], currency)


def account_of(number: str) -> str:
    """Return what the ledger calls an account."""
    return f"{LABEL} {number}"[:80]


def _all(parts: Iterable[tuple[Found, ...] | None]) -> tuple[Found, ...] | None:
    """Put together what the accounts hold; None where one of them isn't told."""
    known = list(parts)
    if any(part is None for part in known):
        return None
    return tuple(each for part in known if part is not None for each in part)


@dataclass(slots=True)
class _Reader:
    """Reads the statement of one account; a row that can't be read costs no other."""

    statement: Statement
    names: Names
    order: DateOrder | None
    events: list[BrokerEvent] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    positions: tuple[HeldUnits, ...] | None = None
    cash: tuple[HeldCash, ...] | None = None
    #: The query gives the sum of all currencies alone, and not each of them.
    sums_cash_up: bool = False
    _ids: Ids = field(default_factory=Ids)

    @property
    def account(self) -> str:
        return account_of(self.statement.account)

    def read(self) -> None:
        """Read all sections, trades first: they say most of what an instrument is."""
        self._read_trades()
        self._read_actions()
        for section, read in (
            ("CashTransactions", cash.read_payment),
            ("Transfers", transfers.read_transfer),
        ):
            rows = cash.without(self.statement.rows(section), "SUMMARY", beside="DETAIL")
            self.events += self._each(
                rows,
                lambda row, read=read: read(  # type: ignore[misc]
                    row, self._ids, names=self.names, order=self.order, account=self.account
                ),
            )
        self._read_holdings()

    def _read_trades(self) -> None:
        rows = self._executions()
        known = list(self._each(rows, lambda row: trades.read_trade(row, self._ids)))
        booker = trades.Booker(self.names, self.order, self.account)
        self._take(booker.events(known))

    def _executions(self) -> list[Row]:
        told = self.statement.rows("Trades")
        return [row for row in told if row.tag == "Trade" and cash.level_of(row) not in _NO_TRADES]

    def notes(self) -> Iterator[str]:
        """Say what the query seems to leave out."""
        lacking = [words for name, words in _NEEDED.items() if name not in self.statement.sections]
        if lacking:
            yield (
                f"The statement has no {', '.join(lacking)}. Where the query leaves that out, "
                "add it at Interactive Brokers."
            )
        if self.statement.rows("Trades") and not self._executions():
            yield NO_EXECUTIONS

    def _read_actions(self) -> None:
        rows = cash.without(self.statement.rows("CorporateActions"), "SUMMARY", beside="DETAIL")
        legs = list(self._each(rows, lambda row: actions.read_leg(row, self._ids)))
        self._take(actions.Actions(self.names, self.order, self.account).events(legs))

    def _read_holdings(self) -> None:
        held, owned = self.statement.sections, self.statement.rows("OpenPositions")
        if "OpenPositions" in held:
            rows = cash.without(owned, "LOT", beside="SUMMARY")
            self.positions = tuple(
                self._each(rows, lambda row: cash.read_position(row, names=self.names))
            )
        if "CashReport" in held:
            told = self.statement.rows("CashReport")
            balances = self._each(told, cash.read_balance)
            self.cash = tuple(each for each in balances if each is not None)
            self.sums_cash_up = bool(told) and not self.cash

    def _each(self, rows: Iterable[Row], read: Callable[[Row], Found]) -> Iterator[Found]:
        for row in rows:
            try:
                yield read(row)
            except Unreadable as error:
                self.errors.append(refused(row, error))

    def _take(self, found: Iterable[tuple[Row, list[BrokerEvent] | Unreadable]]) -> None:
        for row, events in found:
            if isinstance(events, Unreadable):
                self.errors.append(refused(row, events))
            else:
                self.events += events
