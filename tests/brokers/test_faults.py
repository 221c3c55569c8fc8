"""Each fault that the sandbox knows, by its number: once it is over, one ordinary sync suffices.

A fault that has no case here fails a test, and so does one that isn't in the documentation.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from asgiref.sync import sync_to_async

from brokers.domain.connections import ConnectionState, SyncState
from brokers.models import Discrepancy
from brokers.sandbox.alpaca.books import DEFAULT_KEY, DEFAULT_SECRET
from brokers.sandbox.catalog import FAULTS
from brokers.sandbox.faults import MODES, SOCKET_MODES
from brokers.services import booking, syncing, syncs
from marketdata.adapters.alpaca.stream import AlpacaStream
from marketdata.adapters.keeper import Keeper, Patience
from marketdata.domain.quotes import MarketState
from tests.brokers.patients import PATIENTS, AtKite, Killed, Patient, PatientOf
from tests.brokers.sandboxed import reloaded
from tests.marketdata.streams import make_listing
from tests.marketdata.waiting import wait_for
from tests.remote_server import Said, remote_server

DOCUMENT = Path(__file__).parents[2] / "docs" / "adding-a-broker.md"
ACTIVITIES, TRADES, STATEMENT = "/v2/account/activities", "myTrades", "GetStatement"


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


def hits(number, what, mode, *, broker="alpaca", path=ACTIVITIES, also=None, **args):
    """Return what befalls one answer, and what befalls all answers but the first.

    Args:
        also: looks at the account before the fault is over.
    """

    def befalling(times, skip):
        def strike(patient):
            patient.sandbox.break_down(mode, path, times=times, skip=skip, **args)
            patient.sync()
            if also is not None:
                also(patient)

        return strike

    return [
        Case(number, f"{what}, {extent}", befalling(times, skip), broker=broker, mode=mode)
        for extent, times, skip in (("once", 1, 0), ("for long", 30, 1))
    ]


def waits(patient: Patient) -> None:
    """Assert that the sync waits, and that nothing counts as wrong."""
    assert reloaded(patient.connection).state == ConnectionState.ACTIVE.value
    assert patient.connection.syncs.filter(state=SyncState.WAITING.value).exists()


def stalls(*, inside):
    def strike(patient):
        with patient.monkeypatch.context() as patched:
            patched.setattr("brokers.adapters.alpaca.client._SILENCE_SECONDS", 0.2)
            patient.sandbox.break_down("stall", ACTIVITIES, times=None, seconds=1, inside=inside)
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


def loses_its_key(mode="status", path=ACTIVITIES, **args):
    def strike(patient):
        patient.sandbox.break_down(mode, path, times=None, skip=1, **args)
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


def is_limited(patient):
    patient.sandbox.break_down("status", "/v2/positions", times=None, status=403)
    assert patient.sync().state == SyncState.PARTIAL.value
    assert reloaded(patient.connection).state == ConnectionState.LIMITED.value


def differs(patient):
    fields = {"qty": "99999"}
    patient.sandbox.break_down("drift", "/v2/positions", times=None, fields=fields)
    patient.sync()
    assert Discrepancy.objects.filter(state="open").exists()


def shrinks(patient):
    patient.sandbox.break_down("empty", "/v2/positions", times=2)
    done = patient.sync()
    assert "nothing is compared" in done.notice
    assert done.comparison == []


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
    with remote_server() as elsewhere:
        elsewhere.answers = [Said(b"[]")]
        patient.sandbox.break_down("redirect", ACTIVITIES, times=None, to=elsewhere.url)
        patient.sync()
        assert elsewhere.asked == []


def drifts() -> Iterator[Case]:
    for what, row, fields in (
        ("a new field", 0, {"brand_new": {"deep": [1]}}),
        ("no price", 0, {"price": None, "net_amount": None}),
        ("a number that is none", 1, {"qty": "many", "net_amount": "many"}),
        ("numbers for texts", 0, {"qty": 2.5, "price": 180.1}),
        ("an unknown type", 2, {"activity_type": "BRAND_NEW"}),
        ("an unknown side", 2, {"side": "sideways"}),
    ):
        yield from hits("F17", what, "drift", row=row, fields=fields)[:1]


CASES = [
    *hits("F1", "seconds", "rate_limit", header="after", seconds=40, also=waits),
    *hits("F1", "a date", "rate_limit", header="date", seconds=40, also=waits),
    *hits("F2", "a time", "rate_limit", header="reset", seconds=40, also=waits),
    *hits("F3", "no pause", "rate_limit", header="after", seconds=0),
    *hits(
        "F3", "banned", "rate_limit", header="after", seconds=120, status=418,
        broker="binance", path=TRADES, also=waits,
    ),
    *hits("F4", "500", "status", status=500),
    *hits("F4", "a page of 502", "status", status=502, html=True),
    *hits("F4", "503", "status", broker="binance", path=TRADES, status=503),
    *hits("F4", "504", "status", broker="ibkr", path=STATEMENT, status=504, html=True),
    Case("F5", "before the answer", stalls(inside=False), mode="stall"),
    Case("F5", "in its middle", stalls(inside=True), mode="stall"),
    *hits("F6", "half of it", "truncate"),
    *hits("F6", "nothing of it", "truncate", keep=0),
    *hits("F6", "half a statement", "truncate", broker="ibkr", path=STATEMENT),
    *hits("F7", "JSON", "cut_json"),
    *hits("F7", "JSON of Binance", "cut_json", broker="binance", path=TRADES),
    *hits("F7", "XML", "cut_json", broker="ibkr", path=STATEMENT),
    *hits("F8", "an error", "status", status=200, message="an error in disguise"),
    *hits("F8", "a page", "html"),
    *hits("F9", "Alpaca", "duplicate_page"),
    *hits("F9", "Binance", "duplicate_page", broker="binance", path=TRADES),
    *hits("F10", "Alpaca", "lose_rows"),
    *hits("F10", "Interactive Brokers", "lose_rows", broker="ibkr", path=STATEMENT),
    Case("F11", "the last before the first", comes_out_of_order),
    Case("F12", "three days", comes_late),
    Case("F13", "in its place", is_corrected),
    Case("F13", "under the same number", is_rebooked, broker="ibkr"),
    Case("F14", "a trade", is_busted),
    Case("F14", "a payment, in its place", is_canceled),
    Case("F14", "a payment, by another one", is_reversed),
    Case("F15", "a key", loses_its_key(status=401), mode="status"),
    Case(
        "F15", "a token", loses_its_key(path="FlexWebService", status=200, message="1012"),
        broker="ibkr", mode="status",
    ),
    Case("F15", "a login", loses_its_login, broker="kite"),
    Case("F16", "to read positions", is_limited, mode="status"),
    *drifts(),
    Case("F18", "a position", differs, mode="drift"),
    *hits("F19", "activities", "empty"),
    Case("F19", "positions", shrinks, mode="empty"),
    *hits(
        "F20", "a question of another time", "status", broker="binance", path=TRADES, status=400,
        fields={"code": -1021, "msg": "Timestamp"},
    ),
    Case("F20", "two hours ahead", is_ahead, broker="binance"),
    Case("F20", "clocks that are set back", sets_its_clocks_back),
    Case("F22", "both", is_split_and_renamed, fewer=2),
    Case("F23", "one who slept", has_two_workers),
    *(Case("F24", f"at its {place}. look at the clock", dies(place)) for place in range(3, 13, 3)),
    Case("F25", "to another host", is_sent_elsewhere, mode="redirect"),
]  # fmt: skip


@pytest.fixture
def patient_of(sandbox, portfolio, monkeypatch) -> PatientOf:
    kinds = {each.broker: each for each in PATIENTS}
    return lambda broker: kinds[broker](sandbox, portfolio, monkeypatch)


@pytest.mark.django_db
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.number}: {case.what}")
def test_after_a_fault_one_ordinary_sync_suffices(patient_of, case):
    patient = patient_of(case.broker)

    case.strike(patient)

    patient.assert_healed(fewer=case.fewer)


@dataclass(frozen=True)
class Befalls:
    """What befalls the first two sockets of a feed, after so many messages.

    Attributes:
        connections: how many it takes until prices come again and again.
    """

    mode: str
    after: int
    text: str = ""
    connections: int = 3
    number: str = "F21"


SOCKETS = [
    Befalls("refuse", 1, '[{"T": "error", "code": 406, "msg": "connection limit exceeded"}]'),
    Befalls("refuse", 5, '[{"T": "error", "code": 407, "msg": "slow client"}]'),
    Befalls("mute", 0),
    # Mute is what it is while nothing is traded too: the price is asked for by the other way.
    Befalls("mute", 5, connections=1),
    Befalls("drop", 0),
    Befalls("drop", 5),
    Befalls("repeat", 3, connections=1),
]
QUICK = Patience(
    first_pause=0.02, longest_pause=0.05, answer=1.0, silence=0.5, unanswered=1.5, look_up=0.05
)


class AtAllHours(AlpacaStream):
    """Alpaca's stream, were its market always open."""

    def state_of(self, listing, *, now):
        del listing, now
        return MarketState.OPEN


