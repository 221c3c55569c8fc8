"""Find the ratios of splits of which a broker only tells how many units came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from brokers.domain.events import BrokerEvent
from brokers.domain.splits import ratio_between
from brokers.models import Connection
from brokers.services.naming import Key, instrument_of
from brokers.services.reconciling import COUNTING, account_events
from portfolios.domain.engine import Ledger, compute
from portfolios.domain.kinds import Kind
from portfolios.domain.transactions import Event


def find_ratios(
    connection: Connection,
    splits: Sequence[BrokerEvent],
    *,
    names: Mapping[Key, str],
    now: datetime,
) -> dict[str, Decimal]:
    """Map the ids of splits to their ratios, by what the account held before their day.

    What happened before them must be booked. A split in several rows is left alone, and so is one
    whose ratio isn't a usual one: then something is missing in the ledger.

    Args:
        splits: in their order.
    """
    found: dict[str, Decimal] = {}
    if not splits:
        return found
    booked = account_events(connection)
    rows = Counter((event.trade_date, event.instrument) for event in splits)
    for event in splits:
        key = _instrument_of(event, names)
        if key is None or event.quantity is None or rows[event.trade_date, event.instrument] > 1:
            continue
        earlier = [each for each in booked if each.trade_date < event.trade_date]
        book = compute(Ledger(earlier, base_currency="USD"), policy=COUNTING)
        position = book.positions.get(key)
        held = position.quantity if position else Decimal(0)
        ratio = ratio_between(held, held + event.quantity)
        if ratio is not None:
            found[event.external_id] = ratio
            split = _as_booked(event, key, ratio, now=now)
            # Those that were read before are there.
            booked += [] if any(_is_same(split, each) for each in booked) else [split]
    return found


def _instrument_of(event: BrokerEvent, names: Mapping[Key, str]) -> str | None:
    name = event.instrument
    if name is None:
        return None
    currency = name.currency or event.currency
    return instrument_of(names, name, currency=currency, day=event.trade_date)


def _is_same(split: Event, other: Event) -> bool:
    return (other.kind, other.trade_date, other.instrument_id) == (
        split.kind,
        split.trade_date,
        split.instrument_id,
    )


def _as_booked(event: BrokerEvent, key: str, ratio: Decimal, *, now: datetime) -> Event:
    """Write a split as the next one of the same shares finds it."""
    return Event(
        id=event.external_id,
        created_at=now,
        kind=Kind.SPLIT,
        trade_date=event.trade_date,
        currency=event.currency,
        instrument_id=key,
        ratio=ratio,
    )
