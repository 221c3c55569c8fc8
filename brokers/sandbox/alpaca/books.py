"""Alpaca's accounts: what is done in them, as activities."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from brokers.sandbox.alpaca.contracts import SHARES, contract_of, multiplier_of
from brokers.sandbox.costs import Costs
from brokers.sandbox.market import MARKET
from brokers.sandbox.world import ZERO, Account, Entry, World

DEFAULT_KEY, DEFAULT_SECRET = "PKSANDBOX0000000001", "sandbox-secret-0000000001"
_NEW_YORK = ZoneInfo("America/New_York")
_CENT = Decimal("0.01")
_OPENED_AT = datetime(2024, 1, 8, 15, 30, tzinfo=UTC)


def open_default(world: World, activities: int) -> None:
    """Open the account that everybody knows the key of."""
    account = AlpacaAccount(DEFAULT_KEY, DEFAULT_SECRET, seed=world.seed)
    world.open(account)
    _live(account, random.Random(world.seed), activities)  # noqa: S311 - a story


class AlpacaAccount(Account):
    """One customer's account; its ids say when something happened, by New York."""

    def __init__(self, key_id: str, secret: str, *, seed: int) -> None:
        super().__init__(key_id, secret, seed=seed)
        #: Who wants to hear of fills.
        self.listeners: set[asyncio.Queue[dict[str, Any]]] = set()
        #: Orders that wait to be filled, by id.
        self.waiting: dict[str, dict[str, Any]] = {}

    @property
    def number(self) -> str:
        """Return what Alpaca calls the account."""
        return f"PA{self.digest[:10].upper()}"

    @property
    def orders(self) -> Mapping[str, Callable[..., dict[str, Any]]]:
        """Return what can be done here."""
        return {
            "fill": self.fill,
            "pay": self.pay,
            "split": self.split,
            "rename": self.rename,
            "expire": self.expire,
            "exercise": self.exercise,
            "correct": self.correct,
            "bust": self.bust,
            "cancel": self.cancel,
            "order": self.order,
        }

    def add(self, row: dict[str, Any], *, moment: datetime, entry: Entry) -> dict[str, Any]:
        """Write an activity into the books."""
        local = moment.astimezone(_NEW_YORK)
        key = uuid.UUID(int=self.chance.getrandbits(128), version=4)
        row["id"] = f"{local:%Y%m%d%H%M%S}{local.microsecond // 1000:03d}::{key}"
        entry.row = row
        self.entries.append(entry)
        return row

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
        # What waits is filled whole.
        self.waiting.pop(row["order_id"], None)
        created_at = more.pop("created_at", None) or at
        cash = {"USD": -sign * qty * price * multiplier_of(symbol)}
        entry = Entry({}, created_at, {symbol: sign * qty}, cash, is_trade=True)
        told = self.add(row | more, moment=at, entry=entry)
        for listener in self.listeners:
            listener.put_nowait(told)
        return told

    def order(
        self, *, symbol: str, side: str, qty: Decimal, limit_price: Decimal, at: datetime
    ) -> dict[str, Any]:
        """Let an order wait at a limit, until a fill names its id."""
        key = self._order_id()
        self.waiting[key] = {
            "id": key,
            "symbol": symbol,
            "side": side,
            "qty": str(qty),
            "limit_price": str(limit_price),
            "submitted_at": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z",
        }
        return self.waiting[key]

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
        entry = Entry({}, created_at, cash={"USD": amount})
        return self.add(row | more, moment=midnight, entry=entry)

    def split(
        self, symbol: str, *, ratio: Decimal, at: datetime, in_two: bool = False
    ) -> dict[str, Any]:
        """Turn each unit held into `ratio` units.

        Only how many came is told or, `in_two` rows, how many went and how many came for them.
        """
        held = self.positions().get(symbol, ZERO)
        if in_two:
            sub_type = "FSPLIT" if ratio > 1 else "RSPLIT"
            moved = {symbol: -held}, {symbol: held * ratio}
            return self._in_two("SPLIT", sub_type, *moved, at=at)
        came = held * (ratio - 1)
        row = self.pay("SPLIT", ZERO, at=at, symbol=symbol, qty=str(came))
        self.entries[-1].units, self.entries[-1].ratio = {symbol: came}, ratio
        row["activity_sub_type"] = "FSPLIT"
        return row

    def rename(self, symbol: str, *, to: str, at: datetime) -> dict[str, Any]:
        """Call what is held otherwise: all of it goes, and comes under the other name."""
        held = self.positions().get(symbol, ZERO)
        return self._in_two("NC", "SNC", {symbol: -held}, {to: held}, at=at)

    def expire(self, symbol: str, *, at: datetime) -> dict[str, Any]:
        """Let all options of a symbol end at nothing."""
        return self._end("OPEXP", symbol, self.positions()[symbol], at=at)

    def exercise(
        self, symbol: str, *, qty: Decimal, at: datetime, price: Decimal | None = None
    ) -> dict[str, Any]:
        """Exercise options that are held, or be assigned some that were sold.

        Args:
            price: what the shares cost in the market, which is told at times; the strike is paid.
        """
        contract, is_held = contract_of(symbol), self.positions()[symbol] > 0
        if contract is None:
            raise ValueError(f"{symbol} is no option.")
        told = self._end("OPEXC" if is_held else "OPASN", symbol, qty if is_held else -qty, at=at)
        came = qty * SHARES if contract.is_call == is_held else -qty * SHARES
        shares = {"qty": str(came), "price": str(price or contract.strike)}
        paid = -came * contract.strike
        self.pay("OPTRD", paid, at=at, symbol=contract.underlying, **shares)
        # What the options cost isn't counted in.
        self.entries[-1].units, self.entries[-1].is_trade = {contract.underlying: came}, True
        return told

    def _end(self, kind: str, symbol: str, ended: Decimal, *, at: datetime) -> dict[str, Any]:
        row = self.pay(kind, ZERO, at=at, symbol=symbol, qty=str(-ended))
        self.entries[-1].units, self.entries[-1].is_trade = {symbol: -ended}, True
        return row

    def _in_two(
        self, kind: str, sub_type: str, *moved: Mapping[str, Decimal], at: datetime
    ) -> dict[str, Any]:
        known = {
            "group_id": str(uuid.UUID(int=self.chance.getrandbits(128), version=4)),
            "activity_sub_type": sub_type,
        }
        rows = []
        for units in moved:
            ((symbol, qty),) = units.items()
            rows.append(self.pay(kind, ZERO, at=at, symbol=symbol, qty=str(qty), **known))
            self.entries[-1].units, self.entries[-1].group = units, known["group_id"]
        return rows[-1]

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

    def costs(self) -> Costs:
        """Return what is held cost: first in first out, what was bought on one day averaged.

        Source: https://alpaca.markets/docs/position-average-entry-price-calculation
        """
        # An id begins with when it happened, whenever it was booked.
        entries = sorted(self.counting(), key=lambda each: each.row["id"].partition("::")[0])
        return Costs(day_of=lambda each: each.row["id"][:8]).add(entries)

    def _order_id(self) -> str:
        return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))


def _live(account: AlpacaAccount, chance: random.Random, activities: int) -> None:
    """Let somebody trade for a while: on the same days whenever it is told, for ids hold days."""
    if not activities:
        return
    step, moment = timedelta(days=min(9.0, 700 / activities)), _OPENED_AT
    account.pay("CSD", Decimal(5_000 + 900 * activities), at=moment)
    prices = {each.symbol: each.price for each in MARKET.values() if each.currency == "USD"}
    held: dict[str, Decimal] = {}
    while len(account.entries) < activities:
        moment += step
        symbol = chance.choice(sorted(prices))
        drift = Decimal(chance.randint(-200, 230)) / 10_000
        prices[symbol] = (prices[symbol] * (1 + drift)).quantize(_CENT)
        held[symbol] = held.get(symbol, ZERO) + _act(
            account, chance, symbol, price=prices[symbol], held=held.get(symbol, ZERO), at=moment
        )


def _act(
    account: AlpacaAccount,
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
    return ZERO
