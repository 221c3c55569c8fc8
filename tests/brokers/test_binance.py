"""Binance against the sandbox: fees in coins, dust, Earn, clocks, and what goes wrong."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
import requests

from brokers.adapters.binance.history import HISTORIES
from brokers.domain.connections import ConnectionState, SyncState
from brokers.models import Connection
from brokers.sandbox.binance.books import DEFAULT_KEY, DEFAULT_SECRET
from brokers.services import connecting
from common import clock
from portfolios.models import Transaction
from tests.brokers.sandboxed import (
    assert_equals_truth,
    forget_pauses,
    reloaded,
    shorten_histories,
)
from tests.brokers.sandboxed import sync as sync_now

pytestmark = pytest.mark.django_db
OPENED_ON = clock.now().date() - timedelta(days=25)
TRADES, DEPOSITS = "myTrades", "deposit/hisrec"


@pytest.fixture
def binance(sandbox, monkeypatch):
    """The sandbox, whose people came to Binance not long ago."""
    shorten_histories(monkeypatch, since=OPENED_ON)
    return sandbox


@pytest.fixture
def account(binance, portfolio) -> Connection:
    return connecting.connect(
        portfolio.pk,
        owner_id=portfolio.owner_id,
        broker_name="binance",
        environment_name="sandbox",
        credentials={"api_key": DEFAULT_KEY, "secret_key": DEFAULT_SECRET},
        now=clock.now(),
    )


@pytest.fixture
def book(binance):
    """Let something happen in the account, so many days after it was opened."""
    opened_at = clock.now() - timedelta(days=20)

    def booking(op, *, day=2, **fields):
        at = (opened_at + timedelta(days=day)).isoformat()
        return binance.book(op, account=DEFAULT_KEY, at=at, **fields)

    return booking


@pytest.fixture
def trade(book):
    def trading(symbol, side, qty, price, **more):
        return book("trade", symbol=symbol, side=side, qty=qty, price=price, **more)

    return trading


def sync(connection):
    # All keys share what one address may ask, and a test asks more often.
    forget_pauses()
    return sync_now(connection)


def same(connection, binance, *, booked):
    assert_equals_truth(connection, binance, key=DEFAULT_KEY, booked=booked)


def outcomes(done):
    return {line["what"]: line["outcome"] for line in done.comparison}


def test_fees_in_coins_small_remains_and_earn_come_out_even(account, binance, book, trade):
    book("deposit", coin="USDT", amount="10000", day=1)
    trade("BNBUSDT", "BUY", "2", "580.2", fee="0.0015", fee_asset="BNB")
    trade("BTCUSDT", "BUY", "0.05", "64000.1", fee="0.00005", fee_asset="BTC", day=3)
    trade("ETHBTC", "BUY", "0.2", "0.0484", fee="0.000125", day=4)
    trade("PEPEUSDT", "BUY", "100000", "0.00001", fee="100", fee_asset="PEPE", day=5)
    book("dust", coin="ETH", amount="0.0009", price="5.3", day=6)
    book("subscribe", coin="BTC", amount="0.01", day=7)
    book("subscribe", coin="USDT", amount="500", day=7)
    book("reward", coin="BTC", amount="0.00000007", day=8)
    book("reward", coin="USDT", amount="0.03", day=8)
    book("distribute", coin="PEPE", amount="12", day=9)
    book("withdraw", coin="BTC", amount="0.01", fee="0.0001", day=10)

    done = sync(account)

    assert done.state == SyncState.OK.value, (done.error, done.streams)
    assert done.rows_unbooked == 0
    same(account, binance, booked=25)
    assert outcomes(done) == dict.fromkeys(["BNB", "BTC", "ETH", "PEPE", "USDT"], "match")
    fees = Transaction.objects.filter(kind="fee", currency="BNB")
    assert sum(fee.amount for fee in fees) == Decimal("0.0015") + Decimal("0.000125") + (
        Decimal("0.0000954")
    )


def test_a_sync_that_is_repeated_brings_what_is_new_and_nothing_twice(account, binance, trade):
    trade("BTCUSDT", "BUY", "0.05", "64000.1")
    sync(account)

    again = sync(account)
    trade("BTCUSDT", "SELL", "0.05", "65000", day=4)
    after = sync(account)

    assert (again.rows_new, again.rows_changed, after.rows_new) == (0, 0, 1)
    same(account, binance, booked=2)


def test_a_deposit_counts_once_it_is_credited(account, binance, book):
    row = book("deposit", coin="USDT", amount="100", status=0)
    sync(account)
    assert not Transaction.objects.exists()

    binance.book("alter", account=DEFAULT_KEY, key=row["id"], fields={"status": 1})
    sync(account)

    assert Transaction.objects.get().amount == Decimal(100)


def test_a_span_that_has_more_than_is_told_is_halved(account, binance, book, monkeypatch):
    short = [replace(HISTORIES[0], most_rows=2, params={"limit": "2"}, since=OPENED_ON)]
    monkeypatch.setattr("brokers.adapters.binance.client.HISTORIES", short)
    for day in (3, 4, 5, 9, 17):
        book("deposit", coin="USDT", amount="100", day=day)

    done = sync(account)

    assert done.state == SyncState.OK.value, done.error
    same(account, binance, booked=5)


@pytest.mark.parametrize(
    ("mode", "path", "more"),
    [
        ("status", TRADES, {"status": 503, "times": 2}),
        ("cut_json", TRADES, {"times": 2}),
        ("lose_rows", TRADES, {}),
        ("empty", TRADES, {}),
        ("rate_limit", TRADES, {"header": "after", "seconds": 0}),
        ("status", DEPOSITS, {"status": 418}),
        ("status", TRADES, {"status": 400, "fields": {"code": -1021, "msg": "Timestamp"}}),
    ],
)
def test_after_a_fault_an_ordinary_sync_makes_it_good(
    account, binance, book, trade, mode, path, more
):
    book("deposit", coin="USDT", amount="10000", day=1)
    trade("BTCUSDT", "BUY", "0.05", "64000.1")
    trade("BTCUSDT", "SELL", "0.02", "64500", day=3)
    binance.break_down(mode, path, **more)
    sync(account)
    binance.mend()

    done = [sync(account), sync(account)][-1]

    assert done.state == SyncState.OK.value, done.error
    same(account, binance, booked=3)


def test_a_clock_that_goes_wrong_here_is_set_by_theirs(account, binance, trade):
    trade("BTCUSDT", "BUY", "0.05", "64000.1")
    binance.order("POST", "clock", advance_s=7_200)

    done = sync(account)

    assert done.state == SyncState.OK.value, done.error
    same(account, binance, booked=1)


def test_what_others_use_up_at_the_same_address_is_waited_for(account, binance, book, trade):
    book("deposit", coin="USDT", amount="10000", day=1)
    trade("BTCUSDT", "BUY", "0.05", "64000.1")
    # Stopped, so that no minute ends meanwhile.
    minute = clock.now().replace(second=0, microsecond=0)
    binance.set_clock(minute.isoformat())
    binance.book("crowd", account=DEFAULT_KEY, weight=4_799)
    before = len(binance.asked)

    crowded = sync(account)

    asked = binance.asked[before:]
    assert crowded.state == SyncState.WAITING.value
    assert (crowded.retries, reloaded(account).state) == (0, ConnectionState.ACTIVE.value)
    assert timedelta(0) < crowded.retry_at - clock.now() <= timedelta(minutes=2)
    # The first answer says it, and is the last one.
    assert [(each["status"], each["weight"]) for each in asked] == [(200, 1)]
    binance.set_clock((minute + timedelta(minutes=1)).isoformat())
    done = sync(account)
    assert done.state == SyncState.OK.value, done.error
    same(account, binance, booked=2)
    assert not {429, 418} & {each["status"] for each in binance.asked}
    assert sum(each["weight"] for each in binance.asked[before + 1 :]) < 4_800


def test_who_goes_on_asking_is_banned(binance, account):
    binance.set_clock("2026-03-02T10:00:20+00:00")
    binance.order("POST", "accounts", house="binance", accounts={"neighbor": "secret"})
    for key in (DEFAULT_KEY, "neighbor"):
        binance.book("crowd", account=key, weight=3_000)

    told = [requests.get(f"{binance.url}/binance/api/v3/time", timeout=10) for _ in range(11)]

    assert [each.status_code for each in told] == [429] * 10 + [418]
    assert told[-1].headers["retry-after"] == "40"
    assert told[-1].headers["x-mbx-used-weight-1m"] == "6011"


def test_a_key_that_is_refused_waits_for_its_owner(account, binance):
    binance.break_down("status", "account", status=401, times=None)

    sync(account)

    assert reloaded(account).state == ConnectionState.NEEDS_KEY.value
