"""One builder per stored thing, with defaults that a test overrides where it cares."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from accounts.models import User
from brokers.models import Connection, DeadLetter, Discrepancy, MissedDay, Resync, Sync
from marketdata.domain.instruments import AssetClass, identity_of
from marketdata.models import CorporateAction, Instrument, PriceBar
from marketdata.services.bars import write_bars
from portfolios.domain.kinds import Kind
from portfolios.domain.transactions import Draft
from portfolios.models import Portfolio
from portfolios.services import portfolios

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
TODAY = NOW.date()


def make_user(email: str = "ada@example.test", **fields: Any) -> User:
    return User.objects.create_user(email, "correct horse battery staple", **fields)


def make_instrument(symbol: str = "ACME", **fields: Any) -> Instrument:
    known: dict[str, Any] = {
        "symbol": symbol,
        "name": f"{symbol} Inc.",
        "mic": "XNAS",
        "currency": "USD",
        "asset_class": AssetClass.STOCK.value,
        "created_at": NOW,
        "updated_at": NOW,
    } | fields
    owner = known.get("owner")
    identity = identity_of(
        symbol=symbol,
        mic=known["mic"],
        currency=known["currency"],
        owner_id=str(owner.pk) if owner else None,
    )
    return Instrument.objects.create(identity=identity, **known)


def make_pair(symbol: str = "EUR/USD", **fields: Any) -> Instrument:
    fields = {"mic": "", "currency": symbol[4:], "asset_class": AssetClass.CURRENCY.value} | fields
    return make_instrument(symbol, **fields)


def make_closes(instrument: Instrument, closes: dict[str, str]) -> None:
    write_bars(
        PriceBar(
            instrument=instrument,
            date=date.fromisoformat(day),
            close=Decimal(close),
            source="test",
            recorded_at=NOW,
        )
        for day, close in closes.items()
    )
    newest = max(closes)
    instrument.last_close = Decimal(closes[newest])
    instrument.last_close_date = date.fromisoformat(newest)
    instrument.save()


def make_split(instrument: Instrument, ratio: str, day: str, **fields: Any) -> CorporateAction:
    known: dict[str, Any] = {
        "kind": "split",
        "ex_date": date.fromisoformat(day),
        "ratio": Decimal(ratio),
        "source": "test",
        "source_id": f"{instrument.symbol} {day}",
        "created_at": NOW,
        "updated_at": NOW,
    }
    return CorporateAction.objects.create(instrument=instrument, **(known | fields))


def make_portfolio(owner: User, name: str = "Long term", **fields: Any) -> Portfolio:
    known: dict[str, Any] = {"base_currency": "USD", "tracks_cash": True, "now": NOW} | fields
    return portfolios.create_portfolio(owner.pk, name=name, **known)


def make_connection(portfolio: Portfolio, **fields: Any) -> Connection:
    """Make a connection whose secret can't be opened: no broker is asked."""
    known: dict[str, Any] = {
        "broker": "alpaca",
        "environment": "live",
        "account_number": "PA1",
        "account": "Alpaca PA1",
        "state": "active",
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Connection.objects.create(
        portfolio=portfolio, owner_id=portfolio.owner_id, **(known | fields)
    )


def make_sync(connection: Connection, **fields: Any) -> Sync:
    known: dict[str, Any] = {
        "trigger": "manual",
        "state": "ok",
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Sync.objects.create(
        connection=connection, owner_id=connection.owner_id, **(known | fields)
    )


def make_discrepancy(connection: Connection, **fields: Any) -> Discrepancy:
    known: dict[str, Any] = {
        "measure": "cash",
        "what": "USD",
        "theirs": Decimal(5),
        "ours": Decimal(4),
        "state": "open",
        "suggestion": {"code": "missing_cash", "amount": "1"},
        "live_for": f"{connection.pk}:cash:USD",
        "first_seen_at": NOW,
        "last_seen_at": NOW,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Discrepancy.objects.create(
        connection=connection, owner_id=connection.owner_id, **(known | fields)
    )


def make_dead_letter(connection: Connection, **fields: Any) -> DeadLetter:
    known: dict[str, Any] = {
        "broker": connection.broker,
        "stream": "activities",
        "stage": "row",
        "failure": "RowError",
        "error": "",
        "adapter_version": 1,
        "state": "waiting",
        "last_seen_at": NOW,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return DeadLetter.objects.create(connection=connection, **(known | fields))


def make_missed_day(connection: Connection, **fields: Any) -> MissedDay:
    known: dict[str, Any] = {"day": TODAY, "state": "open", "created_at": NOW, "updated_at": NOW}
    return MissedDay.objects.create(connection=connection, **(known | fields))


def make_resync(sync: Sync, **fields: Any) -> Resync:
    known: dict[str, Any] = {"state": "failed", "created_at": NOW, "updated_at": NOW}
    return Resync.objects.create(
        connection=sync.connection, owner_id=sync.owner_id, sync=sync, **(known | fields)
    )


_DECIMALS = {
    *("quantity", "price", "amount", "ratio", "fee", "tax", "fx_rate"),
    *("accrued", "cost_share", "to_amount"),
}


def draft(kind: str, day: str = "2026-01-05", **fields: Any) -> Draft:
    """Build what somebody says happened; numbers may be given as texts."""
    instrument = fields.pop("instrument", None)
    known: dict[str, Any] = {
        name: Decimal(value) if name in _DECIMALS else value for name, value in fields.items()
    }
    known.setdefault("currency", instrument.currency if instrument else "USD")
    return Draft(
        kind=Kind(kind),
        trade_date=date.fromisoformat(day),
        instrument_id=str(instrument.pk) if instrument else None,
        **known,
    )


def buy(
    instrument: Instrument, quantity: str, price: str, day: str = "2026-01-05", **more: Any
) -> Draft:
    return draft("buy", day, instrument=instrument, quantity=quantity, price=price, **more)


def sell(
    instrument: Instrument, quantity: str, price: str, day: str = "2026-02-05", **more: Any
) -> Draft:
    return draft("sell", day, instrument=instrument, quantity=quantity, price=price, **more)
