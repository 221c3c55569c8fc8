"""The sandbox's one world: its time, and the accounts that people have in its houses."""

from __future__ import annotations

import hashlib
import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

ZERO = Decimal(0)


@dataclass(slots=True)
class Entry:
    """One thing that happened: as its house tells it, and what it really did.

    Attributes:
        row: the house's words for it, with its `id`.
        created_at: when the house booked it.
        units: what came of each symbol, or went.
        cash: what came of each currency, or went.
        counts: off once it was corrected, busted or canceled.
        is_trade: whether the cash is what the units were bought or sold for.
        group: what both rows of an action name, where it is told in two.
        ratio: units for each one held, of a split.
        brought: what units that came from elsewhere had cost there.
    """

    row: dict[str, Any]
    created_at: datetime
    units: Mapping[str, Decimal] = field(default_factory=dict)
    cash: Mapping[str, Decimal] = field(default_factory=dict)
    counts: bool = True
    is_trade: bool = False
    group: str = ""
    ratio: Decimal | None = None
    brought: Decimal | None = None


class Account(ABC):
    """One customer's account in some house; a house says what can be done in it."""

    def __init__(self, key_id: str, secret: str, *, seed: int) -> None:
        self.key_id, self.secret = key_id, secret
        self.digest = hashlib.sha256(f"{seed}:{key_id}".encode()).hexdigest()
        #: Where ids come from: the same ones whenever the story is told.
        self.chance = random.Random(self.digest)  # noqa: S311 - no secrets
        self.entries: list[Entry] = []

    @property
    @abstractmethod
    def number(self) -> str:
        """Return what the house calls the account."""

    @property
    @abstractmethod
    def orders(self) -> Mapping[str, Callable[..., dict[str, Any]]]:
        """Return what the control API can have done here, by name."""

    def find(self, key: str) -> Entry:
        """Return an entry by its id; KeyError if there is none."""
        for entry in self.entries:
            if entry.row["id"] == key:
                return entry
        raise KeyError(key)

    def positions(self) -> dict[str, Decimal]:
        """Return what is held of each symbol."""
        return _sums(entry.units for entry in self.counting())

    def cash(self) -> dict[str, Decimal]:
        """Return how much money is there, by currency."""
        return _sums(entry.cash for entry in self.counting())

    def counting(self) -> Iterator[Entry]:
        """Walk through what still counts."""
        return (entry for entry in self.entries if entry.counts)


class Clock:
    """The sandbox's time: the real one, moved."""

    def __init__(self) -> None:
        self.fixed: datetime | None = None
        self.moved = timedelta()

    def now(self) -> datetime:
        """Return what time it is there."""
        return self.fixed or datetime.now(UTC) + self.moved  # noqa: TID251 - a world of its own


#: Opens a house's accounts, with about so many things that happened in each.
Settle = Callable[["World", int], None]


class World:
    """Everything there is in the sandbox."""

    def __init__(self, settlers: Sequence[Settle] = (), *, seed: int = 1) -> None:
        self._settlers = settlers
        self.clock = Clock()
        #: By the key that opens them, of all houses.
        self.accounts: dict[str, Account] = {}
        self.reset(seed)

    def reset(self, seed: int = 1, *, activities: int = 60) -> None:
        """Begin anew, with one account in each house that has some history."""
        self.seed = seed
        #: Which questions a fault strikes that doesn't strike all.
        self.chance = random.Random(seed)  # noqa: S311 - faults are no secret
        self.clock.fixed, self.clock.moved = None, timedelta()
        self.accounts = {}
        for settle in self._settlers:
            settle(self, activities)

    def open(self, account: Account) -> None:
        """Let an account be."""
        self.accounts[account.key_id] = account

    def admit(self, key_id: str, secret: str) -> Account | None:
        """Return the account that a key opens."""
        account = self.accounts.get(key_id)
        return account if account is not None and account.secret == secret else None


def _sums(parts: Iterator[Mapping[str, Decimal]]) -> dict[str, Decimal]:
    """Add up by name; what comes to nothing is left out."""
    found: dict[str, Decimal] = {}
    for part in parts:
        for name, amount in part.items():
            found[name] = found.get(name, ZERO) + amount
    return {name: amount for name, amount in sorted(found.items()) if amount}
