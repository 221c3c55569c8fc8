"""Processes are killed while people work; the platform heals and no transaction is lost."""

from __future__ import annotations

import psutil
import pytest

from tests.e2e.platform import Platform, eventually

pytestmark = [pytest.mark.chaos, pytest.mark.xdist_group("platform")]


def deposit(platform: Platform, portfolio: str, note: str) -> int:
    """Record one deposit, told apart by its note; return the answer's status, 0 for none."""
    body = {
        "kind": "deposit",
        "trade_date": "2025-12-20",
        "amount": "1.00",
        "currency": "EUR",
        "note": note,
    }
    try:
        return platform.request("POST", f"/api/v1/portfolios/{portfolio}/transactions/", body)[0]
    except OSError:
        return 0


def recorded(platform: Platform, portfolio: str, note: str) -> int:
    """Count the deposits with a note."""
    _, page = platform.request(
        "GET", f"/api/v1/portfolios/{portfolio}/transactions/?text={note}&limit=200"
    )
    return len(page["results"])


def is_alive(process: psutil.Process) -> bool:
    """Say whether a process still does something; one that only waits to be counted doesn't."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("name", ["web", "worker", "feed", "beat", "redis", "mongod"])
def test_a_killed_process_comes_back_and_nothing_is_lost_or_doubled(platform, name):
    portfolio = platform.portfolio("World and Europe")["id"]
    note = f"killed-{name}"
    others = {key: platform.find(key).pid for key in ("web", "worker", "feed", "redis", "mongod")}
    others.pop(name, None)

    killed = platform.kill(name)
    statuses = [deposit(platform, portfolio, note) for _ in range(5)]

    revived = eventually(lambda: platform.find(name))
    assert revived.pid != killed
    assert all(psutil.pid_exists(pid) for pid in others.values())
    eventually(platform.is_ready, seconds=60)
    # What was acknowledged is there once; what failed may be there, for its answer was lost.
    acknowledged = statuses.count(201)
    assert acknowledged <= recorded(platform, portfolio, note) <= len(statuses)
    eventually(lambda: deposit(platform, portfolio, f"{note}-after") == 201)
    # And the figures catch up with the ledger. What is lost is asked for again after 30 seconds
    # and then after 60 more, and both may be lost with Redis.
    eventually(lambda: not platform.portfolio("World and Europe")["is_recalculating"], seconds=180)


def test_ctrl_c_leaves_no_process(tmp_path):
    platform = Platform(tmp_path)
    platform.start()
    everyone = platform.processes()
    assert {name for name in ("web", "worker", "feed", "redis", "mongod") if platform.find(name)}

    platform.stop()

    eventually(lambda: not any(map(is_alive, everyone)), seconds=10)
