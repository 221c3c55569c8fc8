"""Give units that came without a known cost the one that their broker tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from bson import ObjectId

from brokers.domain.costs import unpriced
from brokers.models import Connection
from brokers.services.costing import about, count, policy_of
from brokers.services.reconciling import COUNTING, account_events
from common.errors import InvalidInput
from common.money import exact, rounded_to_places
from portfolios import selectors as portfolios
from portfolios.domain.engine import Policy
from portfolios.domain.transactions import Event
from portfolios.services import ledger

_ZERO, _ONE = Decimal(0), Decimal(1)
_CENT = Decimal("0.01")
#: Of the cost: what the rounding of a price to the places that are kept may leave.
_ROUNDING = Decimal("0.0001")


class NotAcceptable(InvalidInput):
    """The broker's figure can't be taken over by itself; record or change what happened by hand."""

    code = "discrepancy-not-acceptable"


def give(
    connection: Connection,
    *,
    instrument_id: str,
    cost: Decimal,
    changed_by: ObjectId,
    now: datetime,
) -> str:
    """Let what an account holds of an instrument cost so much, in the caller's transaction.

    The deliveries that lack a price get one, the same for each unit, so that the whole comes to the
    cost; each keeps what it was before. Returns the id of the newest of them.

    Raises:
        NotAcceptable: none lacks a price, or no price comes to that cost.
    """
    with exact():
        events = about(account_events(connection), {instrument_id})
        book = count(events, policy=COUNTING)
        position = book.positions.get(instrument_id)
        known = {event.id: event for event in events}
        _, rows = unpriced(position.lots if position else (), known)
        if not rows:
            raise NotAcceptable
        price = _price(instrument_id, cost, events, rows, policy=policy_of(connection))
    changed = [
        _reprice(connection, row, price, changed_by=changed_by, now=now)
        for row in sorted(rows, key=lambda each: (each.trade_date, each.id))
    ]
    return changed[-1]


def _price(
    instrument_id: str,
    cost: Decimal,
    events: Sequence[Event],
    rows: Sequence[Event],
    *,
    policy: Policy,
) -> Decimal:
    """Find the price of the rows by which the position costs so much.

    What units cost grows evenly with it, whatever was split or sold since; where it doesn't,
    because other lots would have been sold, there is no such price.
    """

    def at(price: Decimal) -> Decimal:
        priced: Mapping[str, Event] = {each.id: replace(each, price=price) for each in rows}
        book = count([priced.get(each.id, each) for each in events], policy=policy)
        found = book.positions[instrument_id].cost
        if found is None:
            raise NotAcceptable
        return found

    free, each = at(_ZERO), at(_ONE) - at(_ZERO)
    if not each:
        raise NotAcceptable
    price = rounded_to_places((cost - free) / each)
    if price <= 0 or abs(at(price) - cost) > max(_CENT, _ROUNDING * abs(cost)):
        raise NotAcceptable
    return price


def _reprice(
    connection: Connection, row: Event, price: Decimal, *, changed_by: ObjectId, now: datetime
) -> str:
    stored = portfolios.get_transaction(connection.portfolio_id, transaction_id=ObjectId(row.id))
    ledger.edit_transaction(
        connection.portfolio_id,
        transaction_id=stored.pk,
        draft=replace(portfolios.draft_of(stored), price=price),
        revision=stored.revision,
        changed_by=changed_by,
        now=now,
    )
    return row.id
