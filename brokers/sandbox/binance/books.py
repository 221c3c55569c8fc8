"""Binance's accounts: what was traded, came, left, was earned, and lies in Earn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from brokers.sandbox.binance.meter import Meter
from brokers.sandbox.world import ZERO, Account, Entry, World

DEFAULT_KEY, DEFAULT_SECRET = "sandboxbinance0001", "sandbox-binance-secret-0000000001"
_MONEY = frozenset({"USDT", "USDC", "EUR"})
_OPENED_AT = datetime(2025, 5, 5, 9, tzinfo=UTC)
_EXACT = Decimal("0.00000001")
_DUST_COSTS = Decimal("0.02")


@dataclass(frozen=True, slots=True)
class Pair:
    """What is traded for what, and at what price in the beginning."""

    base: str
    quote: str
    price: Decimal

    @property
    def symbol(self) -> str:
        """Return the one word that Binance makes of it."""
        return self.base + self.quote


#: By symbol.
PAIRS: Mapping[str, Pair] = {
    each.symbol: each
    for each in (
        Pair("BTC", "USDT", Decimal("64000.10")),
        Pair("ETH", "USDT", Decimal("3100.5")),
        Pair("BNB", "USDT", Decimal("580.2")),
        Pair("ETH", "BTC", Decimal("0.0484")),
        Pair("BTC", "EUR", Decimal("59000.5")),
        Pair("PEPE", "USDT", Decimal("0.00001")),
        Pair("USDC", "USDT", Decimal("1.0001")),
    )
}


def open_default(world: World, activities: int, *, meter: Meter) -> None:
    """Open the account that everybody knows the key of, with a few trades."""
    account = BinanceAccount(DEFAULT_KEY, DEFAULT_SECRET, seed=world.seed)
    account.meter = meter
    world.open(account)
    if not activities:
        return
    account.deposit("USDT", amount=Decimal(50_000), at=_OPENED_AT)
    symbols = ("BNBUSDT", "BTCUSDT", "ETHUSDT")
    for place in range(min(activities, 30)):
        pair = PAIRS[symbols[place % 3]]
        account.trade(
            pair.symbol,
            side="SELL" if place % 7 == 6 else "BUY",
            qty=Decimal("0.01") if pair.base == "BTC" else Decimal("0.4"),
            price=pair.price + place,
            at=_OPENED_AT + timedelta(days=2 * place + 1),
            fee=Decimal("0.0002"),
            fee_asset="BNB" if place else "USDT",
        )


class BinanceAccount(Account):
    """One customer's account."""

    meter: Meter

    def __init__(self, key_id: str, secret: str, *, seed: int) -> None:
        super().__init__(key_id, secret, seed=seed)
        self._in_earn: dict[str, Decimal] = {}
        self._last = 28_000
        #: Orders that wait to be filled.
        self.waiting: list[dict[str, Any]] = []

    @property
    def number(self) -> str:
        """Return the number of the customer."""
        return str(int(self.digest[:8], 16))

    @property
    def orders(self) -> Mapping[str, Callable[..., dict[str, Any]]]:
        """Return what can be done here."""
        return {
            "trade": self.trade,
            "order": self.order,
            "deposit": self.deposit,
            "withdraw": self.withdraw,
            "dust": self.dust,
            "distribute": self.distribute,
            "reward": self.reward,
            "subscribe": self.subscribe,
            "crowd": self.crowd,
        }

    # --- What happens -------------------------------------------------------------------------

    def trade(
        self,
        symbol: str,
        *,
        side: str,
        qty: Decimal,
        price: Decimal,
        at: datetime,
        fee: Decimal | str = ZERO,
        fee_asset: str = "BNB",
    ) -> dict[str, Any]:
        """Buy or sell; the fee is charged in whatever it is said to be."""
        pair, sign, number = PAIRS[symbol], 1 if side == "BUY" else -1, self._next()
        row = {
            "id": f"{symbol}:{number}",
            "symbol": symbol,
            "orderId": 100_000 + number,
            "orderListId": -1,
            "price": f"{price:f}",
            "qty": f"{qty:f}",
            "quoteQty": f"{qty * price:f}",
            "commission": f"{Decimal(fee):f}",
            "commissionAsset": fee_asset,
            "time": milliseconds(at),
            "isBuyer": side == "BUY",
            "isMaker": False,
            "isBestMatch": True,
        }
        moved = {pair.base: sign * qty, pair.quote: -sign * qty * price}
        return self._write("trade", row, _with(moved, fee_asset, -Decimal(fee)), at=at)

    def order(
        self, symbol: str, *, side: str, qty: Decimal, price: Decimal, at: datetime
    ) -> dict[str, Any]:
        """Let an order wait at a limit."""
        row = {
            "symbol": symbol,
            "orderId": 100_000 + self._next(),
            "side": side,
            "price": f"{price:f}",
            "origQty": f"{qty:f}",
            "time": milliseconds(at),
        }
        self.waiting.append(row)
        return row

    def deposit(
        self, coin: str, *, amount: Decimal, at: datetime, status: int = 1
    ) -> dict[str, Any]:
        """Let something come; it counts once it is credited (1)."""
        row = {
            "id": str(7_698_000 + self._next()),
            "amount": f"{amount:f}",
            "coin": coin,
            "network": coin,
            "status": status,
            "insertTime": milliseconds(at),
            "transferType": 0,
            "confirmTimes": "1/1",
        }
        return self._write("deposit", row, {coin: amount}, at=at, counts=status == 1)

    def withdraw(
        self, coin: str, *, amount: Decimal, at: datetime, fee: Decimal | str = ZERO
    ) -> dict[str, Any]:
        """Send something away, and its fee with it."""
        row = {
            "id": f"{self.chance.getrandbits(128):032x}",
            "amount": f"{amount:f}",
            "transactionFee": f"{Decimal(fee):f}",
            "coin": coin,
            "status": 6,
            "applyTime": f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
            "network": coin,
            "transferType": 0,
        }
        return self._write("withdrawal", row, {coin: -amount - Decimal(fee)}, at=at)

    def dust(self, coin: str, *, amount: Decimal, price: Decimal, at: datetime) -> dict[str, Any]:
        """Turn small remains into BNB, at a price in BNB, less what that costs."""
        gross = (amount * price).quantize(_EXACT)
        fee = (gross * _DUST_COSTS).quantize(_EXACT)
        number = self._next()
        row = {
            "id": f"dust:{number}",
            "transId": number,
            "serviceChargeAmount": f"{fee:f}",
            "amount": f"{amount:f}",
            "operateTime": milliseconds(at),
            "transferedAmount": f"{gross - fee:f}",
            "fromAsset": coin,
        }
        return self._write("dust", row, {coin: -amount, "BNB": gross - fee}, at=at)

    def distribute(
        self, coin: str, *, amount: Decimal, at: datetime, why: str = "Launchpool"
    ) -> dict[str, Any]:
        """Give something to whoever holds something else."""
        number = self._next()
        row = {
            "id": number,
            "amount": f"{amount:f}",
            "asset": coin,
            "divTime": milliseconds(at),
            "enInfo": why,
            "tranId": number,
            "direction": 1,
        }
        return self._write("dividend", row, {coin: amount}, at=at)

    def reward(self, coin: str, *, amount: Decimal, at: datetime) -> dict[str, Any]:
        """Reward what lies in Earn; it lies there as well."""
        row = {
            "id": f"earn:{self._next()}",
            "asset": coin,
            "rewards": f"{amount:f}",
            "projectId": f"{coin}001",
            "type": "REALTIME",
            "time": milliseconds(at),
        }
        self._in_earn[coin] = self._in_earn.get(coin, ZERO) + amount
        return self._write("reward", row, {coin: amount}, at=at)

    def subscribe(self, coin: str, *, amount: Decimal, at: datetime) -> dict[str, Any]:
        """Lay something into Earn; it stays owned."""
        del at
        self._in_earn[coin] = self._in_earn.get(coin, ZERO) + amount
        return {"asset": coin, "amount": str(self._in_earn[coin])}

    def crowd(self, weight: int, *, at: datetime) -> dict[str, Any]:
        """Let others at the same address ask for so much weight."""
        del at
        self.meter.spend(weight)
        return {"used": self.meter.used}

    # --- How it stands ------------------------------------------------------------------------

    def rows_of(self, kind: str) -> Iterator[dict[str, Any]]:
        """Walk through what happened of one kind, as Binance tells it, oldest first."""
        for entry in self.entries:
            if entry.row["kind"] == kind:
                yield {name: value for name, value in entry.row.items() if name != "kind"}

    def in_earn(self) -> dict[str, Decimal]:
        """Return what lies in flexible Earn."""
        return dict(self._in_earn)

    def in_spot(self) -> dict[str, Decimal]:
        """Return what lies in the spot wallet."""
        owned = {**self.positions(), **self.cash()}
        left = {name: units - self._in_earn.get(name, ZERO) for name, units in owned.items()}
        return {name: units for name, units in left.items() if units}

    def _next(self) -> int:
        self._last += 1
        return self._last

    def _write(
        self,
        kind: str,
        row: dict[str, Any],
        moved: Mapping[str, Decimal],
        *,
        at: datetime,
        counts: bool = True,
    ) -> dict[str, Any]:
        row["kind"] = kind
        units = {name: amount for name, amount in moved.items() if name not in _MONEY}
        cash = {name: amount for name, amount in moved.items() if name in _MONEY}
        self.entries.append(Entry(row, at, units, cash, counts=counts))
        return row


def milliseconds(moment: datetime) -> int:
    """Return an instant as Binance counts it."""
    return int(moment.timestamp() * 1_000)


def _with(moved: dict[str, Decimal], asset: str, amount: Decimal) -> dict[str, Decimal]:
    return moved | {asset: moved.get(asset, ZERO) + amount}
