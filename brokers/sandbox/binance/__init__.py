"""Binance: `books` keeps the accounts, `rest` answers, in the published form."""

from __future__ import annotations

from brokers.sandbox.binance import rest
from brokers.sandbox.binance.books import BinanceAccount, open_default
from brokers.sandbox.faults import Answer
from brokers.sandbox.house import House, Question
from brokers.sandbox.world import World

_WEIGHT = 20


class Binance(House):
    """Spot and wallet."""

    name = "binance"
    prefix = "/binance"

    def settle(self, world: World, activities: int) -> None:
        """Open the one account that everybody knows the key of."""
        open_default(world, activities)

    def open(self, world: World, key: str, secret: str) -> None:
        """Open one more account."""
        world.open(BinanceAccount(key, secret, seed=world.seed))

    def key_of(self, question: Question) -> str:
        """Return the API key."""
        return question.headers.get("x-mbx-apikey", "")

    def serve(self, world: World, question: Question) -> Answer:
        """Answer openly, or check key, time and signature first."""
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
        """Tell what was used up."""
        used = str(_WEIGHT * (number % 300))
        found.headers.setdefault("x-mbx-used-weight", used)
        found.headers.setdefault("x-mbx-used-weight-1m", used)
