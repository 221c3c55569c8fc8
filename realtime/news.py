"""What comes over the channel layer, and whom it concerns."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from time import monotonic
from typing import Any, Literal

from common import clock
from realtime import protocol
from realtime.book import Book, Watched
from realtime.broadcast import (
    AlertFired,
    HoldingsChanged,
    InboxRead,
    JobProgressed,
    QuotesRecorded,
    SignedOut,
)
from realtime.catchup import CatchUp
from realtime.connection import Connection
from realtime.crowd import Crowd
from realtime.loading import Loader
from realtime.prices import PriceBoard
from realtime.upkeep import Upkeep

Topic = Literal["holdings", "imports", "syncs"]


class NewsDesk:
    """Takes messages in, remembers what they say and tells who must know at once."""

    def __init__(
        self,
        board: PriceBoard,
        book: Book,
        crowd: Crowd,
        loader: Loader,
        upkeep: Upkeep,
        catchup: CatchUp,
    ) -> None:
        self._board = board
        self._book = book
        self._crowd = crowd
        self._loader = loader
        self._upkeep = upkeep
        self._catchup = catchup
        self._handlers: Mapping[str, Callable[[Any], Awaitable[None]]] = {
            "quotes_recorded": self._on_quotes,
            "holdings_changed": self._on_holdings,
            "job_progressed": self._on_job,
            "alert_fired": self._on_alert,
            "inbox_read": self._on_inbox,
            "signed_out": self._on_signed_out,
        }

    async def take(self, message: Mapping[str, Any]) -> None:
        """Handle a message of `realtime.broadcast`; those of a later version are passed over."""
        handle = self._handlers.get(message["type"])
        if handle is not None:
            await handle(message)

    async def _on_quotes(self, message: QuotesRecorded) -> None:
        was_silent = self._board.is_silent
        changed = self._board.record(message["texts"], now=clock.now(), moment=monotonic())
        self._book.note(changed)
        self._crowd.note(changed)
        if was_silent:
            # While nothing came, other news will have been lost as well.
            self._loader.ask(self._book.loaded_before(monotonic()))

    async def _on_holdings(self, message: HoldingsChanged) -> None:
        watched = self._book.find(message["portfolio_id"])
        mine = set(self._crowd.of_user(message["user_id"]))
        if watched is not None:
            # Who watches it is told when the new holdings are here.
            mine -= watched.watchers
            self._loader.ask([watched.portfolio_id])
        tell_reload(mine, topic="holdings", key=message["portfolio_id"])

    async def _on_job(self, message: JobProgressed) -> None:
        job = message["job"]
        mine = self._crowd.of_user(message["user_id"])
        rest = protocol.job_frame(job=protocol.encode(job))
        for connection in mine:
            connection.push(rest)
        if job["kind"] == "recalculation":
            # Its figures say whether they are about to change.
            self._loader.ask([job["portfolio"]])
        elif message["has_ended"]:
            topic: Topic = "syncs" if job["kind"] == "sync" else "imports"
            tell_reload(mine, topic=topic, key=job["id"])

    async def _on_alert(self, message: AlertFired) -> None:
        rest = protocol.alert_frame(alert=protocol.encode(message["alert"]))
        for connection in self._crowd.of_user(message["user_id"]):
            connection.push(rest)
        # Two that fire at once may come in another order than they were counted in.
        self._count_inbox(message["user_id"])

    async def _on_inbox(self, message: InboxRead) -> None:
        self._count_inbox(message["user_id"])

    def _count_inbox(self, user_id: str) -> None:
        for connection in self._crowd.of_user(user_id):
            if connection.watches_inbox:
                self._catchup.ask(connection)

    async def _on_signed_out(self, message: SignedOut) -> None:
        await self._upkeep.close_ended(self._crowd.of_user(message["user_id"]))


def on_new_revision(watched: Watched) -> None:
    """Tell the watchers of a portfolio that its holdings are others now."""
    tell_reload(watched.watchers, topic="holdings", key=watched.portfolio_id)


def tell_reload(connections: Collection[Connection], *, topic: Topic, key: str) -> None:
    """Tell connections to fetch something anew."""
    rest = protocol.reload_frame(topic=topic, key=key)
    for connection in connections:
        connection.push(rest)
