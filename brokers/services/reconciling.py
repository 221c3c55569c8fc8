"""Compare a broker's figures with those of the ledger after each sync; nothing is adjusted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from brokers.adapters.brokers import get_broker
from brokers.domain.events import EventState, HeldCash, HeldUnits
from brokers.domain.reconcile import Account, Line, compare
from brokers.models import BrokerRow, Connection
from brokers.selectors import list_unbooked
from brokers.services.naming import Instruments
from common.money import plain
from marketdata import selectors as market
from portfolios import selectors as portfolios
from portfolios.domain.engine import Ledger, OversellRule, Policy, compute
from portfolios.domain.kinds import Kind
from portfolios.domain.transactions import Event

#: Units are counted here, whatever the portfolio's rules say of cost and of selling too much.
_COUNTING = Policy(oversell=OversellRule.SHORT)


def compare_with_ledger(
    connection: Connection,
    *,
    positions: Sequence[HeldUnits],
    cash: Sequence[HeldCash],
    instruments: Instruments,
    missing: str = "",
) -> list[dict[str, Any]]:
    """Compare what a broker says is in the account with the ledger's rows of that account.

    Args:
        missing: what to do about what only the broker knows, where that is usual.
    """
    theirs_by_id: dict[str, Decimal] = {}
    names: dict[str, str] = {}
    for held in positions:
        key = instruments.known(held.instrument, currency=held.currency) or held.instrument.symbol
        theirs_by_id[key] = theirs_by_id.get(key, Decimal(0)) + held.quantity
        names[key] = held.instrument.symbol
    book = compute(Ledger(_events(connection), base_currency="USD"), policy=_COUNTING)
    ours_by_id = {key: each.quantity for key, each in book.positions.items()}
    unnamed = [key for key in ours_by_id if key not in names]
    names |= {key: each.symbol for key, each in market.instruments_by_id(unnamed).items()}
    lines = compare(
        theirs=Account(
            {names[key]: quantity for key, quantity in theirs_by_id.items()},
            _sums((each.currency, each.amount) for each in cash),
        ),
        ours=Account(
            {names.get(key, key): quantity for key, quantity in ours_by_id.items()},
            book.cash,
        ),
        unbooked=_unbooked(connection),
        pending=_sums((each.currency, each.pending) for each in cash),
        missing=missing,
    )
    return [_as_texts(line) for line in lines]


def _sums(amounts: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    """Add up by currency, for an answer may speak of several accounts."""
    sums: dict[str, Decimal] = {}
    for currency, amount in amounts:
        sums[currency] = sums.get(currency, Decimal(0)) + amount
    return sums


def _events(connection: Connection) -> list[Event]:
    """Load the rows of the account: by its name, and those recognized as the broker's own.

    Rows imported before there was a connection may name the broker alone.

    Splits count too, whatever account they were recorded for: they change what all hold.
    """
    claimed = set(
        BrokerRow.objects.filter(
            connection_id=connection.pk, state=EventState.BOOKED.value
        ).values_list("transaction_id", flat=True)
    )
    names = {connection.account, get_broker(connection.broker).capabilities.label}
    return [
        event
        for event in portfolios.list_events(connection.portfolio_id)
        if event.account in names
        or event.id in claimed
        or (event.kind is Kind.SPLIT and not event.account)
    ]


def _unbooked(connection: Connection) -> set[str]:
    """Return the symbols and currencies that events speak of which couldn't be booked."""
    found: set[str] = set()
    for row in list_unbooked(connection.pk):
        name = row.content.get("instrument")
        symbol = name.get("symbol") if isinstance(name, dict) else row.content.get("symbol")
        found |= {str(each) for each in (symbol,) if each}
        # What moved units without moving money explains nothing about cash.
        if row.content.get("amount") or row.content.get("price") or row.kind == "unreadable":
            found.add(str(row.content.get("currency", "USD")))
    return found


def _as_texts(line: Line) -> dict[str, Any]:
    return {
        "what": line.what,
        "measure": line.measure,
        "theirs": plain(line.theirs),
        "ours": plain(line.ours),
        "outcome": line.outcome.value,
        "reason": line.reason,
    }
