"""Alpaca: `books` keeps the accounts, `rest` answers, `streams` talk, in the published form."""

from __future__ import annotations

import base64
import time

from brokers.sandbox.alpaca import rest, streams
from brokers.sandbox.alpaca.books import AlpacaAccount, open_default
from brokers.sandbox.faults import Answer, answer
from brokers.sandbox.house import House, Question, Socket
from brokers.sandbox.world import World

_LIMIT = 200


class Alpaca(House):
    """Trading API, version 2."""

    name = "alpaca"
    prefix = "/alpaca"

    def __init__(self) -> None:
        #: The keys that listen to market data: one connection each.
        self._listening: set[str] = set()

    def settle(self, world: World, activities: int) -> None:
        """Open the one account that everybody knows the key of."""
        open_default(world, activities)

    def open(self, world: World, key: str, secret: str) -> None:
        """Open one more account."""
        world.open(AlpacaAccount(key, secret, seed=world.seed))

    def key_of(self, question: Question) -> str:
        """Return the key's id."""
        return _shown(question)[0]

    def serve(self, world: World, question: Question) -> Answer:
        """Check the key, and answer."""
        account = world.admit(*_shown(question))
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

    async def converse(self, world: World, question: Question, socket: Socket) -> None:
        """Tell of the market, or of an account."""
        if question.path == "/stream":
            await streams.account_updates(world, socket)
        elif question.path.startswith("/v2/"):
            await streams.market(world, question, socket, listening=self._listening)
        else:
            await socket.close()


def _shown(question: Question) -> tuple[str, str]:
    """Return key and secret: in two headers, or together where brokers ask for customers."""
    scheme, _, pair = question.headers.get("authorization", "").partition(" ")
    if scheme == "Basic":
        try:
            key, _, secret = base64.b64decode(pair).decode().partition(":")
        except ValueError:
            return "", ""
        return key, secret
    headers = question.headers
    return headers.get("apca-api-key-id", ""), headers.get("apca-api-secret-key", "")
