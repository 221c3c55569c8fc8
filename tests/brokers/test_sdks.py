"""The brokers' official libraries, unmodified, at the sandbox: so it speaks as the brokers do.

They live in an environment of their own, for they pin old packages: `make sdks` makes it.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from brokers.sandbox.kite.books import DEFAULT_KEY, DEFAULT_SECRET
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
        timeout=120,
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
    assert seen["instruments"] == ["INFY", "ITC", "TCS"]
    assert [(each["mode"], each["depth"]) for each in seen["ticks"]] == [("full", 5), ("ltp", 0)]
    assert all(abs(each["price"] - 1512.35) < 5 for each in seen["ticks"])
    assert "access_token" in seen["after"]
