"""Compare a broker's figures with those of the ledger after each sync; nothing is adjusted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from brokers.adapters.brokers import get_broker
from brokers.domain.discrepancies import Hints, Removed, find_shrinkage
from brokers.domain.events import EventState, HeldUnits, Holdings, as_event
from brokers.domain.reconcile import (
    Account,
    Line,
    Outcome,
    compare,
    find_shrunk_cash,
    is_shrunk,
)
from brokers.models import BrokerRow, Connection, Sync
from brokers.selectors import find_last_good_sync, list_unbooked
from brokers.services.costing import HeldCost, cost_lines, count, policy_of
from brokers.services.naming import Instruments, Key
from brokers.services.posting import draft_of
from common.money import exact, plain, rounded_to_places
from marketdata import selectors as market
from portfolios import selectors as portfolios
from portfolios.domain.books import Book
from portfolios.domain.engine import OversellRule, Policy
from portfolios.domain.kinds import Kind
from portfolios.domain.transactions import Event

_ZERO = Decimal(0)
#: Units are counted here, whatever the portfolio's rules say of cost and of selling too much.
COUNTING = Policy(oversell=OversellRule.SHORT)
#: Rows that were deleted here and might explain a difference; more explain nothing.
_MOST_REMOVED = 200


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both sides beside each other.

    Attributes:
        lines: as they are stored.
        held: what the broker says is held, by symbol.
        instrument_ids: of those of the symbols that are known here.
        shrinkage: why the broker's reading is too small to be believed at once; empty if it isn't.
        digest: of the broker's figures, by which the same reading is known again.
    """

    lines: list[dict[str, Any]]
    held: Mapping[str, HeldUnits] = field(default_factory=dict)
    instrument_ids: Mapping[str, str] = field(default_factory=dict)
    shrinkage: str = ""
    digest: str = ""


@dataclass(slots=True)
class _Sides:
    """What both sides hold: units by symbol, money by currency."""

    theirs: Account
    ours: Account
    costs: dict[str, Decimal]
    events: list[Event]
    names: dict[str, str]
    #: By instrument, what the broker says of its cost, and what our rows come to.
    held: dict[str, HeldCost]
    book: Book


def compare_with_ledger(
    connection: Connection,
    told: Holdings,
    *,
    instruments: Instruments,
    missing: str = "",
) -> Comparison:
    """Compare what a broker says is in the account with the ledger's rows of that account.

    Args:
        missing: what to do about what the ledger lacks, where the broker tells no history.
    """
    with exact():
        sides = _sides(connection, told, instruments)
        unbooked, last = _unbooked(connection), find_last_good_sync(connection.pk)
        lines = compare(
            theirs=sides.theirs,
            ours=sides.ours,
            unbooked=unbooked,
            pending=_sums((each.currency, each.pending) for each in told.cash or ()),
            hints=_hints(connection, sides, last, missing),
        )
        costs = cost_lines(connection, theirs=sides.held, book=sides.book, events=sides.events)
        shrinkage = find_shrinkage(
            theirs=sides.theirs.units,
            ours=sides.ours.units,
            costs=sides.costs,
            explained=unbooked | _shrunk_before(last),
        ) or find_shrunk_cash(lines, before=_cash_before(last))
    return Comparison(
        lines=[_as_texts(line) for line in _with_costs(lines, costs)],
        held={each.instrument.symbol: each for each in told.positions},
        instrument_ids={name: key for key, name in sides.names.items() if key != name},
        shrinkage=shrinkage,
        digest=_digest(sides.theirs),
    )


def count_ours(connection: Connection) -> Account:
    """Count what the ledger holds in a connection's account: by instrument, and by currency."""
    book = count_book(connection)
    return Account({key: each.quantity for key, each in book.positions.items()}, book.cash)


def count_book(connection: Connection) -> Book:
    """Count all that a connection's account comes to, by the rules of its portfolio."""
    with exact():
        return count(account_events(connection), policy=policy_of(connection))


def _with_costs(lines: Iterable[Line], costs: Mapping[str, Line]) -> Iterator[Line]:
    """Put what a position costs behind how many units it has; other units cost something else."""
    for line in lines:
        yield line
        is_counted = line.measure == "quantity" and line.outcome is Outcome.MATCH
        if is_counted and line.what in costs:
            yield costs[line.what]


def _sides(
    connection: Connection,
    told: Holdings,
    instruments: Instruments,
) -> _Sides:
    theirs: dict[str, HeldCost] = {}
    names: dict[str, str] = {}
    for held in told.positions:
        key = instruments.known(held.instrument, currency=held.currency) or held.instrument.symbol
        symbol = names[key] = held.instrument.symbol
        nothing = HeldCost(symbol, held.currency, _ZERO, _ZERO)
        theirs[key] = theirs.get(key, nothing).plus(held)
    events = account_events(connection)
    book = count(events, policy=policy_of(connection))
    missing = [key for key in book.positions if key not in names]
    names |= {key: each.symbol for key, each in market.instruments_by_id(missing).items()}
    return _Sides(
        theirs=Account(
            {names[key]: each.units for key, each in theirs.items()},
            _sums((each.currency, each.amount) for each in told.cash or ()),
            is_cash_whole=told.is_cash_whole,
        ),
        ours=Account(
            {names.get(key, key): each.quantity for key, each in book.positions.items()},
            # Of a broker that tells nothing of cash there is nothing to compare.
            {} if told.cash is None else book.cash,
        ),
        costs={names.get(key, key): each.cost or _ZERO for key, each in book.positions.items()},
        events=events,
        names=names,
        held=theirs,
        book=book,
    )


