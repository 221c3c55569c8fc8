"""The sandbox's accounts: what happened in them, and what is therefore in them."""

from __future__ import annotations

import hashlib
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

_NEW_YORK = ZoneInfo("America/New_York")
_ZERO = Decimal(0)
_CENT = Decimal("0.01")
#: Symbol and first price of what its people trade.
MARKET = {"AAPL": "182.10", "MSFT": "401.5", "NVDA": "61.25", "KO": "58.4", "SPY": "481.02"}
DEFAULT_KEY, DEFAULT_SECRET = "PKSANDBOX0000000001", "sandbox-secret-0000000001"
_HISTORY = 60
_OPENED_AT = datetime(2024, 1, 8, 15, 30, tzinfo=UTC)


@dataclass(slots=True)
class Entry:
    """One activity as it is answered, and what it really did."""

    row: dict[str, Any]
    created_at: datetime
    units: dict[str, Decimal] = field(default_factory=dict)
    cash: Decimal = _ZERO
    #: Off once it was corrected, busted or canceled.
    counts: bool = True


class Clock:
    """The sandbox's time: the real one, moved."""

    def __init__(self) -> None:
        self.fixed: datetime | None = None
        self.moved = timedelta()

    def now(self) -> datetime:
        """Return what time it is there."""
        return self.fixed or datetime.now(UTC) + self.moved  # noqa: TID251 - a world of its own


@dataclass(slots=True)
class Account:
    """One customer's account."""

    key_id: str
    secret: str
    number: str
    entries: list[Entry] = field(default_factory=list)
    _ids: random.Random = field(default_factory=random.Random)

    def add(self, row: dict[str, Any], *, moment: datetime, entry: Entry) -> dict[str, Any]:
        """Write an activity into the books; its id says when it happened, by New York."""
        local = moment.astimezone(_NEW_YORK)
        key = uuid.UUID(int=self._ids.getrandbits(128), version=4)
        row["id"] = f"{local:%Y%m%d%H%M%S}{local.microsecond // 1000:03d}::{key}"
        entry.row = row
        self.entries.append(entry)
        return row

    def find(self, key: str) -> Entry:
        """Return an activity by its id; KeyError if there is none."""
        for entry in self.entries:
            if entry.row["id"] == key:
                return entry
        raise KeyError(key)

    def positions(self) -> dict[str, Decimal]:
        """Return what is held of each symbol."""
        held: dict[str, Decimal] = {}
        for entry in self._counting():
            for symbol, units in entry.units.items():
                held[symbol] = held.get(symbol, _ZERO) + units
        return {symbol: units for symbol, units in sorted(held.items()) if units}

    def cash(self) -> Decimal:
        """Return how much money is there."""
        return sum((entry.cash for entry in self._counting()), _ZERO)

    def fill(
        self, *, symbol: str, side: str, qty: Decimal, price: Decimal, at: datetime, **more: Any
    ) -> dict[str, Any]:
        """Trade."""
        sign = 1 if side == "buy" else -1
        row = {
            "activity_type": "FILL",
            "type": "fill",
            "transaction_time": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z",
            "symbol": symbol,
            "side": side,
            "qty": str(qty),
            "price": str(price),
            "cum_qty": str(more.pop("cum_qty", qty)),
            "leaves_qty": "0",
            "order_id": more.pop("order_id", None) or self._order_id(),
            "order_status": "filled",
        }
        created_at = more.pop("created_at", None) or at
        entry = Entry({}, created_at, {symbol: sign * qty}, -sign * qty * price)
        return self.add(row | more, moment=at, entry=entry)

    def pay(
        self, kind: str, amount: Decimal, *, at: datetime, symbol: str = "", **more: Any
    ) -> dict[str, Any]:
        """Book money that isn't a trade's; it is dated with a day, and booked at night."""
        created_at = more.pop("created_at", None) or at + timedelta(hours=9)
        day = at.astimezone(_NEW_YORK).date()
        row = {
            "activity_type": kind,
            "date": day.isoformat(),
            "created_at": f"{created_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z",
            "net_amount": str(amount),
            "currency": "USD",
            "status": "executed",
        }
        if symbol:
            row["symbol"] = symbol
        midnight = datetime.combine(day, time.min, tzinfo=_NEW_YORK)
        entry = Entry({}, created_at, {}, amount)
        return self.add(row | more, moment=midnight, entry=entry)

    def split(self, symbol: str, *, ratio: Decimal, at: datetime) -> dict[str, Any]:
        """Turn each unit held into `ratio` units; only how many came is told."""
        came = self.positions().get(symbol, _ZERO) * (ratio - 1)
        row = self.pay("SPLIT", _ZERO, at=at, symbol=symbol, qty=str(came))
        self.entries[-1].units = {symbol: came}
        row["activity_sub_type"] = "FSPLIT"
        return row

    def correct(self, key: str, *, qty: Decimal, price: Decimal, at: datetime) -> dict[str, Any]:
        """Replace a fill by what it should have been."""
        wrong = self.find(key)
        wrong.counts = False
        return self.fill(
            symbol=wrong.row["symbol"],
            side=wrong.row["side"],
            qty=qty,
            price=price,
            at=datetime.fromisoformat(wrong.row["transaction_time"]),
            created_at=at,
            previous_id=key.partition("::")[2],
            execution_type="trade_correct",
        )

    def bust(self, key: str, *, at: datetime) -> dict[str, Any]:
        """Take a fill back by an activity that says so."""
        wrong = self.find(key)
        wrong.counts = False
        row = {
            **{name: wrong.row[name] for name in ("activity_type", "symbol", "side", "qty")},
            **{name: wrong.row[name] for name in ("price", "order_id", "transaction_time")},
            "type": "fill",
            "previous_id": key.partition("::")[2],
            "execution_type": "trade_bust",
        }
        moment = datetime.fromisoformat(wrong.row["transaction_time"])
        return self.add(row, moment=moment, entry=Entry({}, at, counts=False))

    def cancel(self, key: str) -> dict[str, Any]:
        """Take an activity back in its place: the same id, another status."""
        entry = self.find(key)
        entry.counts = False
        entry.row["status"] = "canceled"
        return entry.row

    def _counting(self) -> Iterator[Entry]:
        return (entry for entry in self.entries if entry.counts)

    def _order_id(self) -> str:
        return str(uuid.UUID(int=self._ids.getrandbits(128), version=4))


