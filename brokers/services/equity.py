"""Keep what a broker says that an account was worth each day, beside what it was by the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

from brokers.domain.equity import DayEquity, ended
from brokers.models import Connection, EquityDay
from brokers.services.booking import hold
from brokers.services.costing import policy_of
from brokers.services.reconciling import account_events
from common.bulk import upsert_many
from common.money import rounded_to_places
from common.transactions import run_in_transaction
from portfolios import selectors as portfolios


def keep(connection: Connection, told: Iterable[DayEquity], *, now: datetime) -> None:
    """Store the days that are over, each once, with what the account's rows were worth then.

    Repeating it changes nothing but what has changed since: brokers correct the last days.

    Raises:
        Replaced: another worker has taken the sync on, or its connection has ended.
    """
    days = ended(told, now=now)
    if not days:
        return
    ours = _ours(connection, days)
    rows = [
        EquityDay(
            connection=connection,
            day=day,
            currency=each.currency,
            theirs=each.amount,
            ours=ours.get(day),
            compared_at=now,
            created_at=now,
            updated_at=now,
        )
        for day, each in sorted(days.items())
    ]

    def store() -> None:
        held = hold(connection, now=now)
        held.save(update_fields=["updated_at"])
        upsert_many(rows, key=("connection", "day"))

    run_in_transaction(store)


def _ours(connection: Connection, days: Mapping[date, DayEquity]) -> dict[date, Decimal | None]:
    """Value the account's rows alone at the end of each day; a long ledger isn't gone through."""
    portfolio = portfolios.get_portfolio(connection.portfolio_id, owner_id=connection.owner_id)
    try:
        values = portfolios.value_rows(
            portfolio,
            account_events(connection),
            currency=next(iter(days.values())).currency,
            policy=policy_of(connection),
            start=min(days),
            end=max(days) + timedelta(days=1),
        )
    except portfolios.LedgerTooLong:
        return {}
    return {
        day: None if value is None else rounded_to_places(value) for day, value in values.items()
    }
