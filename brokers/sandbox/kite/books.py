"""Kite's accounts: what was traded, and how it stands on a day in India."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from brokers.sandbox.costs import Costs
from brokers.sandbox.market import MARKET
from brokers.sandbox.world import ZERO, Account, Clock, Entry, World

DEFAULT_KEY, DEFAULT_SECRET = "sandboxkite00001", "sandbox-kite-secret-000000000001"
INDIA = ZoneInfo("Asia/Kolkata")
#: When every token dies.
_MORNING = time(6)
_TICKET_LIVES = timedelta(minutes=5)
_LONG_AGO = datetime(2025, 6, 2, 5, 0, tzinfo=UTC)
_DELIVERED = frozenset({"CNC", "MTF"})


@dataclass(slots=True)
class Owned:
    """What is owned of something in the morning, by where it is.

    Attributes:
        delivered: of it `pledged` units lie at the clearing house.
        coming: bought on the trading day before, and not delivered yet.
        sold: what today sold of it.
        cost: what all of it was bought for; the oldest units go first.
    """

    delivered: Decimal = ZERO
    coming: Decimal = ZERO
    pledged: Decimal = ZERO
    sold: Decimal = ZERO
    cost: Decimal = ZERO


def open_default(world: World, activities: int) -> None:
    """Open the account that everybody knows the key of, with a few old holdings."""
    account = open_account(world, DEFAULT_KEY, DEFAULT_SECRET)
    symbols = [each.symbol for each in MARKET.values() if each.currency == "INR"]
    for place in range(min(activities, 12)):
        symbol = symbols[place % len(symbols)]
        account.trade(
            symbol,
            side="BUY",
            qty=Decimal(10 + place),
            price=MARKET[symbol].price,
            at=_LONG_AGO + timedelta(days=7 * place),
        )


def open_account(world: World, key: str, secret: str) -> KiteAccount:
    """Open an account, without holdings."""
    account = KiteAccount(key, secret, seed=world.seed)
    account.clock = world.clock
    world.open(account)
    return account


class KiteAccount(Account):
    """One customer's account, and the app by whose key it is opened."""

    clock: Clock

    def __init__(self, key_id: str, secret: str, *, seed: int) -> None:
        super().__init__(key_id, secret, seed=seed)
        #: Where the login page sends people back to, as registered by the developer of the app.
        self.redirect_url = ""
        self._tickets: dict[str, datetime] = {}
        self._tokens: dict[str, datetime] = {}
        self._pledged: dict[str, Decimal] = {}
        self._trades = 0
        #: Orders that wait to be filled; those of other days are gone.
        self.waiting: list[dict[str, Any]] = []

    @property
    def number(self) -> str:
        """Return the id of the customer."""
        return f"ZS{int(self.digest[:6], 16) % 10_000:04d}"

    @property
    def orders(self) -> Mapping[str, Callable[..., dict[str, Any]]]:
        """Return what can be done here."""
        return {
            "trade": self.trade,
            "order": self.order,
            "pledge": self.pledge,
            "register": self.register,
            "log_in": self.log_in,
            "log_out": self.log_out,
        }

    # --- Getting in ---------------------------------------------------------------------------

    def register(self, *, redirect_url: str, at: datetime) -> dict[str, Any]:
        """Say where the login page sends people back to."""
        del at
        self.redirect_url = redirect_url
        return {"redirect_url": redirect_url}

    def ticket(self) -> str:
        """Let somebody in on the login page: a token to be exchanged once, within minutes."""
        ticket = f"{self.chance.getrandbits(128):032x}"
        self._tickets[ticket] = self.clock.now()
        return ticket

    def exchange(self, ticket: str, checksum: str) -> str | None:
        """Exchange a ticket for a token; None where it is spent or the checksum isn't right."""
        given_at = self._tickets.get(ticket)
        wanted = hashlib.sha256(f"{self.key_id}{ticket}{self.secret}".encode()).hexdigest()
        if given_at is None or checksum != wanted:
            return None
        del self._tickets[ticket]
        now = self.clock.now()
        if now - given_at > _TICKET_LIVES:
            return None
        return self._give_token(now)

    def log_in(self, *, at: datetime) -> dict[str, Any]:
        """Let somebody in without the login page."""
        return {"access_token": self._give_token(at)}

    def _give_token(self, now: datetime) -> str:
        token = f"{self.chance.getrandbits(128):032x}"
        self._tokens[token] = now
        return token

    def admits(self, token: str) -> bool:
        """Say whether a token is alive: it dies in the morning after it was given."""
        given_at = self._tokens.get(token)
        if given_at is None:
            return False
        local = given_at.astimezone(INDIA)
        day = local.date() + timedelta(days=local.time() >= _MORNING)
        return self.clock.now() < datetime.combine(day, _MORNING, tzinfo=INDIA)

    def log_out(self, *, at: datetime) -> dict[str, Any]:
        """Make all tokens dead."""
        del at
        self._tokens.clear()
        return {"tokens": 0}

    # --- What happens -------------------------------------------------------------------------

    def trade(
        self,
        symbol: str,
        *,
        side: str,
        qty: Decimal,
        price: Decimal,
        at: datetime,
        product: str = "CNC",
        exchange: str = "NSE",
    ) -> dict[str, Any]:
        """Buy or sell."""
        self._trades += 1
        local = at.astimezone(INDIA)
        order_id = f"{local:%y%m%d}{self._trades:09d}"
        row = {
            # Exchanges count anew each day.
            "id": f"{order_id}:{self._trades}",
            "trade_id": str(10_000_000 + len(list(self.trades_of(local.date())))),
            "order_id": order_id,
            "exchange_order_id": f"1{order_id}",
            "exchange": exchange,
            "tradingsymbol": symbol,
            "instrument_token": MARKET[symbol].number if symbol in MARKET else 0,
            "product": product,
            "average_price": float(price),
            "quantity": int(qty),
            "transaction_type": side,
            "fill_timestamp": f"{local:%Y-%m-%d %H:%M:%S}",
            "order_timestamp": f"{local:%H:%M:%S}",
            "exchange_timestamp": f"{local:%Y-%m-%d %H:%M:%S}",
        }
        sign = 1 if side == "BUY" else -1
        cash = {"INR": -sign * qty * price}
        entry = Entry(row, at, {symbol: sign * qty}, cash, is_trade=True)
        self.entries.append(entry)
        return row

    def order(
        self, symbol: str, *, side: str, qty: Decimal, price: Decimal, at: datetime
    ) -> dict[str, Any]:
        """Let an order wait at a limit, for the day."""
        self._trades += 1
        local = at.astimezone(INDIA)
        row = {
            "order_id": f"{local:%y%m%d}{self._trades:09d}",
            "tradingsymbol": symbol,
            "transaction_type": side,
            "quantity": int(qty),
            "price": float(price),
            "order_timestamp": f"{local:%Y-%m-%d %H:%M:%S}",
        }
        self.waiting.append(row)
        return row

    def pledge(self, symbol: str, *, qty: Decimal, at: datetime) -> dict[str, Any]:
        """Lay some of what is owned at the clearing house; it stays owned."""
        del at
        self._pledged[symbol] = self._pledged.get(symbol, ZERO) + qty
        return {"symbol": symbol, "pledged": str(self._pledged[symbol])}

    # --- How it stands ------------------------------------------------------------------------

    @property
    def today(self) -> date:
        """Return the day in India."""
        return self.clock.now().astimezone(INDIA).date()

    def trades_of(self, day: date) -> Iterator[Entry]:
        """Walk through what was traded on a day."""
        return (each for each in self.entries if _day_of(each) == day)

    def owned(self) -> dict[str, Owned]:
        """Return what is owned of each symbol that was carried over night."""
        found: dict[str, Owned] = {}
        today, before = self.today, _trading_day_before(self.today)
        costs = Costs()
        for entry in sorted(self.counting(), key=lambda each: each.created_at):
            if entry.row["product"] not in _DELIVERED or _day_of(entry) > today:
                continue
            symbol, units = next(iter(entry.units.items()))
            mine = found.setdefault(symbol, Owned())
            if _day_of(entry) == today:
                mine.sold += max(-units, ZERO)
                continue
            costs.add([entry])
            mine.cost = costs.of(symbol)
            if _day_of(entry) == before and units > 0:
                mine.coming += units
            else:
                mine.delivered += units
        for symbol, units in self._pledged.items():
            found[symbol].pledged = units
        return {name: each for name, each in found.items() if each.delivered + each.coming}


def _day_of(entry: Entry) -> date:
    return entry.created_at.astimezone(INDIA).date()


def _trading_day_before(day: date) -> date:
    while True:
        day -= timedelta(days=1)
        if day.weekday() < 5:
            return day