class World:
    """Everything there is in the sandbox."""

    def __init__(self, seed: int = 1) -> None:
        self.clock = Clock()
        self.accounts: dict[str, Account] = {}
        self.reset(seed)

    def reset(self, seed: int = 1, *, activities: int = _HISTORY) -> None:
        """Begin anew, with one account that has some history."""
        self.seed = seed
        self.clock.fixed, self.clock.moved = None, timedelta()
        self.accounts = {}
        account = self.open(DEFAULT_KEY, DEFAULT_SECRET)
        _live(account, random.Random(seed), activities)  # noqa: S311 - a story

    def open(self, key_id: str, secret: str) -> Account:
        """Open an account that has no history."""
        digest = hashlib.sha256(f"{self.seed}:{key_id}".encode()).hexdigest()
        account = Account(key_id, secret, f"PA{digest[:10].upper()}")
        account._ids.seed(digest)  # noqa: SLF001 - its own module
        self.accounts[key_id] = account
        return account

    def admit(self, key_id: str, secret: str) -> Account | None:
        """Return the account that a key opens."""
        account = self.accounts.get(key_id)
        return account if account is not None and account.secret == secret else None


def _live(account: Account, chance: random.Random, activities: int) -> None:
    """Let somebody trade for a while: on the same days whenever it is told, for ids hold days."""
    if not activities:
        return
    step, moment = timedelta(days=min(9.0, 700 / activities)), _OPENED_AT
    account.pay("CSD", Decimal(5_000 + 900 * activities), at=moment)
    prices = {symbol: Decimal(price) for symbol, price in MARKET.items()}
    held: dict[str, Decimal] = {}
    while len(account.entries) < activities:
        moment += step
        symbol = chance.choice(sorted(prices))
        drift = Decimal(chance.randint(-200, 230)) / 10_000
        prices[symbol] = (prices[symbol] * (1 + drift)).quantize(_CENT)
        held[symbol] = held.get(symbol, _ZERO) + _act(
            account, chance, symbol, price=prices[symbol], held=held.get(symbol, _ZERO), at=moment
        )


def _act(
    account: Account,
    chance: random.Random,
    symbol: str,
    *,
    price: Decimal,
    held: Decimal,
    at: datetime,
) -> Decimal:
    """Do one thing or the other; return how many units came, or went."""
    lot = chance.random()
    if held and lot < 0.15:
        rate = Decimal(chance.randint(10, 80)) / 100
        gross = (held * rate).quantize(_CENT)
        dividend = {"qty": str(held), "per_share_amount": str(rate), "activity_sub_type": "CDIV"}
        account.pay("DIV", gross, at=at, symbol=symbol, **dividend)
        account.pay("DIVNRA", -(gross * Decimal("0.15")).quantize(_CENT), at=at, symbol=symbol)
    elif held and lot < 0.35:
        units = (held * Decimal(chance.randint(1, 4)) / 4).quantize(Decimal("0.001"))
        units = units or held
        account.fill(symbol=symbol, side="sell", qty=units, price=price, at=at)
        account.pay("FEE", Decimal("-0.02"), at=at, activity_sub_type="TAF")
        return -units
    elif lot < 0.4:
        account.pay("INT", Decimal(chance.randint(1, 400)) / 100, at=at)
    else:
        units = Decimal(chance.randint(1, 24)) / chance.choice((1, 2, 4))
        account.fill(symbol=symbol, side="buy", qty=units, price=price, at=at)
        return units
    return _ZERO
