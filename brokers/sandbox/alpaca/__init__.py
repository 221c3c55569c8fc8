"""Alpaca: `books` keeps the accounts, `rest` answers, in the published form."""

from __future__ import annotations

import time

from brokers.sandbox.alpaca import rest
from brokers.sandbox.alpaca.books import AlpacaAccount, open_default
from brokers.sandbox.faults import Answer, answer
from brokers.sandbox.house import House, Question
from brokers.sandbox.world import World

_LIMIT = 200


class Alpaca(House):
    """Trading API, version 2."""

    name = "alpaca"
    prefix = "/alpaca"

    def settle(self, world: World, activities: int) -> None:
        """Open the one account that everybody knows the key of."""
        open_default(world, activities)

    def key_of(self, question: Question) -> str:
        """Return the key's id."""
        return question.headers.get("apca-api-key-id", "")

    def serve(self, world: World, question: Question) -> Answer:
        """Check the key, and answer."""
        secret = question.headers.get("apca-api-secret-key", "")
        account = world.admit(self.key_of(question), secret)
        if not isinstance(account, AlpacaAccount):
            return answer({"message": "unauthorized."}, 401)
        return rest.serve(world, account, question)

    def refuse(self, status: int, message: str) -> Answer:
        """Say no."""
        if status in (401, 403):
            return answer({"message": message}, status)
        return answer({"code": status * 100_000, "message": message}, status)

    def add_headers(self, found: Answer, *, number: int) -> None:
        """Tell the limit, and number the answer."""
        found.headers.setdefault("x-ratelimit-limit", str(_LIMIT))
        found.headers.setdefault("x-ratelimit-remaining", str(_LIMIT - 1))
        found.headers.setdefault("x-ratelimit-reset", str(int(time.time()) + 60))
        found.headers["x-request-id"] = f"{number:032x}"
