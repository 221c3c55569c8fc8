"""A month of storms: trading goes on, everything breaks at random, workers die; all of it by seed.

Afterwards the ledger must say what the broker's books say. A test and a benchmark share this.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar
from unittest.mock import patch

from brokers.adapters.binance.history import HISTORIES
from brokers.domain.connections import ConnectionState, SyncState
from brokers.domain.reconcile import Outcome
from brokers.models import BrokerRow, Connection, Sync
from brokers.services import connecting, syncing, syncs
from portfolios import selectors as portfolios
from portfolios.models import Portfolio, Transaction
from portfolios.services import ledger
from tests.brokers.patients import AtAlpaca, AtBinance, Killed, Patient
from tests.brokers.sandboxed import Sandbox, assert_equals_truth, forget_pauses, reloaded

#: After the last day that the sandbox's own history may have.
_FIRST_DAY = datetime(2026, 3, 2, 15, tzinfo=UTC)
_STEPS = 4
Weather = tuple[tuple[str, Mapping[str, Any]], ...]
#: What may happen to an answer of whatever broker, and to how many in a row.
_WEATHER: Weather = (
    ("status", {"status": 500}),
    ("status", {"status": 502, "html": True}),
    ("status", {"status": 401}),
    ("status", {"status": 403}),
    ("status", {"status": 404}),
    ("rate_limit", {"header": "reset"}),
    ("rate_limit", {"header": "after", "seconds": 5}),
    ("rate_limit", {"header": "after", "seconds": 0}),
    ("rate_limit", {"header": "date", "seconds": 5}),
    ("truncate", {}),
    ("truncate", {"keep": 0}),
    ("cut_json", {}),
    ("html", {}),
    ("empty", {}),
    ("lose_rows", {}),
    ("duplicate_page", {}),
    ("drift", {"row": 1, "fields": {"qty": "many"}}),
    ("drift", {"row": 3, "fields": {"price": None}}),
)


@contextmanager
def short_ways() -> Iterator[None]:
    """Let nobody wait between two tries, and let short histories have pages and no years."""
    since = [replace(each, since=date(2026, 2, 20)) for each in HISTORIES]
    with ExitStack() as stack:
        for name, value in (
            ("common.remote.http.random.uniform", lambda _least, _most: 0.0),
            ("brokers.adapters.alpaca.client._PAGE_SIZE", 10),
            ("brokers.adapters.binance.client.HISTORIES", since),
            ("brokers.adapters.binance.client._TRADES_A_PAGE", 4),
        ):
            stack.enter_context(patch(name, value))
        yield


class Storm(ABC):
    """One account through one month."""

    patient: ClassVar[type[Patient]]
    weather: ClassVar[Weather]
    #: How much has happened before.
    history: ClassVar[int] = 0
    #: Which answers it may happen to.
    places: ClassVar[tuple[str, ...]]

    def __init__(self, sandbox: Sandbox, portfolio: Portfolio, *, seed: int) -> None:
        self._sandbox = sandbox
        self._dice = random.Random(seed)  # noqa: S311 - the same storm each time
        self._now = _FIRST_DAY
        self._mine: dict[str, str] = {}
        #: Ids of trades.
        self._fills: list[str] = []
        sandbox.reset(activities=self.history, seed=seed)
        self._travel(timedelta())
        self._connection: Connection = connecting.connect(
            portfolio.pk,
            owner_id=portfolio.owner_id,
            broker_name=self.patient.broker,
            environment_name="sandbox",
            credentials=self.patient.credentials,
            now=self._now,
        )

    @abstractmethod
    def _happen(self) -> None:
        """Trade, be paid, or have something corrected or taken back."""

    @abstractmethod
    def _count_rows(self, truth: Mapping[str, Any]) -> int:
        """Return how many rows of a ledger the broker's events make."""

    def rage(self) -> None:
        """Let the month pass, then mend everything, and assert that nothing is wrong."""
        for _ in range(_STEPS):
            self._travel(timedelta(hours=self._dice.randint(30, 200)))
            for _ in range(self._dice.randint(0, 4)):
                self._happen()
            self._break_something()
            self._sync()
            self._edit()
        self._calm()

    def _travel(self, span: timedelta) -> None:
        self._now += span
        self._sandbox.order("POST", "clock", now=self._now.isoformat())

    def _break_something(self) -> None:
        for _ in range(self._dice.randint(0, 3)):
            mode, args = self._dice.choice(_WEATHER + self.weather)
            times = self._dice.choice((1, 1, 2, 30))
            skip = self._dice.randint(0, 2)
            self._sandbox.break_down(
                mode, self._dice.choice(self.places), times=times, skip=skip, **args
            )

    def _sync(self) -> Sync:
        """Sync as the schedule would, with a worker that may die at any line."""
        forget_pauses()
        if reloaded(self._connection).state == ConnectionState.NEEDS_KEY.value:
            self._sandbox.mend()
            self._connection = connecting.replace_key(
                self._connection, credentials=self.patient.credentials, now=self._now
            )
        asked, _ = syncs.request_sync(self._connection, trigger="schedule", now=self._now)
        if not self._run(asked, may_die=self._dice.random() < 0.4):
            self._now += syncs.LEASE + timedelta(seconds=1)
            self._run(asked, may_die=False)
        done = Sync.objects.get(pk=asked.pk)
        if done.state == SyncState.WAITING.value:
            Sync.objects.filter(pk=done.pk).update(retry_at=self._now)
        return done

    def _run(self, asked: Sync, *, may_die: bool) -> bool:
        """Do a sync; say whether whoever did it lived."""
        dies_at = self._dice.randint(2, 30) if may_die else None
        try:
            syncing.run(asked.pk, clock=self._clock(dies_at))
        except Killed:
            return False
        return True

    def _clock(self, dies_at: int | None) -> Callable[[], datetime]:
        looks = 0

        def clock() -> datetime:
            nonlocal looks
            looks += 1
            if looks == dies_at:
                raise Killed
            return self._now

        return clock

    def _edit(self) -> None:
        """Write a note on a row that came from the broker, now and then."""
        rows = BrokerRow.objects.filter(
            connection_id=self._connection.pk, state="booked", external_id__in=self._fills
        ).order_by("pk")
        free = [row for row in rows if row.external_id not in self._mine]
        if not free or self._dice.random() < 0.5:
            return
        row = self._dice.choice(free)
        held = Transaction.objects.get(pk=row.transaction_id)
        note = f"mine {row.external_id}"
        ledger.edit_transaction(
            held.portfolio_id,
            transaction_id=held.pk,
            draft=replace(portfolios.draft_of(held), note=note),
            revision=held.revision,
            changed_by=self._connection.owner_id,
            now=self._now,
        )
        self._mine[row.external_id] = note

    def _calm(self) -> None:
        self._sandbox.mend()
        done = self._sync()
        for _ in range(3):
            is_equal = not _others(done)
            if done.state == SyncState.OK.value and done.compared_at and is_equal:
                break
            # What was left out or garbled long ago is read again within a day.
            self._travel(timedelta(days=1, hours=1))
            done = self._sync()
        assert done.state == SyncState.OK.value, (done.state, done.error, done.notice)
        others = _others(done)
        assert not others, (others, done.notice)
        key = self.patient.key
        booked = self._count_rows(self._sandbox.truth_of(key))
        assert_equals_truth(self._connection, self._sandbox, key=key, booked=booked)
        # Also on what was corrected or taken back since, and on what corrects it.
        notes = Transaction.objects.filter(
            portfolio_id=self._connection.portfolio_id, note__startswith="mine"
        )
        assert set(notes.values_list("note", flat=True)) == set(self._mine.values())
        in_force = list(notes.filter(is_void=False).values_list("note", flat=True))
        assert len(in_force) == len(set(in_force))


