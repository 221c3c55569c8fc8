"""Each fault that the sandbox knows, by its number: once it is over, one ordinary sync suffices.

A fault that has no case at a broker where it can strike fails a test, and so does one that isn't in
the documentation.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from asgiref.sync import sync_to_async

from brokers.sandbox.alpaca.books import DEFAULT_KEY, DEFAULT_SECRET
from brokers.sandbox.catalog import FAULTS, SPARED
from brokers.sandbox.faults import MODES, SOCKET_MODES
from marketdata.adapters.alpaca.stream import AlpacaStream
from marketdata.adapters.keeper import Keeper, Patience
from marketdata.domain.quotes import MarketState
from tests.brokers.fault_cases import CASES
from tests.brokers.patients import PATIENTS, PatientOf
from tests.marketdata.streams import make_listing
from tests.marketdata.waiting import wait_for

DOCUMENT = Path(__file__).parents[2] / "docs" / "adding-a-broker.md"


@pytest.fixture
def patient_of(sandbox, portfolio, monkeypatch) -> PatientOf:
    kinds = {each.broker: each for each in PATIENTS}
    return lambda broker: kinds[broker](sandbox, portfolio, monkeypatch)


@pytest.mark.django_db
@pytest.mark.parametrize("case", CASES, ids=str)
def test_after_a_fault_one_ordinary_sync_suffices(patient_of, case):
    patient = patient_of(case.broker)

    case.strike(patient)

    patient.assert_healed(fewer=case.fewer)


@dataclass(frozen=True)
class SocketCase:
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
    SocketCase("refuse", 1, '[{"T": "error", "code": 406, "msg": "connection limit exceeded"}]'),
    SocketCase("refuse", 5, '[{"T": "error", "code": 407, "msg": "slow client"}]'),
    SocketCase("mute", 0),
    # Mute is what it is while nothing is traded too: the price is asked for by the other way.
    SocketCase("mute", 5, connections=1),
    SocketCase("drop", 0),
    SocketCase("drop", 5),
    SocketCase("repeat", 3, connections=1),
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


@pytest.mark.parametrize("broker", sorted(kind.broker for kind in PATIENTS))
def test_every_fault_has_a_case_at_each_broker_where_it_can_strike(broker):
    struck = {each.number for each in CASES if each.broker == broker}
    heard = {each.number for each in SOCKETS} if broker == AlpacaStream.name else set()

    assert struck | heard == set(FAULTS) - SPARED.get(broker, {}).keys()


def test_every_fault_that_the_sandbox_knows_has_a_case():
    assert {each.number for each in (*CASES, *SOCKETS)} == set(FAULTS)
    assert {each.mode for each in (*CASES, *SOCKETS)} - {""} == set(MODES) | SOCKET_MODES


def test_every_fault_is_in_the_documentation():
    listed = re.findall(r"^\| (F\d+) \| (.+) \|$", DOCUMENT.read_text(), re.MULTILINE)

    assert listed == list(FAULTS.items())