@pytest.mark.parametrize(
    "befalls", SOCKETS, ids=lambda each: f"{each.number}: {each.mode} {each.after}"
)
async def test_after_a_fault_of_its_socket_a_feed_goes_on(running, monkeypatch, befalls):
    monkeypatch.setattr("marketdata.adapters.alpaca.stream._GREETING_SECONDS", 2.0)
    await sync_to_async(running.reset)(activities=0)
    await sync_to_async(running.break_down)(
        befalls.mode, "/v2/iex", times=2, after=befalls.after, text=befalls.text
    )
    address = f"{running.url}/alpaca"

    def build():
        return AtAllHours(
            key_id=DEFAULT_KEY,
            secret_key=DEFAULT_SECRET,
            stream_url=address.replace("http", "ws"),
            base_url=address,
        )

    wanted = make_listing("KO")
    told: list = []
    keeper = Keeper("alpaca", build, take=told.extend, patience=QUICK)
    keeper.want([wanted])
    task = asyncio.create_task(keeper.run())
    try:
        for _ in range(3):
            heard = len(told)
            await wait_for(lambda: len(told) >= heard + 3, seconds=30)  # noqa: B023
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    moments = [each.at for each in told]
    assert moments == sorted(moments)
    assert {each.instrument_id for each in told} == {wanted.instrument_id}
    asked = await sync_to_async(lambda: running.asked)()
    talks = [each for each in asked if each["path"] == "/v2/iex"]
    assert len(talks) >= befalls.connections


@pytest.mark.parametrize("first", ["html", "cut_json"])
@pytest.mark.parametrize("second", ["drift", "empty", "lose_rows"])
def test_two_faults_may_strike_the_same_answer(sandbox, first, second):
    for mode in (first, second):
        sandbox.break_down(mode, "exchangeInfo")

    told = requests.get(f"{sandbox.url}/binance/api/v3/exchangeInfo", timeout=10)

    assert told.status_code == 200
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        told.json()


def test_every_fault_that_the_sandbox_knows_has_a_case():
    assert {each.number for each in (*CASES, *SOCKETS)} == set(FAULTS)
    assert {each.mode for each in (*CASES, *SOCKETS)} - {""} == set(MODES) | SOCKET_MODES


def test_every_fault_is_in_the_documentation():
    listed = re.findall(r"^\| (F\d+) \| (.+) \|$", DOCUMENT.read_text(), re.MULTILINE)

    assert listed == list(FAULTS.items())
