"""The sandbox on a real port, and accounts of it that are connected."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from urllib.request import urlopen

import pytest
import requests

from brokers.adapters.binance.history import HISTORIES
from brokers.domain.connections import SyncState
from brokers.models import Connection, ImportRun, Sync
from brokers.sandbox.alpaca.books import DEFAULT_KEY, DEFAULT_SECRET
from brokers.sandbox.app import Sandbox as App
from brokers.sandbox.serving import SHARED, serve, servers
from brokers.services import committing, connecting, intake, logins, reading, syncing, syncs
from common import clock, redis
from marketdata.selectors import instruments_by_id
from portfolios.domain.engine import Ledger, OversellRule, Policy, compute
from portfolios.models import Transaction
from portfolios.selectors import list_events

CREDENTIALS = {"key_id": DEFAULT_KEY, "secret_key": DEFAULT_SECRET}


class Sandbox:
    """A running sandbox, as a test orders it about."""

    def __init__(self, url: str, kite_url: str) -> None:
        self.url, self.kite_url = url, kite_url

    def order(self, method: str, path: str, **body: Any) -> Any:
        answer = requests.request(method, f"{self.url}/_control/{path}", json=body, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def reset(self, *, activities: int, seed: int = 1) -> Any:
        return self.order("POST", "reset", activities=activities, seed=seed)

    def book(self, op: str, **fields: Any) -> Any:
        return self.order("POST", "ledger", op=op, **fields)

    def break_down(self, mode: str, path: str = "", *, times: int | None = 1, **more: Any) -> None:
        """Put a fault in the way; `skip` questions are answered well first."""
        skip = more.pop("skip", 0)
        fault = {"mode": mode, "match": {"path_regex": path}, "times": times, "skip": skip}
        self.order("POST", "faults", faults=[fault | {"args": more}])

    def mend(self) -> None:
        self.order("DELETE", "faults")

    @property
    def asked(self) -> list[dict[str, Any]]:
        return self.order("GET", "requests")

    @property
    def truth(self) -> dict[str, Any]:
        return self.truth_of(DEFAULT_KEY)

    def truth_of(self, key: str) -> dict[str, Any]:
        return self.order("GET", "truth")[key]

    def set_clock(self, moment: str) -> None:
        self.order("POST", "clock", now=moment)


@contextmanager
def running_sandbox() -> Iterator[Sandbox]:
    with ExitStack() as stack:
        made = servers(App(has_control=True))
        listeners = {
            name: stack.enter_context(socket.create_server(("127.0.0.1", 0))) for name in made
        }
        urls = {
            name: f"http://127.0.0.1:{each.getsockname()[1]}" for name, each in listeners.items()
        }
        thread = threading.Thread(
            target=lambda: asyncio.run(serve(made, listeners=listeners)), daemon=True
        )
        thread.start()
        while not all(server.started for server in made.values()):
            time.sleep(0.01)
        try:
            yield Sandbox(urls[SHARED], urls["kite"])
        finally:
            for server in made.values():
                server.should_exit = True
            thread.join(10)


def forget_pauses() -> None:
    """Forget what limits and breakers in Redis have counted."""
    redis.client().flushdb()


def connect(portfolio, *, now: datetime | None = None, **credentials: str) -> Connection:
    return connecting.connect(
        portfolio.pk,
        owner_id=portfolio.owner_id,
        broker_name="alpaca",
        environment_name="sandbox",
        credentials=CREDENTIALS | credentials,
        now=now or clock.now(),
    )


def log_in_at_kite(connection: Connection, *, now: datetime) -> None:
    """Log in on the broker's page, and come back."""
    forget_pauses()
    # As a browser does it, which writes nothing into our logs.
    with urlopen(logins.address(connection, state="s"), timeout=10) as answer:
        page = answer.read().decode()
    back = urlsplit(unescape(page.partition('href="')[2].partition('"')[0]))
    logins.complete(connection, ticket=dict(parse_qsl(back.query)), now=now)


def shorten_histories(
    monkeypatch: pytest.MonkeyPatch, *, since: date, many: int | None = None
) -> None:
    """Let nobody have come to Binance before some day, so that no years are asked for.

    Args:
        many: only so many of the histories are asked for, of which the first is that of deposits.
    """
    short = [replace(each, since=since) for each in HISTORIES[:many]]
    monkeypatch.setattr("brokers.adapters.binance.client.HISTORIES", short)


def import_file(portfolio, name: str, content: bytes) -> ImportRun:
    """Import a file, and commit all of it at once."""
    run = intake.open_import(
        portfolio.pk,
        owner_id=portfolio.owner_id,
        file_name=name,
        chunks=[content],
        creates_instruments=True,
        now=clock.now(),
    )
    reading.read(run.pk, row_limit=1_000, clock=clock.now)
    committing.request_commit(ImportRun.objects.get(pk=run.pk), now=clock.now())
    committing.commit(run.pk, clock=clock.now)
    return ImportRun.objects.get(pk=run.pk)


def reloaded(connection: Connection) -> Connection:
    """Return a connection as it is stored now."""
    return Connection.objects.get(pk=connection.pk)


def sync(connection: Connection, *, now: Callable[[], datetime] = clock.now) -> Sync:
    """Ask for a sync and do it at once; return it as it is stored then."""
    asked = request(connection, now=now())
    syncing.run(asked.pk, clock=now)
    return Sync.objects.get(pk=asked.pk)


def request(connection: Connection, *, now: datetime) -> Sync:
    """Ask for a sync that may begin at once."""
    asked, _ = syncs.request_sync(connection, trigger="manual", now=now)
    if asked.state == SyncState.WAITING.value:
        Sync.objects.filter(pk=asked.pk).update(retry_at=now)
    return asked


def assert_equals_truth(
    connection: Connection,
    sandbox: Sandbox,
    *,
    booked: int | None = None,
    key: str = DEFAULT_KEY,
):
    """Assert that the ledger holds what the sandbox holds, and nothing twice."""
    truth = sandbox.truth_of(key)
    events = list_events(connection.portfolio_id)
    book = compute(Ledger(events, base_currency="USD"), policy=Policy(oversell=OversellRule.SHORT))
    held = {key: each.quantity for key, each in book.positions.items() if each.quantity}
    symbols = {key: each.symbol for key, each in instruments_by_id(list(held)).items()}
    assert {symbols[key]: units for key, units in held.items()} == {
        symbol: Decimal(units) for symbol, units in truth["positions"].items()
    }
    cash = {currency: amount for currency, amount in book.cash.items() if amount}
    assert cash == {currency: Decimal(amount) for currency, amount in truth["cash"].items()}
    rows = Transaction.objects.filter(portfolio_id=connection.portfolio_id, is_void=False)
    assert rows.count() == (len(truth["events"]) if booked is None else booked)
