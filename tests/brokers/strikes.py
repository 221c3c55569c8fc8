"""What befalls connected accounts: each strike lets one thing happen, and syncs meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from brokers.domain.connections import ConnectionState, SyncState
from brokers.models import Discrepancy
from brokers.services import booking, syncing, syncs
from tests.brokers.patients import AtKite, Killed, Patient
from tests.brokers.sandboxed import reloaded
from tests.remote_server import Said, remote_server

#: Where an account's history comes from, by broker.
PATHS = {
    "alpaca": "/v2/account/activities",
    "binance": "myTrades",
    "ibkr": "GetStatement",
    "kite": "/trades",
}
#: Who waits for an answer, by broker.
_WAITING = {
    "alpaca": "alpaca.client",
    "binance": "binance.connection",
    "ibkr": "ibkr.client",
    "kite": "kite.client",
}


@dataclass(frozen=True)
class Case:
    """A fault that befalls an account.

    Attributes:
        number: as the catalog has it.
        what: of it, in words.
        strike: lets it happen, and has the account synced meanwhile.
        mode: of the sandbox, where it has one for this.
        fewer: how many of the broker's rows are halves of others afterwards.
    """

    number: str
    what: str
    strike: Callable[[Patient], None]
    broker: str = "alpaca"
    mode: str = ""
    fewer: int = 0

    def __str__(self) -> str:
        return f"{self.number}: {self.what}"


def befalls(
    number: str, what: str, mode: str, *, broker: str = "alpaca", times: int = 30, **more: Any
) -> Case:
    """Return what befalls some answers of a history, or of another `path`.

    Args:
        times: how many; the first `skip` are good.
        more: also `also`, which looks at the account before the fault is over.
    """
    path, also = more.pop("path", PATHS[broker]), more.pop("also", None)

    def strike(patient):
        patient.sandbox.break_down(mode, path, times=times, **more)
        patient.sync()
        if also is not None:
            also(patient)

    return Case(number, f"{what}{_at(broker)}", strike, broker=broker, mode=mode)


def hits(number: str, what: str, mode: str, **more: Any) -> list[Case]:
    """Return what befalls one answer, and what befalls all answers but the first."""
    return [
        befalls(number, f"{what}, once", mode, times=1, **more),
        befalls(number, f"{what}, for long", mode, skip=1, **more),
    ]


def at(broker: str, number: str, what: str, strike: Callable[[Patient], None], **more: Any) -> Case:
    """Return what befalls an account at a broker."""
    return Case(number, f"{what}{_at(broker)}", strike, broker=broker, **more)


def _at(broker: str) -> str:
    return "" if broker == "alpaca" else f", {broker}"


def waits(patient: Patient) -> None:
    """Assert that the sync waits, and that nothing counts as wrong."""
    assert reloaded(patient.connection).state == ConnectionState.ACTIVE.value
    assert patient.connection.syncs.filter(state=SyncState.WAITING.value).exists()


def stalls(*, inside=False):
    def strike(patient):
        silence = f"brokers.adapters.{_WAITING[patient.broker]}._SILENCE_SECONDS"
        path = PATHS[patient.broker]
        with patient.monkeypatch.context() as patched:
            patched.setattr(silence, 0.2)
            patient.sandbox.break_down("stall", path, times=None, seconds=1, inside=inside)
            assert patient.sync().state == SyncState.WAITING.value

    return strike


def comes_out_of_order(patient):
    order = {"symbol": "NVDA", "side": "buy", "price": "61", "order_id": "order-1"}
    at = patient.now() - timedelta(days=2)
    last = at.isoformat(), "10", "6"
    first = (at + timedelta(milliseconds=5)).isoformat(), "4", "4"
    for moment, cum_qty, qty in (last, first):
        patient.book("fill", at=moment, cum_qty=cum_qty, qty=qty, **order)
        patient.sync()


def comes_late(patient):
    patient.sync()
    patient.book(
        "fill", symbol="KO", side="buy", qty="1", price="58", days=3,
        created_at=patient.now().isoformat(),
    )  # fmt: skip
    patient.sync()


def is_corrected(patient):
    patient.book("correct", key=patient.first["id"], qty="4", price="36.4", days=0)
    patient.sync()


def is_rebooked(patient):
    patient.book("rebook", key=patient.first["id"], qty="4", price="36.4", days=3)
    patient.sync()


def is_busted(patient):
    patient.book("bust", key=patient.first["id"], days=0)
    patient.sync()


def is_canceled(patient):
    patient.sync()
    paid = patient.book("pay", kind="DIV", symbol="KO", amount="3", days=2)
    patient.sync()
    patient.sandbox.book("cancel", account=patient.key, key=paid["id"])
    patient.sync()


def is_reversed(patient):
    patient.sync()
    patient.book("pay", kind="DIV", symbol="MSFT", amount="-5.10", days=0)
    patient.sync()


def loses_its_key(path="", **args):
    def strike(patient):
        patient.sandbox.break_down(
            "status", path or PATHS[patient.broker], times=None, skip=1, **args
        )
        assert patient.sync().state == SyncState.FAILED.value
        assert reloaded(patient.connection).state == ConnectionState.NEEDS_KEY.value
        patient.sandbox.mend()
        patient.replace_key()

    return strike


def loses_its_login(patient: AtKite) -> None:
    patient.sandbox.book("log_out", account=patient.key)
    patient.sync()
    assert reloaded(patient.connection).state == ConnectionState.NEEDS_LOGIN.value
    patient.log_in(reloaded(patient.connection))


def is_limited(path, *, leaves=SyncState.PARTIAL, **args):
    def strike(patient):
        patient.sandbox.break_down("status", path, times=None, **args)
        assert patient.sync().state == leaves.value
        assert reloaded(patient.connection).state == ConnectionState.LIMITED.value

    return strike


def differs(path, **args):
    def strike(patient):
        patient.sandbox.break_down("drift", path, times=None, **args)
        patient.sync()
        assert Discrepancy.objects.filter(state="open").exists()

    return strike


def shrinks(path, *, times=2):
    def strike(patient):
        patient.sandbox.break_down("empty", path, times=times)
        done = patient.sync()
        assert "nothing is compared" in done.notice
        assert done.comparison == []

    return strike


def garbles(*rows, skip=0):
    """Change fields of the first rows of one answer, in all of them at once."""

    def strike(patient):
        for row, fields in enumerate(rows):
            patient.sandbox.break_down(
                "drift", PATHS[patient.broker], skip=skip, row=row, fields=fields
            )
        patient.sync()

    return strike


def is_ahead(patient):
    patient.sandbox.order("POST", "clock", advance_s=7_200)
    assert patient.sync().state == SyncState.OK.value
    patient.sandbox.order("POST", "clock", advance_s=-7_200)


def sets_its_clocks_back(patient):
    # Twice half past one in New York, and the end of a short day after Thanksgiving.
    for at in ("2025-11-02T05:30:00", "2025-11-02T06:30:00", "2025-11-28T17:59:59"):
        patient.book("fill", symbol="KO", side="buy", qty="1", price="58", at=f"{at}+00:00")
    patient.sync()


def is_split_and_renamed(patient):
    patient.sync()
    patient.book("split", symbol="MSFT", ratio="0.05", in_two=True, days=2)
    patient.book("rename", symbol="MSFT", to="MICRO", days=1)
    patient.sync()


def has_two_workers(patient):
    asked, looks = patient.request(), []

    def clock_of_a_stopped_worker():
        looks.append(None)
        if len(looks) == 4:
            # It slept; another one did all of it meanwhile.
            patient.ahead = syncs.LEASE + timedelta(seconds=1)
            assert syncing.run(asked.pk, clock=patient.now) is not None
        return patient.now()

    assert patient.request().pk == asked.pk
    with pytest.raises(booking.Replaced):
        syncing.run(asked.pk, clock=clock_of_a_stopped_worker)


def dies(dies_at):
    def strike(patient):
        with pytest.raises(Killed):
            patient.sync(dies_at=dies_at)
        patient.ahead = syncs.LEASE + timedelta(seconds=1)

    return strike


def is_sent_elsewhere(patient):
    path = PATHS[patient.broker]
    with remote_server() as elsewhere:
        elsewhere.answers = [Said(b"[]")]
        patient.sandbox.break_down("redirect", path, times=None, to=elsewhere.url)
        patient.sync()
        assert elsewhere.asked == []


# --- What only some brokers do ----------------------------------------------------------------


def is_traded_backwards(op, fields):
    """The last of two trades is told first, and the other one with the next sync."""

    def strike(patient):
        for hours in (2, 3):
            patient.book(op, days=2 + hours / 24, **fields)
            patient.sync()

    return strike


def is_credited_late(patient):
    row = patient.book("deposit", coin="USDT", amount="100", status=0, days=3)
    patient.sync()
    patient.sandbox.book(
        "alter", account=patient.key, key=row["id"], fields={"status": 1}, counts=True
    )
    patient.sync()


def is_booked_late(patient):
    """What was traded weeks ago is reported now, with a higher number than what came after."""
    patient.sync()
    patient.book(
        "fill", symbol="KO", side="buy", qty="1", price="58", days=20,
        created_at=(patient.now() - timedelta(days=2)).isoformat(),
    )  # fmt: skip
    patient.sync()


def is_taken_back(patient):
    """A trade is canceled, with its commission."""
    patient.book("cancel", key=patient.first["id"], commission="1", days=3)
    patient.sync()


def has_a_dividend_reversed(patient):
    patient.sync()
    patient.book("pay", kind="Dividends", symbol="AAPL", amount="-1.04", days=2)
    patient.sync()


def trades_while_clocks_are_set_back(patient):
    # Twice half past one in New York.
    sunday = _last_change_of_clocks(patient.now())
    for hour in (5, 6):
        at = sunday.replace(hour=hour, minute=30).isoformat()
        patient.book("fill", symbol="KO", side="buy", qty="1", price="58", at=at)
    patient.sync()


def _last_change_of_clocks(now: datetime) -> datetime:
    """Return the last first Sunday of November that statements of a year reach back to."""
    year = now.year if now >= datetime(now.year, 11, 10, tzinfo=UTC) else now.year - 1
    first = datetime(year, 11, 1, tzinfo=UTC)
    return first + timedelta(days=(6 - first.weekday()) % 7)


def is_split(patient):
    patient.book("split", symbol="SAP", ratio="0.05", days=1)
    patient.sync()


def trades_late_in_the_day(patient):
    """A fill of the morning is told after those of noon."""
    patient.sync()
    patient.trade("INFY", "2", "1490", at="2026-03-03T09:16:00+05:30")
    patient.sync()


def fills_backwards(patient):
    for at in ("2026-03-03T09:59:58+05:30", "2026-03-03T09:59:57+05:30"):
        patient.trade("TCS", "1", "3890", at=at)
        patient.sync()