def _others(done: Sync) -> list[dict[str, Any]]:
    """Return what isn't equal; that Alpaca averages the purchases of a day is as it should be."""
    return [
        each
        for each in done.comparison
        if each["outcome"] != Outcome.MATCH.value
        and (each["measure"], each["outcome"]) != ("cost", Outcome.EXPLAINED.value)
    ]


class StormAtAlpaca(Storm):
    """Fills and dividends, some told late, corrected or taken back."""

    patient = AtAlpaca
    history = 12
    weather = (
        ("status", {"status": 200, "message": "an error in disguise"}),
        ("drift", {"row": 2, "fields": {"activity_type": "BRAND_NEW", "brand_new": 1}}),
    )
    places = ("activities", "positions", "account$", "")
    _symbols = ("AAPL", "KO", "MSFT", "NVDA")

    def _count_rows(self, truth: Mapping[str, Any]) -> int:
        return len(truth["events"])

    def _happen(self) -> None:
        """Trade, be paid, or have something corrected or taken back."""
        lot, symbol = self._dice.random(), self._dice.choice(self._symbols)
        figures = {
            "qty": str(self._dice.randint(1, 40)),
            "price": f"{self._dice.randint(900, 9000) / 100}",
        }
        if lot < 0.1 and self._fills:
            key = self._dice.choice(self._fills)
            self._fills.remove(key)
            self._fills.append(self._sandbox.book("correct", key=key, **figures)["id"])
        elif lot < 0.2 and self._fills:
            key = self._dice.choice(self._fills)
            self._fills.remove(key)
            self._sandbox.book("bust", key=key)
        elif lot < 0.35:
            self._sandbox.book(
                "pay", kind="DIV", symbol=symbol, amount=f"{self._dice.randint(1, 99)}"
            )
        else:
            # Some are told days late.
            days = self._dice.choice((0, 0, 0, 3))
            at = (self._now - timedelta(days=days)).isoformat()
            made = self._sandbox.book(
                "fill",
                symbol=symbol,
                side="buy",
                at=at,
                created_at=self._now.isoformat(),
                **figures,
            )
            self._fills.append(made["id"])


