"""Plain values for the templates of connections."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from brokers.adapters.brokers import get_broker
from brokers.adapters.contract import Broker
from brokers.domain.connections import OPEN, SYNCABLE, ConnectionState, SyncState, Trigger
from brokers.domain.discrepancies import DiscrepancyState
from brokers.domain.equity import differs
from brokers.domain.events import Stream
from brokers.domain.orders import OpenOrder, as_orders
from brokers.domain.reconcile import Outcome
from brokers.domain.resyncs import ResyncState
from brokers.models import BrokerRow, Connection, Discrepancy, EquityDay, MissedDay, Resync, Sync
from common.money import exact, plain
from portfolios.domain.kinds import Kind

#: Listed of the days of which trades may be missing; a month or so.
_MOST_MISSED = 25
#: Shown of what an account was worth; a month of trading days.
_MOST_DAYS = 22
_ENDED = (ConnectionState.DISCONNECTED, ConnectionState.REMOVING)
_TONES = {SyncState.OK: "gain", SyncState.PARTIAL: "warn", SyncState.FAILED: "loss"}
#: Beside the name of what is compared.
MEASURES: Mapping[str, str] = {"quantity": "", "cost": "Cost", "cash": "Cash"}
_KINDS = {kind.value: kind.label for kind in Kind}


def offer(broker: Broker) -> dict[str, Any]:
    """Describe what a broker can tell."""
    known = broker.capabilities
    return {
        "name": broker.name,
        "label": known.label,
        "tells": known.tells,
        "conceals": known.conceals,
        "has_login": broker.login is not None,
    }


def connection_line(connection: Connection) -> dict[str, Any]:
    """Describe a connection; of its secret nothing but that there is one."""
    broker = get_broker(connection.broker)
    known = broker.capabilities
    environment = known.environment(connection.environment)
    state = ConnectionState(connection.state)
    return {
        "id": str(connection.pk),
        "broker": known.label,
        "environment": environment.label if environment else connection.environment,
        "number": connection.account_number,
        "account": connection.account,
        "state": state.value,
        "state_label": state.label,
        "is_ended": state in _ENDED,
        "is_paused": state is ConnectionState.PAUSED,
        "needs_key": state is ConnectionState.NEEDS_KEY,
        "needs_login": state is ConnectionState.NEEDS_LOGIN,
        "has_login": broker.login is not None and state not in _ENDED,
        "login_until": connection.login_until,
        "can_sync": state in SYNCABLE,
        "hint": connection.hint,
        "created_at": connection.created_at,
        "next_sync_at": connection.next_sync_at,
        "rhythm": known.hours.rhythm,
        "streams": [
            {"label": Stream(name).label, "at": datetime.fromisoformat(at)}
            for name, at in connection.good_at.items()
        ],
        "good_at": max(map(datetime.fromisoformat, connection.good_at.values()), default=None),
    }


def order_line(order: OpenOrder) -> dict[str, Any]:
    """Describe an order that waits at the broker."""
    return {
        "symbol": order.symbol,
        "side": order.side.label,
        "kind": order.kind,
        "quantity": order.quantity,
        "amount": order.amount,
        "filled": order.filled,
        "prices": [
            (label, price)
            for label, price in (("limit", order.limit), ("stop", order.stop))
            if price is not None
        ],
        "currency": order.currency,
        "placed_at": order.placed_at,
    }


def open_orders(connection: Connection) -> dict[str, Any] | None:
    """Describe the orders that wait at the broker; None where it has not told of any yet."""
    told_at = connection.good_at.get(Stream.ORDERS)
    if told_at is None or ConnectionState(connection.state) in _ENDED:
        return None
    lines = [order_line(each) for each in as_orders(connection.open_orders)]
    return {"at": datetime.fromisoformat(told_at), "lines": lines}


def equity(found: QuerySet[EquityDay]) -> dict[str, Any]:
    """Describe what an account was worth on its last days, newest first."""
    rows = list(found[:_MOST_DAYS])
    with exact():
        lines = [
            {
                "day": each.day,
                "currency": each.currency,
                "theirs": each.theirs,
                "ours": each.ours,
                "difference": None if each.ours is None else each.theirs - each.ours,
                "differs": differs(each.theirs, each.ours),
            }
            for each in rows
        ]
    return {
        "lines": lines,
        "differing": sum(each["differs"] is True for each in lines),
        "unknown": sum(each["differs"] is None for each in lines),
        "at": max((each.compared_at for each in rows), default=None),
    }


def sync_line(sync: Sync) -> dict[str, Any]:
    """Describe a sync."""
    state = SyncState(sync.state)
    return {
        "id": str(sync.pk),
        "state": state.value,
        "state_label": state.label,
        "tone": "accent busy" if state in OPEN else _TONES.get(state, ""),
        "is_open": state in OPEN,
        "trigger": Trigger(sync.trigger).label,
        "done": sum(each["state"] not in ("running", "waiting") for each in sync.streams),
        "total": max(len(sync.streams), 1),
        "streams": [each | {"label": Stream(each["stream"]).label} for each in sync.streams],
        "rows_new": sync.rows_new,
        "rows_changed": sync.rows_changed,
        "rows_unbooked": sync.rows_unbooked,
        "calls": sync.calls,
        "error": sync.error,
        "notice": sync.notice,
        "retry_at": sync.retry_at,
        "created_at": sync.created_at,
        "finished_at": sync.finished_at,
    }


def comparison(sync: Sync | None) -> dict[str, Any] | None:
    """Describe how a broker's figures compare with ours."""
    if sync is None:
        return None
    lines = [
        line
        | {
            "label": Outcome(line["outcome"]).label,
            "measure_label": MEASURES[line["measure"]],
            "currency": _currency_of(line),
            "tone": {"match": "gain", "explained": "warn"}.get(line["outcome"], "loss"),
        }
        for line in sync.comparison
    ]
    return {
        "at": sync.compared_at,
        "lines": lines,
        "is_equal": all(line["outcome"] == Outcome.MATCH for line in lines),
    }


