"""The brokers' official libraries, unmodified, at the sandbox: so it speaks as the brokers do.

They live in an environment of their own, for they pin old packages: `make sdks` makes it.
"""

import json
import subprocess
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from brokers.sandbox.alpaca.books import DEFAULT_KEY as ALPACA_KEY
from brokers.sandbox.alpaca.books import DEFAULT_SECRET as ALPACA_SECRET
from brokers.sandbox.binance.books import DEFAULT_KEY as BINANCE_KEY
from brokers.sandbox.binance.books import DEFAULT_SECRET as BINANCE_SECRET
from brokers.sandbox.ibkr.books import DEFAULT_QUERY, DEFAULT_TOKEN
from brokers.sandbox.kite.books import DEFAULT_KEY, DEFAULT_SECRET
from common import clock
from tests.brokers.sandboxed import Sandbox

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".sdks" / "bin" / "python"
SCRIPTS = ROOT / "tests" / "sdks"

pytestmark = pytest.mark.skipif(
    not PYTHON.exists(), reason="The official libraries aren't installed: make sdks."
)


@pytest.fixture
def lived_in(running) -> Sandbox:
    """A sandbox whose people have had an eventful time."""
    running.reset(activities=230)
    return running


def told_by(script: str, *arguments: str) -> Any:
    """Run a script with the official libraries, and return what it printed."""
    done = subprocess.run(
        [PYTHON, SCRIPTS / script, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_kiteconnect_logs_in_looks_around_and_listens(lived_in):
    lived_in.set_clock("2026-03-03T10:00:00+05:30")
    lived_in.book("register", account=DEFAULT_KEY, redirect_url="http://127.0.0.1/callback/")
    lived_in.book(
        "trade", account=DEFAULT_KEY, symbol="INFY", side="SELL", qty="4", price="1510.05"
    )
    truth = lived_in.truth_of(DEFAULT_KEY)

    seen = told_by(
        "kite_day.py",
        lived_in.kite_url,
        lived_in.kite_url.replace("http", "ws"),
        DEFAULT_KEY,
        DEFAULT_SECRET,
    )

    assert seen["user"] == seen["profile"] == truth["number"]
    assert seen["login_time"] == "datetime"
    assert seen["cash"] == float(truth["cash"]["INR"])
    held = {symbol: int(units) for symbol, units in truth["positions"].items()}
    assert seen["holdings"] == held | {"INFY": held["INFY"] + 4}
    assert (seen["positions"], seen["trades"]) == (["INFY"], ["10000000"])
    assert (seen["filled_at"], seen["orders"]) == ("2026-03-03 10:00:00", ["COMPLETE"])
    assert seen["last"] == 1512.35
    assert [day[:10] for day in seen["days"]] == ["2026-02-27", "2026-03-02"]
    assert seen["instruments"] == ["INFY", "ITC", "TCS"]
    assert [(each["mode"], each["depth"]) for each in seen["ticks"]] == [("full", 5), ("ltp", 0)]
    assert all(abs(each["price"] - 1512.35) < 5 for each in seen["ticks"])
    assert "access_token" in seen["after"]


def test_ibflex_has_a_statement_made_and_reads_it(lived_in):
    at = (clock.now() - timedelta(days=4)).isoformat()

    def book(op: str, **fields: str) -> Any:
        return lived_in.book(op, account=DEFAULT_QUERY, at=at, **fields)

    wrong = book("fill", symbol="NVDA", side="short", qty="2", price="61")
    book("rebook", key=wrong["id"], qty="2", price="60.5", names="yes")
    book("split", symbol="NVDA", ratio="2")
    book("transfer", symbol="SPY", qty="3")
    truth = lived_in.truth_of(DEFAULT_QUERY)

    seen = told_by("flex_statement.py", f"{lived_in.url}/ibkr", DEFAULT_QUERY, DEFAULT_TOKEN)

    assert (seen["account"], seen["currency"]) == (truth["number"], "EUR")
    original, canceled, anew = seen["trades"][-3:]
    assert original == [wrong["id"], "ExchTrade", "SELL", "NVDA", "-2", ""]
    assert canceled[1:] == ["TradeCancel", "SELL (Ca.)", "NVDA", "2", wrong["id"]]
    assert anew[1:] == ["ExchTrade", "SELL", "NVDA", "-2", ""]
    assert {"Dividends", "Withholding Tax"} < set(seen["payments"])
    assert (seen["splits"], seen["transfers"]) == ([["NVDA", "-2"]], [["SPY", "3"]])
    for what in ("positions", "cash"):
        told = {name: Decimal(amount) for name, amount in seen[what].items()}
        assert told == {name: Decimal(amount) for name, amount in truth[what].items()}
    assert seen["refused"] == "1015"


def test_alpaca_py_reads_an_account_and_its_market(lived_in):
    lived_in.set_clock("2026-03-16T15:00:00+00:00")
    option = {"symbol": "KO261218C00060000"}
    lived_in.book("fill", side="buy", qty="3", price="2.5", **option)
    lived_in.book("exercise", qty="1", **option)
    truth = lived_in.truth

    seen = told_by("alpaca_account.py", f"{lived_in.url}/alpaca", ALPACA_KEY, ALPACA_SECRET)

    # A text, to the last digit.
    assert Decimal(seen["cash"]) == Decimal(truth["cash"]["USD"])
    assert seen["number"] == truth["number"]
    assert seen["positions"] == truth["positions"]
    ids = [each for page in seen["pages"] for each in page]
    assert len(seen["pages"]) == 3
    assert sorted(ids) == sorted(truth["events"])
    assert sum(seen["typed"].values()) == len(ids)
    assert seen["typed"]["TradeActivity"] == seen["orders"] > 0
    assert (seen["one"], seen["is_open"], seen["assets"]) == (True, False, 5)
    assert seen["bars"] == {"AAPL": 10, "KO": 10, "MSFT": 10}
    assert seen["quotes"] == 10
    assert seen["days"] == ["2026-02-27", "2026-03-02"]
    assert (seen["shorting"], seen["equity"] > 0) == (True, True)
    assert 57 < seen["latest"]["KO"] < 60
    assert set(seen["snapshots"]) == {"AAPL", "KO", "MSFT"}


def test_alpaca_py_hears_the_market_and_the_account(lived_in):
    lived_in.set_clock("2026-03-16T15:00:00+00:00")

    heard = told_by(
        "alpaca_streams.py",
        lived_in.url.replace("http", "ws") + "/alpaca",
        f"{lived_in.url}/_control",
        ALPACA_KEY,
        ALPACA_SECRET,
    )

    assert {name: told[0] for name, told in heard["market"].items()} == {
        "quote": "KO",
        "trade": "KO",
        "bar": "AAPL",
    }
    assert {told[2] for told in heard["market"].values()} == {"2026-03-16T15:00:00+00:00"}
    assert heard["account"] == {
        "event": "fill",
        "symbol": "KO",
        "status": "filled",
        "qty": 2.0,
        "price": 61.5,
    }


def test_binance_connector_signs_and_is_understood(lived_in):
    def book(op: str, **fields: str) -> Any:
        return lived_in.book(op, account=BINANCE_KEY, **fields)

    book("withdraw", coin="BTC", amount="0.01", fee="0.0001")
    book("dust", coin="ETH", amount="0.0009", price="5.3")
    book("subscribe", coin="BNB", amount="0.5")
    book("reward", coin="BNB", amount="0.0001")
    book("distribute", coin="PEPE", amount="12")
    truth = lived_in.truth_of(BINANCE_KEY)

    seen = told_by("binance_spot.py", f"{lived_in.url}/binance", BINANCE_KEY, BINANCE_SECRET)

    assert str(seen["account"]) == truth["number"]
    balances = {name: Decimal(amount) for name, amount in seen["balances"].items()}
    in_earn = balances.pop("LDBNB")
    balances["BNB"] += in_earn
    told = {**truth["positions"], **truth["cash"]}
    assert balances == {name: Decimal(amount) for name, amount in told.items()}
    assert "BTCUSDT" in seen["pairs"]
    bought = [each for each in truth["events"] if str(each).startswith("BTCUSDT:")]
    assert [f"BTCUSDT:{number}" for number in seen["trades"]] == bought
    assert (seen["orders"], seen["candles"]) == (["FILLED"], 3)
    assert (seen["deposits"], seen["withdrawals"]) == (["USDT"], ["0.0001"])
    assert [seen[name] for name in ("dust", "earn", "distributions", "rewards")] == [1, 1, 1, 1]
    assert seen["refused"] == -1022