class StormAtBinance(Storm):
    """Trades of several pairs with fees in whatever coin, and what comes and goes besides."""

    patient = AtBinance
    weather = (
        ("status", {"status": 418}),
        ("status", {"status": 400, "fields": {"code": -1021, "msg": "Timestamp"}}),
        ("status", {"status": 503, "fields": {"code": -1008, "msg": "Overloaded"}}),
        ("drift", {"row": 0, "fields": {"isBuyer": "perhaps", "brand_new": 1}}),
    )
    places = ("myTrades", "deposit/hisrec", "account$", "asset", "exchangeInfo", "")
    _symbols = ("BNBUSDT", "BTCUSDT", "ETHUSDT")
    #: A fee in a coin that is a currency here is two rows more: it is sold, and what came is the
    #: fee. A reward in one is bought with what was earned, which is one more.
    _more_rows = 0

    def _count_rows(self, truth: Mapping[str, Any]) -> int:
        return len(truth["events"]) + self._more_rows

    def _happen(self) -> None:
        """Trade, deposit, withdraw, or be given something."""
        lot, symbol = self._dice.random(), self._dice.choice(self._symbols)
        coin = symbol.removesuffix("USDT")
        if lot < 0.15:
            self._book("deposit", coin=coin, amount=f"{self._dice.randint(1, 9)}")
        elif lot < 0.25:
            self._book("withdraw", coin="USDT", amount=f"{self._dice.randint(1, 99)}")
        elif lot < 0.35:
            self._more_rows += 1
            self._book("reward", coin=coin, amount="0.00000007")
        elif lot < 0.45:
            self._book("distribute", coin="PEPE", amount=f"{self._dice.randint(1, 99)}")
        else:
            fee = self._dice.choice(("BNB", "USDT"))
            self._more_rows += 2 * (fee == "BNB")
            side = self._dice.choice(("BUY", "BUY", "SELL"))
            # Never all that was bought: of a coin that was only traded, and of which nothing is
            # left, Binance doesn't tell that there was any.
            rest = "0001" if side == "SELL" else ""
            made = self._book(
                "trade",
                symbol=symbol,
                side=side,
                qty=f"0.00{self._dice.randint(1, 9)}{rest}",
                price=f"{self._dice.randint(900, 9000) / 100}",
                fee="0.0001",
                fee_asset=fee,
            )
            self._fills.append(made["id"])

    def _book(self, op: str, **fields: str) -> dict[str, Any]:
        # All of a day at one instant: rewards have no ids, and must not be taken for one another.
        at = self._now.isoformat()
        made: dict[str, Any] = self._sandbox.book(op, account=self.patient.key, at=at, **fields)
        return made


def storm_of(seed: int) -> type[Storm]:
    """Share the seeds among the brokers."""
    storms = (StormAtAlpaca, StormAtBinance)
    return storms[seed % len(storms)]