def _sums(amounts: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    """Add up by currency, for an answer may speak of several accounts."""
    sums: dict[str, Decimal] = {}
    for currency, amount in amounts:
        sums[currency] = sums.get(currency, _ZERO) + amount
    return sums


def account_events(connection: Connection) -> list[Event]:
    """Load the rows of the account: by its name, and those recognized as the broker's own.

    Rows imported before there was a connection may name the broker alone.

    Splits count too, whatever account they were recorded for: they change what all hold. Units
    that go to another own account leave this one, and those that come from one come from outside.
    """
    claimed = set(
        BrokerRow.objects.filter(
            connection_id=connection.pk,
            state__in=[EventState.BOOKED.value, EventState.ORPHANED.value],
        ).values_list("transaction_id", flat=True)
    )
    names = {connection.account, get_broker(connection.broker).capabilities.label}
    events = portfolios.list_events(connection.portfolio_id)
    sides = (_seen_from(event, names, is_claimed=event.id in claimed) for event in events)
    return [event for event in sides if event is not None]


def _seen_from(event: Event, names: set[str], *, is_claimed: bool) -> Event | None:
    """Return a row as an account sees it; None where it isn't about this one."""
    is_own = event.account in names or is_claimed
    is_coming = event.kind is Kind.TRANSFER and event.to_account in names
    if event.kind is not Kind.TRANSFER or is_own is is_coming:
        is_split = event.kind is Kind.SPLIT and not event.account
        return event if is_own or is_split else None
    if is_own:
        return replace(event, kind=Kind.TRANSFER_OUT, to_account="")
    # What it cost there isn't known here; its charges were paid there.
    return replace(
        event, kind=Kind.TRANSFER_IN, account=event.to_account, to_account="", fee=_ZERO, tax=_ZERO
    )


def _shrunk_before(last: Sync | None) -> set[str]:
    """Name what the broker told too little of the last time already: that isn't sudden."""
    lines = last.comparison if last else ()
    return {each["what"] for each in lines if each["measure"] == "quantity" and is_shrunk(each)}


def _cash_before(last: Sync | None) -> dict[str, Decimal | None]:
    """Return what the broker told of cash the last time; None where it left a currency out."""
    return {
        each["what"]: None if each["theirs"] is None else Decimal(each["theirs"])
        for each in (last.comparison if last else ())
        if each["measure"] == "cash"
    }


def _hints(connection: Connection, sides: _Sides, last: Sync | None, missing: str) -> Hints:
    events = sides.events
    named = {sides.names.get(each.instrument_id or "", "") for each in events}
    return Hints(
        booked=named | {each.currency for each in events},
        first_day=min((each.trade_date for each in events), default=None),
        matched_at=_matched_at(last),
        missing=missing,
        removed=_removed(connection, {each.id for each in events}),
    )


def _matched_at(last: Sync | None) -> dict[str, date]:
    if last is None or last.compared_at is None:
        return {}
    day = last.compared_at.date()
    return {
        line["what"]: day
        for line in last.comparison
        if line["outcome"] == Outcome.MATCH.value and line["measure"] != "cost"
    }


def _removed(connection: Connection, present: set[str]) -> list[Removed]:
    """Find what the broker told and is no longer in the ledger, newest first."""
    rows = BrokerRow.objects.filter(connection_id=connection.pk, state=EventState.BOOKED.value)
    gone = [
        key
        for key, transaction_id in rows.order_by("-pk").values_list("pk", "transaction_id")
        if transaction_id not in present
    ]
    found = BrokerRow.objects.filter(pk__in=gone[:_MOST_REMOVED]).order_by("-pk")
    return [_as_removed(row) for row in found]


def _as_removed(row: BrokerRow) -> Removed:
    event = as_event(row.content)
    names: dict[Key, str] = {
        (each.symbol, each.currency or event.currency): each.symbol
        for each in (event.instrument, event.to_instrument)
        if each is not None
    }
    draft = draft_of(event, account="", names=names)
    alone = Event(**asdict(draft), id=row.transaction_id, created_at=row.created_at)
    counted = count([alone], policy=COUNTING)
    effects = {key: each.quantity for key, each in counted.positions.items()}
    return Removed(row.transaction_id, event.trade_date, effects | dict(counted.cash))


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


def _digest(theirs: Account) -> str:
    figures = [
        sorted((name, plain(number)) for name, number in side.items() if number)
        for side in (theirs.units, theirs.cash)
    ]
    return hashlib.sha256(json.dumps(figures).encode()).hexdigest()[:32]


def _as_texts(line: Line) -> dict[str, Any]:
    found = line.suggestion
    return {
        "what": line.what,
        "measure": line.measure,
        "theirs": _text(line.theirs),
        "ours": _text(line.ours),
        "currency": line.currency,
        "outcome": line.outcome.value,
        "reason": line.reason,
        "suggestion": {"code": found.code, **found.data} if found else None,
    }


def _text(number: Decimal | None) -> str | None:
    return None if number is None else plain(rounded_to_places(number))
