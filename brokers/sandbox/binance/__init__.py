"""Binance: `books` keeps the accounts, `rest` answers, in the published form."""

from __future__ import annotations

from brokers.sandbox.binance import rest
from brokers.sandbox.binance.books import BinanceAccount, open_default
from brokers.sandbox.binance.meter import Meter
from brokers.sandbox.faults import Answer
from brokers.sandbox.house import House, Question
from brokers.sandbox.world import Clock, World

#: What a question weighs; the wallet has limits of its own.
_WEIGHTS = {
    "/api/v3/account": 20,
    "/api/v3/allOrders": 20,
    "/api/v3/exchangeInfo": 20,
    "/api/v3/klines": 2,
    "/api/v3/myTrades": 20,
}


class Binance(House):
    """Spot and wallet."""

    name = "binance"
    prefix = "/binance"

    def __init__(self) -> None:
        self._meter = Meter(Clock())

    def settle(self, world: World, activities: int) -> None:
        """Open the one account that everybody knows the key of."""
        self._meter = Meter(world.clock)
        open_default(world, activities, meter=self._meter)

    def open(self, world: World, key: str, secret: str) -> None:
        """Open one more account."""
        account = BinanceAccount(key, secret, seed=world.seed)
        account.meter = self._meter
        world.open(account)

    def key_of(self, question: Question) -> str:
        """Return the API key."""
        return question.headers.get("x-mbx-apikey", "")

    def weight_of(self, question: Question) -> int:
        """Return what a question weighs."""
        return _WEIGHTS.get(question.path, 1)

    def serve(self, world: World, question: Question) -> Answer:
        """Weigh it; then answer openly, or check key, time and signature first."""
        if not self._meter.spend(self.weight_of(question)):
            limited = rest.refuse(418 if self._meter.is_banned else 429, "Too much request weight")
            limited.headers["retry-after"] = str(self._meter.seconds_left)
            return limited
        told = rest.serve_all(world, question)
        if told is not None:
            return told
        account = world.accounts.get(self.key_of(question))
        if not isinstance(account, BinanceAccount):
            return rest.refuse(401, "Invalid API-key, IP, or permissions for action.", -2015)
        refused = rest.check(account, question, world.clock.now())
        return refused or rest.serve(account, question)

    def refuse(self, status: int, message: str) -> Answer:
        """Say no."""
        return rest.refuse(status, message)

    def add_headers(self, found: Answer, *, number: int) -> None:
        """Tell what was used up in this minute, by all who ask."""
        del number
        found.headers.setdefault("x-mbx-used-weight", str(self._meter.used))
        found.headers.setdefault("x-mbx-used-weight-1m", str(self._meter.used))
