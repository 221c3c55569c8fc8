"""Kite: `books` keeps the accounts, `rest` answers, `ticker` talks, in the published form.

It has a port of its own: clients put their paths at the root of whatever address they are given.
"""

from __future__ import annotations

from brokers.sandbox.faults import Answer
from brokers.sandbox.house import House, Question, Socket
from brokers.sandbox.kite import rest, ticker
from brokers.sandbox.kite.books import KiteAccount, open_account, open_default
from brokers.sandbox.world import World


class Kite(House):
    """Kite Connect, version 3."""

    name = "kite"
    prefix = None

    def settle(self, world: World, activities: int) -> None:
        """Open the one account that everybody knows the key of."""
        open_default(world, activities)

    def open(self, world: World, key: str, secret: str) -> None:
        """Open one more account."""
        open_account(world, key, secret)

    def key_of(self, question: Question) -> str:
        """Return the API key, wherever it stands."""
        header = question.headers.get("authorization", "").removeprefix("token ")
        return (
            header.partition(":")[0]
            or question.query.get("api_key", "")
            or question.form.get("api_key", "")
        )

    def serve(self, world: World, question: Question) -> Answer:
        """Let in, or check the token and answer."""
        account = world.accounts.get(self.key_of(question))
        if not isinstance(account, KiteAccount):
            return rest.refuse(403, "Invalid `api_key`.")
        if question.path == "/connect/login":
            return rest.log_in(account, question)
        if question.path == "/session/token" and question.method == "POST":
            return rest.open_session(account, question.form)
        header = question.headers.get("authorization", "")
        if question.headers.get("x-kite-version") != "3" or not account.admits(
            header.partition(":")[2] or question.query.get("access_token", "")
        ):
            return rest.refuse(403, "Incorrect `api_key` or `access_token`.")
        if question.path == "/session/token" and question.method == "DELETE":
            account.log_out(at=world.clock.now())
            return rest.found(True)  # noqa: FBT003 - what is answered
        return rest.serve(account, question)

    def refuse(self, status: int, message: str) -> Answer:
        """Say no."""
        return rest.refuse(status, message)

    def add_headers(self, found: Answer, *, number: int) -> None:
        """Kite has none of its own."""
        del found, number

    async def converse(self, world: World, question: Question, socket: Socket) -> None:
        """Tick, for whoever has a living token."""
        account = world.accounts.get(question.query.get("api_key", ""))
        token = question.query.get("access_token", "")
        if isinstance(account, KiteAccount) and account.admits(token):
            await ticker.stream(account, socket)
        else:
            await socket.close()
