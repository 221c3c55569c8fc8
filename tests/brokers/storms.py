"""A month of storms: trading goes on, everything breaks at random, workers die; all of it by seed.

Afterwards the ledger must say what the broker's books say. A test and a benchmark share this.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from brokers.domain.connections import ConnectionState, SyncState
from brokers.domain.reconcile import Outcome
from brokers.models import BrokerRow, Connection, Sync
from brokers.services import connecting, syncing, syncs
from portfolios import selectors as portfolios
from portfolios.models import Portfolio, Transaction
from portfolios.services import ledger
from tests.brokers.patients import Killed
from tests.brokers.sandboxed import (
    CREDENTIALS,
    Sandbox,
    assert_equals_truth,
    connect,
    forget_pauses,
    reloaded,
)

#: After the last day that the sandbox's own history may have.
_FIRST_DAY = datetime(2026, 3, 2, 15, tzinfo=UTC)
_SYMBOLS = ("AAPL", "KO", "MSFT", "NVDA")
_HISTORY, _STEPS = 12, 4
#: What may happen to an answer, and to how many in a row.
_WEATHER: tuple[tuple[str, dict[str, Any]], ...] = (
    ("status", {"status": 500}),
    ("status", {"status": 502, "html": True}),
    ("status", {"status": 200, "message": "an error in disguise"}),
    ("status", {"status": 401}),
    ("status", {"status": 403}),
    ("status", {"status": 404}),
    ("rate_limit", {"header": "reset"}),
    ("rate_limit", {"header": "after", "seconds": 5}),
    ("rate_limit", {"header": "after", "seconds": 0}),
    ("truncate", {}),
    ("cut_json", {}),
    ("html", {}),
    ("empty", {}),
    ("lose_rows", {}),
    ("duplicate_page", {}),
    ("drift", {"row": 1, "fields": {"qty": "many"}}),
    ("drift", {"row": 2, "fields": {"activity_type": "BRAND_NEW", "brand_new": 1}}),
    ("drift", {"row": 3, "fields": {"price": None}}),
)
_PLACES = ("activities", "positions", "account$", "")


class Storm:
    """One account through one month."""

    def __init__(self, sandbox: Sandbox, portfolio: Portfolio, *, seed: int) -> None:
        self._sandbox = sandbox
        self._dice = random.Random(seed)  # noqa: S311 - the same storm each time
        self._now = _FIRST_DAY
        self._mine: dict[str, str] = {}
        self._fills: list[str] = []
        sandbox.reset(activities=_HISTORY, seed=seed)
        self._travel(timedelta())
        self._connection: Connection = connect(portfolio, now=self._now)

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

    def _happen(self) -> None:
        """Trade, be paid, or have something corrected or taken back."""
        free = [key for key in self._fills if key not in self._mine]
        lot, symbol = self._dice.random(), self._dice.choice(_SYMBOLS)
        figures = {
            "qty": str(self._dice.randint(1, 40)),
            "price": f"{self._dice.randint(900, 9000) / 100}",
        }
        if lot < 0.1 and free:
            key = self._dice.choice(free)
            self._fills.remove(key)
            self._fills.append(self._sandbox.book("correct", key=key, **figures)["id"])
        elif lot < 0.2 and free:
            key = self._dice.choice(free)
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

    def _break_something(self) -> None:
        for _ in range(self._dice.randint(0, 3)):
            mode, args = self._dice.choice(_WEATHER)
            times = self._dice.choice((1, 1, 2, 30))
            skip = self._dice.randint(0, 2)
            self._sandbox.break_down(
                mode, self._dice.choice(_PLACES), times=times, skip=skip, **args
            )

    def _sync(self) -> Sync:
        """Sync as the schedule would, with a worker that may die at any line."""
        forget_pauses()
        if reloaded(self._connection).state == ConnectionState.NEEDS_KEY.value:
            self._sandbox.mend()
            self._connection = connecting.replace_key(
                self._connection, credentials=CREDENTIALS, now=self._now
            )
        asked, _ = syncs.request_sync(self._connection, trigger="schedule", now=self._now)
        dies_at = self._dice.randint(2, 30) if self._dice.random() < 0.4 else None
        try:
            syncing.run(asked.pk, clock=self._clock(dies_at))
        except Killed:
            self._now += syncs.LEASE + timedelta(seconds=1)
            syncing.run(asked.pk, clock=self._clock(None))
        done = Sync.objects.get(pk=asked.pk)
        if done.state == SyncState.WAITING.value:
            Sync.objects.filter(pk=done.pk).update(retry_at=self._now)
        return done

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
            is_equal = all(each["outcome"] == Outcome.MATCH for each in done.comparison)
            if done.state == SyncState.OK.value and done.compared_at and is_equal:
                break
            # What was left out or garbled long ago is read again within a day.
            self._travel(timedelta(days=1, hours=1))
            done = self._sync()
        assert done.state == SyncState.OK.value, (done.state, done.error, done.notice)
        assert {each["outcome"] for each in done.comparison} <= {"match"}, done.comparison
        assert_equals_truth(self._connection, self._sandbox)
        notes = Transaction.objects.filter(
            portfolio_id=self._connection.portfolio_id, note__startswith="mine", is_void=False
        )
        assert sorted(notes.values_list("note", flat=True)) == sorted(self._mine.values())
