"""Connected accounts with notes of their owner's on them, to be hurt and looked at afterwards."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from brokers.domain.connections import SyncState
from brokers.models import BrokerRow, Connection, Sync
from brokers.sandbox.alpaca.books import DEFAULT_KEY as ALPACA_KEY
from brokers.sandbox.binance.books import DEFAULT_KEY as BINANCE_KEY
from brokers.sandbox.binance.books import DEFAULT_SECRET as BINANCE_SECRET
from brokers.sandbox.ibkr.books import DEFAULT_QUERY, DEFAULT_TOKEN
from brokers.sandbox.kite.books import DEFAULT_KEY as KITE_KEY
from brokers.sandbox.kite.books import DEFAULT_SECRET as KITE_SECRET
from brokers.selectors import list_unbooked
from brokers.services import connecting
from common import clock
from portfolios import selectors as portfolios
from portfolios.models import Portfolio, Transaction
from portfolios.services import ledger
from tests.brokers.sandboxed import (
    CREDENTIALS,
    Sandbox,
    assert_equals_truth,
    forget_pauses,
    log_in_at_kite,
    reloaded,
    request,
    shorten_histories,
    sync,
)


class Killed(BaseException):
    """The worker is gone, at this very line."""


class Patient:
    """An account that was synced once; since then more has happened, and all is read again."""

    broker: str
    key: str
    credentials: dict[str, str]

    def __init__(
        self, sandbox: Sandbox, portfolio: Portfolio, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.sandbox, self.portfolio, self.monkeypatch = sandbox, portfolio, monkeypatch
        self.notes: dict[str, str] = {}
        #: So much time has passed here already.
        self.ahead = timedelta()
        #: What the broker told of the first purchase.
        self.first: dict[str, Any] = {}
        self.prepare()
        self.connection = self.connect()
        assert self.sync().state == SyncState.OK.value
        self.write_notes()
        self.go_on()
        self.forget_cursors()

    def prepare(self) -> None:
        """Let there be a history."""
        raise NotImplementedError

    def go_on(self) -> None:
        """Let more happen."""
        raise NotImplementedError

    def connect(self) -> Connection:
        return connecting.connect(
            self.portfolio.pk,
            owner_id=self.portfolio.owner_id,
            broker_name=self.broker,
            environment_name="sandbox",
            credentials=self.credentials,
            now=self.now(),
        )

    def now(self) -> datetime:
        return clock.now() + self.ahead

    def book(self, op: str, *, days: float = 1, **fields: Any) -> dict[str, Any]:
        """Let something happen some days ago."""
        known = {"at": (clock.now() - timedelta(days=days)).isoformat()} | fields
        told: dict[str, Any] = self.sandbox.book(op, account=self.key, **known)
        return told

    def request(self) -> Sync:
        """Ask for a sync that may begin at once."""
        forget_pauses()
        return request(reloaded(self.connection), now=self.now())

    def sync(self, *, dies_at: int | None = None) -> Sync:
        """Sync; the worker may die when it looks at its clock for the so manieth time."""
        looks = 0

        def look() -> datetime:
            nonlocal looks
            looks += 1
            # The first look is that of whoever asks.
            if looks == dies_at:
                raise Killed
            return self.now()

        forget_pauses()
        return sync(reloaded(self.connection), now=look)

    def forget_cursors(self) -> None:
        """Let the next sync read all again, page by page."""
        Connection.objects.filter(pk=self.connection.pk).update(cursors={})

    def write_notes(self) -> None:
        """Write a note on each row that has none; nothing else of it is changed."""
        rows = BrokerRow.objects.filter(connection_id=self.connection.pk, state="booked")
        for row in rows.order_by("pk")[:6]:
            held = Transaction.objects.get(pk=row.transaction_id)
            note = self.notes[row.transaction_id] = f"mine {row.external_id}"
            ledger.edit_transaction(
                held.portfolio_id,
                transaction_id=held.pk,
                draft=replace(portfolios.draft_of(held), note=note),
                revision=held.revision,
                changed_by=self.portfolio.owner_id,
                now=self.now(),
            )

    def replace_key(self) -> None:
        connecting.replace_key(
            reloaded(self.connection), credentials=self.credentials, now=self.now()
        )

    def assert_healed(self, *, fewer: int = 0) -> None:
        """Sync once as on any day; then all is as the broker has it, and the notes are there.

        Args:
            fewer: how many of the broker's rows are halves of others.
        """
        self.sandbox.mend()
        healed = self.sync()
        assert healed.state == SyncState.OK.value, (healed.error, healed.streams)
        self._assert_equal(fewer)
        assert {line["outcome"] for line in healed.comparison} == {"match"}, healed.comparison
        assert not list_unbooked(self.connection.pk).exists()
        again = self.sync()
        assert (again.rows_new, again.rows_changed, again.rows_unbooked) == (0, 0, 0)
        self._assert_equal(fewer)

    def _assert_equal(self, fewer: int) -> None:
        booked = len(self.sandbox.truth_of(self.key)["events"]) - fewer
        assert_equals_truth(self.connection, self.sandbox, key=self.key, booked=booked)
        found = Transaction.objects.filter(note__startswith="mine").values_list("pk", "note")
        kept = {str(key): note for key, note in found}
        assert self.notes.items() <= kept.items()
        # A row that corrects another has its note.
        assert set(kept.values()) == set(self.notes.values())


class AtAlpaca(Patient):
    """Fills, dividends and fees, ten on a page."""

    broker, key, credentials = "alpaca", ALPACA_KEY, CREDENTIALS

    def prepare(self) -> None:
        self.monkeypatch.setattr("brokers.adapters.alpaca.client._PAGE_SIZE", 10)
        self.sandbox.reset(activities=13)
        self.first = self.book("fill", symbol="MSFT", side="buy", qty="4", price="36.5", days=6)

    def go_on(self) -> None:
        self.book("fill", symbol="AAPL", side="buy", qty="2.5", price="180.10")
        self.book("pay", kind="DIV", symbol="MSFT", amount="5.10")
        self.book("fill", symbol="KO", side="buy", qty="3", price="58.4", days=0.1)


class AtInteractiveBrokers(Patient):
    """A statement in two currencies."""

    broker, key = "ibkr", DEFAULT_QUERY
    credentials = {"query_id": DEFAULT_QUERY, "token": DEFAULT_TOKEN}

    def prepare(self) -> None:
        self.monkeypatch.setattr("brokers.adapters.ibkr.client._WAITS", (0.0,) * 5)
        self.book("pay", kind="Deposits/Withdrawals", amount="5000", days=50)
        self.first = self.book("fill", symbol="AAPL", side="buy", qty="4", price="36.5", days=40)
        self.book("fill", symbol="SAP", side="buy", qty="2", price="122.4", days=9)

    def go_on(self) -> None:
        self.book("pay", kind="Dividends", amount="1.04", symbol="AAPL", days=3)
        self.book("fill", symbol="SAP", side="sell", qty="1", price="125", days=2)


class AtKite(Patient):
    """Trades of two days in India, and a login that ends in between."""

    broker, key = "kite", KITE_KEY
    credentials = {"api_key": KITE_KEY, "api_secret": KITE_SECRET}

    def prepare(self) -> None:
        self.sandbox.set_clock("2026-03-02T10:00:00+05:30")
        self.sandbox.book("register", account=self.key, redirect_url="http://127.0.0.1/back/")
        self.trade("INFY", "10", "1500.5")

    def go_on(self) -> None:
        self.sandbox.set_clock("2026-03-03T10:00:00+05:30")
        self.log_in(reloaded(self.connection))
        self.trade("ITC", "5", "420")
        self.trade("TCS", "2", "3890.1")

    def connect(self) -> Connection:
        connection = super().connect()
        self.log_in(connection)
        return connection

    def log_in(self, connection: Connection) -> None:
        """Log in on the broker's page, and come back."""
        log_in_at_kite(connection, now=self.now())

    def trade(self, symbol: str, qty: str, price: str, **more: str) -> None:
        self.sandbox.book(
            "trade", account=self.key, symbol=symbol, side="BUY", qty=qty, price=price, **more
        )


class AtBinance(Patient):
    """Trades of some weeks, each without a fee."""

    broker, key = "binance", BINANCE_KEY
    credentials = {"api_key": BINANCE_KEY, "secret_key": BINANCE_SECRET}

    def prepare(self) -> None:
        since = clock.now().date() - timedelta(days=25)
        shorten_histories(self.monkeypatch, since=since, many=1)
        self.book("deposit", coin="USDT", amount="10000", days=9)
        self._trade("BUY", "0.05", days=8)

    def go_on(self) -> None:
        self._trade("SELL", "0.02", days=2)
        self._trade("BUY", "0.01", days=1)

    def _trade(self, side: str, qty: str, *, days: float) -> None:
        self.book("trade", symbol="BTCUSDT", side=side, qty=qty, price="64000.1", days=days)


PATIENTS: Collection[type[Patient]] = (AtAlpaca, AtBinance, AtInteractiveBrokers, AtKite)
PatientOf = Callable[[str], Patient]