def _currency_of(line: Mapping[str, Any]) -> str:
    if line["measure"] == "cash":
        return str(line["what"])
    return str(line.get("currency", ""))


def row_line(row: BrokerRow) -> dict[str, Any]:
    """Describe an event that isn't booked."""
    name = row.content.get("instrument")
    symbol = name.get("symbol", "") if isinstance(name, dict) else row.content.get("symbol", "")
    return {
        "external_id": row.external_id,
        "kind": _KINDS.get(row.kind, row.content.get("note") or row.kind.capitalize()),
        "date": row.content.get("trade_date", row.content.get("date", "")),
        "symbol": symbol,
        "quantity": row.content.get("quantity"),
        "amount": row.content.get("amount"),
        "currency": row.content.get("currency", ""),
        "problem": row.problem,
    }


def difference_line(row: Discrepancy) -> dict[str, Any]:
    """Describe a difference, and what can be done about it."""
    is_cost, ours = row.measure == "cost", row.ours
    return {
        "id": str(row.pk),
        "what": row.what,
        "label": MEASURES[row.measure],
        "currency": row.currency,
        "theirs": plain(row.theirs),
        "ours": "" if ours is None else plain(ours),
        "reason": row.reason,
        "row_id": row.suggestion.get("transaction_id", ""),
        "is_removed": row.suggestion.get("code") == "removed_here",
        "state": row.state,
        "state_label": DiscrepancyState(row.state).label,
        "first_seen_at": row.first_seen_at,
        "last_seen_at": row.last_seen_at,
        "decided_at": row.decided_at,
        "transaction_id": row.transaction_id,
        "can_accept": _can_give_cost(row) if is_cost else _can_book(row),
    }


def _can_book(row: Discrepancy) -> bool:
    # One row can't turn what is held short.
    return row.measure == "cash" or min(row.theirs, row.ours or 0) >= 0


def _can_give_cost(row: Discrepancy) -> bool:
    # What is known is so by rows that say something else.
    return bool(row.suggestion.get("code") == "unknown_cost" and row.theirs > 0)


def missed_days(found: QuerySet[MissedDay]) -> dict[str, Any]:
    """Describe the days of which trades may be missing, newest first: some, and how many more."""
    days = list(found[:_MOST_MISSED].values("day", "read_until"))
    return {"days": days, "more": found.count() - len(days) if len(days) == _MOST_MISSED else 0}


def resync_line(resync: Resync, *, now: datetime) -> dict[str, Any]:
    """Describe a generation, what switching to it does, and what can be done."""
    state, found = ResyncState(resync.state), resync.difference
    changes = [found.get(name, 0) for name in ("added", "changed", "removed", "kept")]
    lines = found.get("lines", [])
    return {
        "id": str(resync.pk),
        "state": state.value,
        "state_label": state.label,
        "created_at": resync.created_at,
        "switched_at": resync.switched_at,
        "undo_until": resync.undo_until,
        "error": resync.error or (resync.sync.error if state is ResyncState.FAILED else ""),
        "difference": found,
        "is_same": bool(found) and not any(changes),
        "lines": [each | {"label": _KINDS.get(each["kind"], each["kind"])} for each in lines],
        "hidden": max(0, sum(changes) - len(lines)),
        "is_building": state is ResyncState.BUILDING and bool(resync.sync.open_for),
        "is_ready": state is ResyncState.READY,
        "can_switch": state is ResyncState.READY and not resync.error and any(changes),
        "can_undo": state is ResyncState.SWITCHED
        and resync.undo_until is not None
        and resync.undo_until >= now,
        # What is taken away by a fetch may be the fetch's fault.
        "is_large": found.get("removed", 0) > 0.3 * max(1, found.get("same", 0)),
    }


def orphan_line(row: BrokerRow) -> dict[str, Any]:
    """Describe what is kept here although the broker doesn't tell it any more."""
    return row_line(row) | {"transaction_id": row.transaction_id}
